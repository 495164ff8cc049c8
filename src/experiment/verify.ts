// A config and some worker counts → whether a few steps give the same bits with each of them, with lost workers and after a kill. Coordinator.
import type { TrainConfig } from '../config/train-config.ts';
import type { TrainArrays } from '../data/memory-array.ts';
import type { Fault } from '../engine/faults.ts';
import { createPool } from '../engine/pool.ts';
import { foldConfigs } from './fold-runs.ts';
import { hashOfHashes } from './fold-summary.ts';
import { killAndOpen } from './kill-process.ts';
import { loadModel } from './load-model.ts';
import { type PreparedRun, type PrepareOptions, prepareRun } from './prepare.ts';
import { openSession, type SessionOptions } from './session.ts';
import { judge, type Verified, type VerifiedRun } from './verified.ts';

export interface VerifyOptions {
  steps?: number;
  workerCounts?: readonly number[];
  /** Whether workers and a whole process are killed as well, as the command does where nothing is said; else false. */
  kills?: boolean;
  baseDir?: string;
  /** What `data: { source: arrays }` trains on. */
  arrays?: TrainArrays;
  onRun?: (run: VerifiedRun) => void;
  /** Faults to inject into the runs that compare worker counts, for tests. */
  faults?: readonly Fault[];
}

/**
 * Runs the first steps (of each fold) once a worker count, from the same start, and compares the hashes of weights and state. With `kills`,
 * once more with workers that are lost in the middle of a step, and once more in a process of its own that is killed in the middle of a step
 * and gone on with from its checkpoint, with another number of workers.
 * @throws RangeError without any worker count; else as `train` does, for what cannot begin or failed.
 */
export async function verify(
  config: TrainConfig,
  {
    steps = 20,
    workerCounts = [1, 2, 3, 5],
    kills = false,
    baseDir = process.cwd(),
    arrays,
    onRun,
    faults,
  }: VerifyOptions = {},
): Promise<Verified> {
  if (workerCounts.length === 0) {
    throw new RangeError('verify: expected at least one worker count, got none; pass workerCounts such as [1, 2, 3]');
  }
  const runs: VerifiedRun[] = [];
  const note = (run: VerifiedRun): void => {
    runs.push(run);
    onRun?.(run);
  };
  const folds = foldConfigs(config);
  const goal = { steps, baseDir, arrays };
  /** Steps of each fold, which may have ended before `steps`. */
  const goals: Goal[] = [];
  for (const workers of workerCounts) {
    const parts: VerifiedRun[] = [];
    for (const fold of folds) parts.push(await runSteps({ ...fold, workers }, { ...goal, faults }));
    if (goals.length === 0) goals.push(...parts.map((part) => ({ ...goal, steps: part.steps })));
    note(combineFolds(parts));
  }
  if (kills) {
    const most = Math.max(...workerCounts);
    const [lost, killed]: [VerifiedRun[], VerifiedRun[]] = [[], []];
    for (const [i, fold] of folds.entries()) lost.push(await loseWorkers({ ...fold, workers: most }, goals[i]));
    note(combineFolds(lost));
    for (const [i, fold] of folds.entries()) killed.push(await killProcess(fold, workerCounts, goals[i]));
    note(combineFolds(killed));
  }
  return { ...judge(runs), runs };
}

interface Goal {
  steps: number;
  baseDir: string;
  arrays?: TrainArrays;
}

/** One hash stands for those of all folds, and the loss is the last one's. A kill counts where it met every fold. Pure. */
function combineFolds(runs: readonly VerifiedRun[]): VerifiedRun {
  const last = runs[runs.length - 1];
  if (runs.length === 1) return last;
  return {
    ...last,
    ...(last.lostWorkers !== undefined && { lostWorkers: Math.min(...runs.map(({ lostWorkers = 0 }) => lostWorkers)) }),
    ...(last.kill !== undefined && { kill: runs.find(({ kill }) => kill?.step === undefined)?.kill ?? last.kill }),
    steps: runs.reduce((sum, run) => sum + run.steps, 0),
    weightsSha256: hashOfHashes(runs.map(({ weightsSha256 }) => weightsSha256))!,
    stateSha256: hashOfHashes(runs.map(({ stateSha256 }) => stateSha256))!,
  };
}

async function runSteps(
  config: TrainConfig & { workers: number },
  { steps, baseDir, arrays, ...session }: Goal & Pick<SessionOptions, 'faults' | 'onRecovery'>,
): Promise<VerifiedRun> {
  return await withPrepared({ ...config, maxWorkers: 'auto' }, { baseDir, arrays }, (run) =>
    advance(run, steps, session),
  );
}

async function withPrepared<T>(
  config: TrainConfig,
  options: PrepareOptions,
  use: (run: PreparedRun) => Promise<T>,
): Promise<T> {
  return await use(prepareRun(config, { ...options, model: await loadModel(config, options.baseDir) }));
}

/** From the start, or from a state, until so many steps are done. */
async function advance(
  run: PreparedRun,
  steps: number,
  options: Pick<SessionOptions, 'faults' | 'onRecovery' | 'state'>,
): Promise<VerifiedRun> {
  const pool = createPool(run.workers);
  try {
    let loss = Number.NaN;
    const onStep: SessionOptions['onStep'] = ({ lossNumerator, denominator }) => {
      loss = lossNumerator / denominator;
    };
    const session = openSession(run, { ...options, pool, onStep });
    const { engine } = session;
    await engine.start();
    await engine.runTo(Math.min(steps, run.totalSteps));
    const verified = { workers: run.workers, steps: engine.step, loss, ...session.hashes() };
    await engine.stop();
    return verified;
  } finally {
    await pool.destroy();
  }
}

/** One worker is terminated in the middle of a shard, and one exits with a range of the parameters claimed, which nobody else may compute. */
async function loseWorkers(config: TrainConfig & { workers: number }, goal: Goal): Promise<VerifiedRun> {
  const step = Math.floor(goal.steps / 2);
  const faults: Fault[] = [
    { kind: 'kill', step: Math.max(0, step - 1), phase: 'shards', moment: 'middle' },
    { kind: 'exit', step, phase: 'update' },
  ];
  let lostWorkers = 0;
  const onRecovery = (): void => void lostWorkers++;
  const recovery = { ...config.recovery, maxRestarts: Math.max(config.recovery.maxRestarts, faults.length) };
  const run = await runSteps({ ...config, recovery }, { ...goal, faults, onRecovery });
  return { ...run, lostWorkers };
}

/** With the first two worker counts, or one more where there is but one. */
async function killProcess(
  config: TrainConfig,
  [first, ...others]: readonly number[],
  goal: Goal,
): Promise<VerifiedRun> {
  const workers = others.find((count) => count !== first) ?? first + 1;
  const step = Math.floor(goal.steps / 2);
  const opened = await killAndOpen({ ...config, workers }, { step, resumeWorkers: first, baseDir: goal.baseDir });
  try {
    const { run, state } = opened.resumed;
    const verified = await advance(run, goal.steps, { state: state ?? undefined });
    return { ...verified, kill: { workers, step: opened.isKilled ? state?.step : undefined } };
  } finally {
    opened.close();
  }
}
