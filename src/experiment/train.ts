// A config → a trained network in a run folder, told event by event. The coordinator's whole way through a run.
import type { TrainConfig } from '../config/train-config.ts';
import { heapMbFor } from '../engine/fault-plan.ts';
import { createPool, type WorkerPool } from '../engine/pool.ts';
import type { WorkerRecovery } from '../engine/recovery.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import { beginRunFolder, type HiddenFolder } from './begin-run-folder.ts';
import { countFolds, type FoldTrainer, isFoldsFolder, resumeFolds, trainFolds } from './fold-runs.ts';
import { injectedFaults } from './injected-faults.ts';
import { loadModel } from './load-model.ts';
import { type PreparedRun, prepareRun, resolveWorkers } from './prepare.ts';
import { openResume, type ResumedRun, type ResumeOptions } from './resume.ts';
import { openSession } from './session.ts';
import { Training, type TrainOptions, type TrainResult } from './training.ts';

export type { TrainOptions, TrainResult } from './training.ts';

/**
 * Trains; where the data is cut into folds, one after the other, and the summary is that of them all. The promise resolves for runs that are
 * done or stopped.
 * @throws errors with `exitCode` 2 for what cannot begin (nothing is written then), with 1 for a run that failed: its folder
 *   has the last good weights and a summary with the status `failed`.
 */
export async function train(config: TrainConfig, options: TrainOptions = {}): Promise<TrainResult> {
  if (countFolds(config) !== null) return await trainFolds(config, options, FOLD_TRAINER);
  return await trainOne(config, options, () => beginRunFolder(options.runsDir ?? 'runs', config.name));
}

async function trainOne(
  config: TrainConfig,
  options: TrainOptions,
  makeFolder: () => HiddenFolder,
): Promise<TrainResult> {
  const startedMs = performance.now();
  // Threads load their code while this one reads the data and compiles the model.
  const workers = resolveWorkers(config);
  // What kinds of faults are drawn does not depend on the length of the run.
  const heapMb = heapMbFor(injectedFaults(config, { workers, steps: 1 }, options.faults));
  const pool = createPool(workers, { heapMb });
  try {
    const baseDir = options.baseDir ?? process.cwd();
    const run = prepareRun(config, { baseDir, model: await loadModel(config, baseDir), arrays: options.arrays });
    const begin = { run, pool, options, startedMs };
    // Its folder is made last, so that what cannot begin leaves nothing behind.
    return await runTraining(begin, makeFolder);
  } finally {
    await pool.destroy();
  }
}

/** What `resume` gives for a run that is over already: nothing was done. */
export interface FinishedRun {
  runFolder: string;
  isFinished: true;
}

/**
 * Goes on with the run in a folder at its last good checkpoint, at the exact step and with the same bits, whatever the number of workers.
 * No module is imported: the compiled model is in the checkpoint.
 * @throws errors with `exitCode` 2 for what cannot go on (nothing is changed then), with 1 for a run that failed.
 */
export async function resume(
  folder: string,
  options: Omit<TrainOptions, 'runsDir' | 'baseDir'> & ResumeOptions = {},
): Promise<(TrainResult & { isFinished: false }) | FinishedRun> {
  if (isFoldsFolder(folder)) return await resumeFolds(folder, options, FOLD_TRAINER);
  return await resumeOne(folder, options);
}

async function resumeOne(
  folder: string,
  options: Omit<TrainOptions, 'runsDir' | 'baseDir'> & ResumeOptions = {},
): Promise<(TrainResult & { isFinished: false }) | FinishedRun> {
  const startedMs = performance.now();
  const resumed = openResume(folder, options);
  try {
    if (resumed.isFinished) return { runFolder: resumed.folder.path, isFinished: true };
    const { config, workers } = resumed.run;
    const pool = createPool(workers, {
      heapMb: heapMbFor(injectedFaults(config, { workers, steps: 1 }, options.faults)),
    });
    try {
      const begin = { run: resumed.run, pool, options: { ...options, baseDir: '/' }, startedMs };
      return { ...(await runTraining(begin, undefined, resumed)), isFinished: false };
    } finally {
      await pool.destroy();
    }
  } finally {
    resumed.folder.unlock();
  }
}

const FOLD_TRAINER: FoldTrainer = { train: trainOne, resume: resumeOne };

interface Begin {
  run: PreparedRun;
  pool: WorkerPool;
  options: TrainOptions;
  startedMs: number;
}

async function runTraining(
  { run, pool, options, startedMs }: Begin,
  makeFolder: (() => HiddenFolder) | undefined,
  resumed?: ResumedRun,
): Promise<TrainResult> {
  // Steps come when the training is there.
  let training: Training | undefined;
  const onStep = (record: CommittedStep): void => training?.addStep(record);
  const onNotice = (message: string): void => training?.addNotice(message);
  const onRecovery = (recovery: WorkerRecovery): void => training?.addRecovery(recovery);
  const state = resumed?.state ?? undefined;
  const faults = injectedFaults(run.config, { workers: run.workers, steps: run.totalSteps }, options.faults);
  const session = openSession(run, { pool, faults, onStep, onRecovery, onNotice, state });
  if (resumed !== undefined) resumed.state = null;
  const place = makeFolder?.() ?? resumed!;
  training = new Training(run, session, place, options, startedMs);
  return await training.run();
}
