// The rows of a run's growing files → those before the step that it goes on from. The coordinator, before anything is added to them.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

/** Files that grow row by row while a run goes on. */
export const GROWING_FILES = ['metrics.jsonl', 'ledger.jsonl', 'results.csv'] as const;

/** Where a run goes on. */
export interface CutPlace {
  /** Steps done. */
  step: number;
  /** Of them in the window that is not full yet: its row is still to come, whatever was written at a stop. */
  windowSteps: number;
  /** Steps done when the last row of results.csv that counts was written; −1 for none. */
  rowStep: number;
}

/**
 * Cuts what later steps have left in a folder, and lines that were not written whole: the steps are done again.
 * @throws node:fs's errors; a file is replaced as a whole or stays as it is
 */
export function cutRows(file: (name: string) => string, { step, windowSteps, rowStep }: CutPlace): void {
  for (const name of ['metrics.jsonl', 'ledger.jsonl'])
    replaceText(file(name), (text) => cutJsonLines(text, step, windowSteps));
  replaceText(file('results.csv'), (text) => cutResults(text, rowStep));
}

/** Lines of JSON of steps before `step`, windows of steps before the last `windowSteps` of them, and those that are of no step. */
export function cutJsonLines(text: string, step: number, windowSteps: number): string {
  return wholeLines(text)
    .filter((line) => isBefore(line, step, windowSteps))
    .join('');
}

/** The head, and the rows that were written when at most `rowStep` steps were done. */
export function cutResults(text: string, rowStep: number): string {
  const [head, ...rows] = wholeLines(text);
  if (head === undefined) return '';
  // "epoch,step,…"
  return [head, ...rows.filter((row) => Number(row.split(',')[1]) <= rowStep)].join('');
}

/** What stands behind the last line's end is torn. */
function wholeLines(text: string): string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}

function isBefore(line: string, step: number, windowSteps: number): boolean {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record !== 'object' || record === null) return false;
    if (!('step' in record)) return true;
    const isWindow = 'steps' in record;
    return (record as { step: number }).step < (isWindow ? step - windowSteps : step);
  } catch {
    // Torn, and written on by a process after it.
    return false;
  }
}

function replaceText(path: string, cut: (text: string) => string): void {
  if (!existsSync(path)) return;
  const before = readFileSync(path, 'utf8');
  const after = cut(before);
  if (after === before) return;
  const temporary = `${path}.part`;
  const descriptor = openSync(temporary, 'w');
  try {
    writeSync(descriptor, after);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}
