// The rows of a run's growing files → those before the step that it goes on from. The coordinator, before anything is added to them.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

/** Files that grow row by row while a run goes on. */
export const GROWING_FILES = ['metrics.jsonl', 'ledger.jsonl', 'results.csv'] as const;

/** Steps done when a run goes on, and when the last row of results.csv that counts was written (−1: none). */
export interface CutPlace {
  step: number;
  rowStep: number;
}

/**
 * Cuts what later steps have left in a folder, and lines that were not written whole: the steps are done again.
 * @throws node:fs's errors; a file is replaced as a whole or stays as it is
 */
export function cutRows(file: (name: string) => string, { step, rowStep }: CutPlace): void {
  for (const name of ['metrics.jsonl', 'ledger.jsonl']) replaceText(file(name), (text) => cutJsonLines(text, step));
  replaceText(file('results.csv'), (text) => cutResults(text, rowStep));
}

/** Lines of JSON of steps before `step`, and those that are of no step. */
export function cutJsonLines(text: string, step: number): string {
  return wholeLines(text)
    .filter((line) => isBefore(line, step))
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

function isBefore(line: string, step: number): boolean {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record !== 'object' || record === null) return false;
    return !('step' in record) || (record as { step: number }).step < step;
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
