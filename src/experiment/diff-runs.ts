// Two run folders → the first row in which their ledgers differ, and, computed again, where inside that step they part. Coordinator.
import type { CommittedStep } from '../engine/step-records.ts';
import { compareTraces, type Parting } from './compare-traces.ts';
import { LEDGER_COLUMNS, type LedgerRow, ledgerRow, readLedger } from './ledger.ts';
import { openRecordedRun, openReplay, type RecordedRun, ReplayError } from './recorded-run.ts';
import { type StepTrace, traceStep } from './step-trace.ts';

/** A key that two runs have with different values; undefined where one has none. */
export interface Difference {
  key: string;
  a: unknown;
  b: unknown;
}

/** What is known of one of the runs at the step where they part. */
export interface ReplayedRow {
  /** Where the replay began: steps done. */
  from: number;
  /** Columns in which the replay's row is not the ledger's: the run computed something else than its config says here. */
  notReproduced: string[];
}

export interface RunsDiff {
  /** Rows that both ledgers have and that are equal, before the first that differs. */
  equalRows: number;
  /** The last equal row's step, −1 where there is none. */
  lastEqual: number;
  /** Null where all common rows are equal. */
  firstDifferent: { step: number; columns: string[] } | null;
  /** Steps in the ledgers beyond the last common one. */
  onlyIn: { a: number; b: number };
  config: Difference[];
  environment: Difference[];
  /** Null where nothing differs, or where a run cannot be replayed here: then `reasons` say why. */
  parting: Parting | null;
  replayed: { a: ReplayedRow; b: ReplayedRow } | null;
  reasons: string[];
}

/** @throws ReplayError, LedgerError, ConfigError for folders that are no runs with ledgers */
export async function diffRuns(pathA: string, pathB: string): Promise<RunsDiff> {
  const [a, b] = [openRecordedRun(pathA), openRecordedRun(pathB)];
  const rows = compareLedgers(a, b);
  const known = {
    ...rows,
    config: differences(a.config, b.config),
    environment: differences(a.environment, b.environment),
    parting: null,
    replayed: null,
    reasons: [],
  };
  if (rows.firstDifferent === null) return known;
  return { ...known, ...(await findParting([a, b], rows.lastEqual + 1, rows.firstDifferent.step)) };
}

function ledgerPath({ path, ledger }: RecordedRun): string {
  if (ledger !== null) return ledger.path;
  throw new ReplayError(`${path}: expected a run with a ledger, got none; train it with ledger.everySteps=1`);
}

/** Rows are matched by their steps: ledgers may have other rates, and gaps where a process was killed. */
function compareLedgers(
  a: RecordedRun,
  b: RecordedRun,
): Pick<RunsDiff, 'equalRows' | 'lastEqual' | 'firstDifferent' | 'onlyIn'> {
  const [left, right] = [a, b].map((run) => readLedger(ledgerPath(run)));
  const onlyIn = { a: 0, b: 0 };
  let [equalRows, lastEqual] = [0, -1];
  let [one, other] = [left.next(), right.next()];
  while (!one.done && !other.done) {
    const [x, y] = [one.value, other.value];
    if (x.step === y.step) {
      const columns = differingColumns(x, y);
      if (columns.length > 0)
        return { equalRows, lastEqual, firstDifferent: { step: x.step, columns }, onlyIn: { a: 0, b: 0 } };
      [equalRows, lastEqual] = [equalRows + 1, x.step];
    }
    if (x.step <= y.step) one = left.next();
    if (y.step <= x.step) other = right.next();
  }
  for (; !one.done; one = left.next()) onlyIn.a++;
  for (; !other.done; other = right.next()) onlyIn.b++;
  return { equalRows, lastEqual, firstDifferent: null, onlyIn };
}

/** Columns that both rows have. */
function differingColumns(a: LedgerRow, b: LedgerRow): string[] {
  return LEDGER_COLUMNS.filter(
    (column) => a[column] !== undefined && b[column] !== undefined && a[column] !== b[column],
  );
}

/** The leaves in which two objects differ, by their paths. */
export function differences(a: unknown, b: unknown, path = ''): Difference[] {
  if (Object.is(a, b)) return [];
  if (!isMapping(a) || !isMapping(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ key: path, a, b }];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const own = (of: Record<string, unknown>, key: string) => (Object.hasOwn(of, key) ? of[key] : undefined);
  return keys.flatMap((key) => differences(own(a, key), own(b, key), path === '' ? key : `${path}.${key}`));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Found = Pick<RunsDiff, 'parting' | 'replayed' | 'reasons'>;

/** Both runs again, one after the other, from before `first`: the first step up to `last` that differs, then that step in detail. */
async function findParting(runs: readonly [RecordedRun, RecordedRun], first: number, last: number): Promise<Found> {
  const reasons: string[] = [];
  const outcomes = [];
  for (const run of runs) {
    try {
      outcomes.push(await replayRows(run, first, last));
    } catch (error) {
      // What a person can do something about is a reason; the other run may still be replayed.
      if (!(error instanceof Error && 'exitCode' in error)) throw error;
      reasons.push(error.message);
    }
  }
  if (outcomes.length < 2) return { parting: null, replayed: null, reasons };
  const [a, b] = outcomes;
  const replayed = { a: judge(runs[0], a), b: judge(runs[1], b) };
  const step = firstDifferentStep(a.rows, b.rows, first, last);
  if (step === undefined) return { parting: null, replayed, reasons };
  const traces = [];
  for (const run of runs) traces.push(await traceRun(run, step));
  return { parting: compareTraces(traces[0], traces[1]) ?? null, replayed, reasons };
}

interface ReplayedRows {
  from: number;
  rows: Map<number, LedgerRow>;
}

async function replayRows(recorded: RecordedRun, first: number, last: number): Promise<ReplayedRows> {
  const rows = new Map<number, LedgerRow>();
  const replay = await openReplay(recorded, first, (record) => {
    if (record.step >= first) rows.set(record.step, ledgerRow(record)!);
  });
  try {
    await replay.runTo(last + 1);
  } catch (error) {
    // A step that was halted for its numbers has no row: the trace tells why.
    if (!(error instanceof Error && error.name === 'RunError')) throw error;
  } finally {
    await replay.close();
  }
  return { from: replay.from, rows };
}

/** The rows that the replay computed against those that the run wrote. */
function judge(recorded: RecordedRun, { from, rows }: ReplayedRows): ReplayedRow {
  const notReproduced = new Set<string>();
  for (const row of readLedger(ledgerPath(recorded))) {
    const again = rows.get(row.step);
    if (again !== undefined) for (const column of differingColumns(row, again)) notReproduced.add(column);
  }
  return { from, notReproduced: [...notReproduced] };
}

function firstDifferentStep(
  a: ReadonlyMap<number, LedgerRow>,
  b: ReadonlyMap<number, LedgerRow>,
  first: number,
  last: number,
): number | undefined {
  for (let step = first; step <= last; step++) {
    const [x, y] = [a.get(step), b.get(step)];
    if (x === undefined || y === undefined || differingColumns(x, y).length > 0) return step;
  }
  return undefined;
}

async function traceRun(recorded: RecordedRun, step: number): Promise<StepTrace> {
  let last: CommittedStep | undefined;
  const replay = await openReplay(recorded, step, (record) => {
    last = { ...record };
  });
  try {
    return await traceStep(replay, step, () => (last?.step === step ? last : undefined));
  } finally {
    await replay.close();
  }
}

/** `lockstep replay`: one step of one run. @throws as `openReplay` does */
export async function replayStep(path: string, step: number): Promise<StepTrace & { from: number }> {
  const recorded = openRecordedRun(path);
  const from = recorded.checkpoints.filter((done) => done <= step).at(-1) ?? 0;
  return { ...(await traceRun(recorded, step)), from };
}
