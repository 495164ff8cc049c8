// A run folder → what is known of the run, and a session of one worker at any of its steps: the nearest checkpoint, computed on. Coordinator.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CHECKPOINTS_FOLDER,
  type Checkpoint,
  checkpointPath,
  loadCheckpoint,
  stepOfFile,
} from '../checkpoint/checkpoint.ts';
import { loadConfig } from '../config/load-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { createPool, type WorkerPool } from '../engine/pool.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import { planSha256 } from '../plan/plan.ts';
import { evaluatePart, watchedFigure } from './evaluate-part.ts';
import { type LedgerHeader, readLedgerHeader } from './ledger.ts';
import { loadModel } from './load-model.ts';
import { type PreparedRun, prepareRun } from './prepare.ts';
import { openSession, type Session } from './session.ts';

/** A run that is over, or goes on: its files are only read. */
export interface RecordedRun {
  path: string;
  config: TrainConfig;
  /** Null where the run kept none. */
  ledger: { path: string; header: LedgerHeader } | null;
  /** Steps done at each checkpoint that is there, ascending. */
  checkpoints: readonly number[];
  /** environment.json; empty where it cannot be read. */
  environment: Record<string, unknown>;
}

/** A run that cannot be computed again here: another machine, other data, no such run. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
  readonly exitCode = 2;
}

/** @throws ReplayError where there is no run; ConfigError, LedgerError where its files are damaged */
export function openRecordedRun(path: string): RecordedRun {
  const configFile = join(path, 'config.yaml');
  if (!existsSync(configFile)) {
    throw new ReplayError(
      `${path}: expected the folder of a run, got none with a config.yaml; name one, as in runs/my-run`,
    );
  }
  const ledgerPath = join(path, 'ledger.jsonl');
  const { config } = loadConfig(configFile);
  return {
    path,
    config,
    ledger: existsSync(ledgerPath) ? { path: ledgerPath, header: readLedgerHeader(ledgerPath) } : null,
    checkpoints: listCheckpoints(path),
    environment: readEnvironment(join(path, 'environment.json')),
  };
}

function listCheckpoints(path: string): number[] {
  const folder = join(path, CHECKPOINTS_FOLDER);
  if (!existsSync(folder)) return [];
  const steps = readdirSync(folder).flatMap((name) => stepOfFile(name) ?? []);
  return steps.sort((a, b) => a - b);
}

function readEnvironment(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // It is only told, never used.
    return {};
  }
}

/** A run that is computed again, its one worker at the gate. */
export interface Replay {
  run: PreparedRun;
  session: Session;
  /** Steps done where it began. */
  from: number;
  /** Computes steps until so many are done; the records of those go to `onStep`. */
  runTo(step: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Begins at the last whole checkpoint at or before `step` steps, or with first weights where there is none. Every step is hashed, the
 * optimizer's state too.
 * @throws ReplayError where the bits could not be the same here: another backend, plan, config or dataset than the ledger says
 */
export async function openReplay(
  recorded: RecordedRun,
  step: number,
  onStep: (record: CommittedStep) => void = () => {},
): Promise<Replay> {
  const checkpoint = lastCheckpoint(recorded, step);
  const prepared = await prepareReplay(recorded, checkpoint);
  const run = { ...prepared, training: { ...prepared.training, ledger: { everySteps: 1, hasState: true } } };
  if (step >= run.totalSteps) {
    throw new ReplayError(
      `${recorded.path}: expected a step below ${run.totalSteps}, the run's length, got ${step}; name an earlier one`,
    );
  }
  const pool = createPool(1);
  try {
    const session = openSession(run, { pool, onStep, state: checkpoint?.state });
    refuseOtherRun(recorded, run, session);
    await session.engine.start();
    return {
      run,
      session,
      from: session.engine.step,
      runTo: (end) => runTo(run, session, end),
      close: () => close(session, pool),
    };
  } catch (error) {
    await pool.destroy();
    throw error;
  }
}

async function close({ engine }: Session, pool: WorkerPool): Promise<void> {
  await engine.stop();
  await pool.destroy();
}

function lastCheckpoint({ path, checkpoints }: RecordedRun, step: number): Checkpoint | undefined {
  for (const done of checkpoints.filter((each) => each <= step).reverse()) {
    try {
      return loadCheckpoint(checkpointPath(path, done));
    } catch (error) {
      // A damaged one costs time only: there is an earlier one, or the beginning.
      if (!(error instanceof Error && 'exitCode' in error)) throw error;
    }
  }
  return undefined;
}

async function prepareReplay({ path, config }: RecordedRun, checkpoint: Checkpoint | undefined): Promise<PreparedRun> {
  const one = { workers: 1, maxWorkers: 'auto' } as const;
  if (checkpoint === undefined) {
    return prepareRun({ ...config, ...one }, { baseDir: path, model: await loadModel(config, path) });
  }
  const { plan, about } = checkpoint;
  const stored = { plan, modelSha256: about.modelSha256 };
  return prepareRun({ ...checkpoint.config, ...one, numerics: about.numerics }, { baseDir: '/', stored });
}

/** Hashes that differ say why the bits would differ; before the engine has started. */
function refuseOtherRun({ path, ledger }: RecordedRun, run: PreparedRun, session: Session): void {
  if (ledger === null) return;
  const { header } = ledger;
  const { numerics, plan } = run;
  const here: [string, string, string][] = [
    ['backend', header.backend, numerics.identity],
    ['dataset', header.datasetSha256, session.datasetSha256()],
    ['plan', header.planSha256, planSha256(plan)],
  ];
  const other = here.find(([, recorded, got]) => recorded !== got);
  if (other === undefined) return;
  const [name, expected, got] = other;
  throw new ReplayError(
    `${path}: expected the ${name} ${expected} that the run was made with, got ${got}; replay it where that is`,
  );
}

/** Under a schedule that follows evaluations they are made where the run made them; no other run's steps depend on any. */
async function runTo(run: PreparedRun, session: Session, end: number): Promise<void> {
  const { engine } = session;
  const hasPlateau = run.training.schedule?.name === 'reduceOnPlateau';
  const every = run.config.evaluation.everyEpochs * run.stepsPerEpoch;
  while (engine.step < end) {
    const pause = hasPlateau ? Math.min(end, (Math.floor(engine.step / every) + 1) * every) : end;
    const reason = await engine.runTo(pause);
    if (reason !== undefined && engine.step < end) {
      throw new ReplayError(
        `expected ${end} steps, got ${engine.step}, where until.${reason} ended the run; name an earlier step`,
      );
    }
    if (hasPlateau && engine.step % every === 0) {
      session.noteEvaluation(watchedFigure(run.config, await evaluatePart(run, session, 'validate')));
    }
  }
}
