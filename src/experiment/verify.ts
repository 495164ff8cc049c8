// A config and some worker counts → whether a few steps give the same bits with each of them. Coordinator.
import type { TrainConfig } from '../config/train-config.ts';
import type { TrainArrays } from '../data/memory-array.ts';
import type { Fault } from '../engine/faults.ts';
import { createPool } from '../engine/pool.ts';
import { foldConfigs } from './fold-runs.ts';
import { hashOfHashes } from './fold-summary.ts';
import { loadModel } from './load-model.ts';
import { prepareRun } from './prepare.ts';
import { openSession } from './session.ts';

/** What one worker count gave. */
export interface VerifiedRun {
  workers: number;
  steps: number;
  loss: number;
  weightsSha256: string;
  stateSha256: string;
}

export interface VerifyOptions {
  steps?: number;
  workerCounts?: readonly number[];
  baseDir?: string;
  /** What `data: { source: arrays }` trains on. */
  arrays?: TrainArrays;
  onRun?: (run: VerifiedRun) => void;
  /** Faults to inject, for tests. */
  faults?: readonly Fault[];
}

/**
 * Runs the first steps (of each fold) once a worker count, from the same start, and compares the hashes of weights and state.
 * @throws RangeError without any worker count; else as `train` does, for what cannot begin or failed.
 */
export async function verify(
  config: TrainConfig,
  { steps = 20, workerCounts = [1, 2, 3, 5], baseDir = process.cwd(), onRun, ...others }: VerifyOptions = {},
): Promise<{ isSame: boolean; runs: VerifiedRun[] }> {
  if (workerCounts.length === 0) {
    throw new RangeError('verify: expected at least one worker count, got none; pass workerCounts such as [1, 2, 3]');
  }
  const runs: VerifiedRun[] = [];
  for (const workers of workerCounts) {
    const run = await runFolds({ ...config, workers, maxWorkers: 'auto' }, steps, baseDir, others);
    runs.push(run);
    onRun?.(run);
  }
  const isSame = runs.every(
    ({ weightsSha256, stateSha256 }) => weightsSha256 === runs[0].weightsSha256 && stateSha256 === runs[0].stateSha256,
  );
  return { isSame, runs };
}

/** The first steps of each fold, where there are folds: one hash stands for all of theirs, and the loss is the last one's. */
async function runFolds(
  config: TrainConfig & { workers: number },
  steps: number,
  baseDir: string,
  others: Pick<VerifyOptions, 'arrays' | 'faults'>,
): Promise<VerifiedRun> {
  const runs: VerifiedRun[] = [];
  for (const fold of foldConfigs(config)) {
    runs.push(await runSteps({ ...fold, workers: config.workers }, steps, baseDir, others));
  }
  const last = runs[runs.length - 1];
  if (runs.length === 1) return last;
  return {
    ...last,
    steps: runs.reduce((sum, run) => sum + run.steps, 0),
    weightsSha256: hashOfHashes(runs.map(({ weightsSha256 }) => weightsSha256))!,
    stateSha256: hashOfHashes(runs.map(({ stateSha256 }) => stateSha256))!,
  };
}

async function runSteps(
  config: TrainConfig & { workers: number },
  steps: number,
  baseDir: string,
  { arrays, faults }: Pick<VerifyOptions, 'arrays' | 'faults'>,
): Promise<VerifiedRun> {
  const pool = createPool(config.workers);
  try {
    const run = prepareRun(config, { baseDir, model: await loadModel(config, baseDir), arrays });
    let loss = Number.NaN;
    const onStep = ({ lossNumerator, denominator }: { lossNumerator: number; denominator: number }): void => {
      loss = lossNumerator / denominator;
    };
    const session = openSession(run, { pool, faults, onStep });
    const { engine } = session;
    await engine.start();
    await engine.runTo(Math.min(steps, run.totalSteps));
    const verified = { workers: config.workers, steps: engine.step, loss, ...session.hashes() };
    await engine.stop();
    return verified;
  } finally {
    await pool.destroy();
  }
}
