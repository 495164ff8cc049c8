// A run's header and committed steps ↔ the lines of ledger.jsonl, checked when they are read. Coordinator.
import { closeSync, openSync, readSync } from 'node:fs';
import type { CommittedStep } from '../engine/step-records.ts';

/** The first line: what decides the bits of the rows behind it. */
export interface LedgerHeader {
  /** Version of the format. */
  ledger: 1;
  /** Of lockstep. */
  version: string;
  configSha256: string;
  planSha256: string;
  /** Of the samples as they lie in memory and of the parts that they are split into. */
  datasetSha256: string;
  /** Backend identity. */
  backend: string;
  everySteps: number;
}

/** A step: its exact loss, and hashes of what it reduced and wrote, 16 hexadecimal digits each. */
export interface LedgerRow {
  step: number;
  /** The shortest text that reads back to the same f64; null where the step had no loss. */
  loss: number | null;
  gradient: string | null;
  weights: string | null;
  /** Absent where the ledger does not have it. */
  state?: string | null;
}

/** A ledger that cannot be read: exit code 2. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly exitCode = 2;
}

/** The columns of a row, in the order in which a step makes them. */
export const LEDGER_COLUMNS = ['loss', 'gradient', 'weights', 'state'] as const;

/** Undefined for a step that the ledger has no row of. */
export function ledgerRow({ step, lossNumerator, denominator, hashes }: CommittedStep): LedgerRow | undefined {
  if (hashes === null) return undefined;
  const loss = lossNumerator / denominator;
  return { step, loss: Number.isFinite(loss) ? loss : null, ...hashes };
}

/** A header or row as its line. */
export function ledgerLine(line: LedgerHeader | LedgerRow): string {
  return `${JSON.stringify(line)}\n`;
}

const CHUNK_BYTES = 1 << 18;
/** A row has about 130 characters. */
const MOST_LINE_BYTES = 1 << 16;

/**
 * The header, then the rows one by one, read as they are asked for. A last line without its end is a row that was being written: it is left out.
 * @throws LedgerError with path and line for anything but a ledger
 */
export function* readLedger(path: string): Generator<LedgerRow> {
  let last = -1;
  for (const { text, number } of readLines(path)) {
    if (number === 1) {
      parseHeader(`${path}:1`, text);
      continue;
    }
    const row = parseRow(`${path}:${number}`, text);
    if (row.step <= last) throw damaged(`${path}:${number}`, `a step after ${last}`, String(row.step));
    last = row.step;
    yield row;
  }
}

/** @throws LedgerError */
export function readLedgerHeader(path: string): LedgerHeader {
  for (const { text, number } of readLines(path)) return parseHeader(`${path}:${number}`, text);
  throw new LedgerError(`${path}: expected a ledger, got an empty file; train again with ledger.everySteps=1`);
}

interface Line {
  text: string;
  /** From 1 on. */
  number: number;
}

function* readLines(path: string): Generator<Line> {
  const descriptor = openForReading(path);
  try {
    const decoder = new TextDecoder('utf-8');
    let rest = Buffer.alloc(0);
    let number = 0;
    let position = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
      if (count === 0) return;
      position += count;
      rest = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
        number++;
        yield { text: decoder.decode(rest.subarray(start, end)), number };
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length > MOST_LINE_BYTES)
        throw damaged(`${path}:${number + 1}`, 'a line of a ledger', `${rest.length} bytes`);
    }
  } finally {
    closeSync(descriptor);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such file' : message;
    throw new LedgerError(
      `${path}: expected the ledger of a run, got ${got}; name a run that was trained with a ledger`,
      {
        cause,
      },
    );
  }
}

const SHA256 = /^[0-9a-f]{64}$/;
const HASH = /^[0-9a-f]{16}$/;

function parseHeader(where: string, text: string): LedgerHeader {
  const value = parseObject(where, text);
  if (value.ledger !== 1) throw damaged(where, 'the header of a ledger of version 1', show(value.ledger));
  for (const key of ['configSha256', 'planSha256', 'datasetSha256'] as const) {
    if (typeof value[key] !== 'string' || !SHA256.test(value[key]))
      throw damaged(where, `${key}, 64 digits`, show(value[key]));
  }
  for (const key of ['version', 'backend'] as const) {
    if (typeof value[key] !== 'string') throw damaged(where, `${key}, a text`, show(value[key]));
  }
  if (!isCount(value.everySteps) || value.everySteps < 1)
    throw damaged(where, 'everySteps of 1 or more', show(value.everySteps));
  const { version, configSha256, planSha256, datasetSha256, backend, everySteps } = value as unknown as LedgerHeader;
  return { ledger: 1, version, configSha256, planSha256, datasetSha256, backend, everySteps };
}

function parseRow(where: string, text: string): LedgerRow {
  const value = parseObject(where, text);
  const { step, loss } = value;
  if (!isCount(step)) throw damaged(where, 'a step of 0 or more', show(step));
  if (loss !== null && typeof loss !== 'number') throw damaged(where, 'a loss', show(loss));
  const hash = (key: 'gradient' | 'weights' | 'state'): string | null => {
    const digits = value[key];
    if (digits === null || (typeof digits === 'string' && HASH.test(digits))) return digits;
    throw damaged(where, `${key}, 16 digits`, show(digits));
  };
  const row = { step, loss, gradient: hash('gradient'), weights: hash('weights') };
  return value.state === undefined ? row : { ...row, state: hash('state') };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseObject(where: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(where, 'a line of JSON', show(text), cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw damaged(where, 'a mapping', show(value));
}

const MOST_SHOWN = 40;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function damaged(where: string, expected: string, got: string, cause?: unknown): LedgerError {
  return new LedgerError(`${where}: expected ${expected}, got ${got}; the ledger is damaged: name another run`, {
    cause,
  });
}
