// A run folder → its model as it was saved: checkpoint, weights of the asked kind, how its data was prepared. Coordinator; files are only read.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { CHECKPOINTS_FOLDER, type Checkpoint, checkpointPath, loadCheckpoint } from '../checkpoint/checkpoint.ts';
import { preprocessingSchema } from '../data/preprocessing.schema.ts';
import { describeStates } from '../optim/states.ts';
import { loadLastGood, readProgress } from './resume.ts';

/** Which of a run's weights: those of its last checkpoint, the best ones by then, or those of the checkpoint of a step. */
export type CheckpointChoice = 'last' | 'best' | number;

/** How raw data became inputs and targets. */
export type StoredPreprocessing = z.output<typeof preprocessingSchema>;

/** A run whose model can be used. */
export interface StoredRun {
  /** The folder under its own name, also where `latest` was given. */
  path: string;
  checkpoint: Checkpoint;
  /** Of `checkpoint.state`: `plan.parameterElements` values, parameters and statistics, averaged where the run averages. */
  weights: Float32Array;
  which: 'last' | 'best';
  /** Epochs that had passed when they were these: the best ones are older than the checkpoint. */
  epoch: number;
  preprocessing: StoredPreprocessing;
  /** What is to be told: checkpoints that are damaged. */
  warnings: string[];
}

/** A folder without a model that can be used. */
export class StoredRunError extends Error {
  override readonly name = 'StoredRunError';
  readonly exitCode = 2;
}

/** @throws StoredRunError, and CheckpointError where the checkpoint of a step is damaged */
export function openStoredRun(folder: string, choice: CheckpointChoice = 'last'): StoredRun {
  const path = runPath(folder);
  const warnings: string[] = [];
  const checkpoint =
    typeof choice === 'number' ? loadStep(path, choice) : loadLastGood(path, (message) => warnings.push(message));
  const which = choice === 'best' ? 'best' : 'last';
  const weights = weightsOf(path, checkpoint, which);
  const epoch = which === 'best' ? bestEpoch(checkpoint) : checkpoint.about.epoch;
  return { path, checkpoint, weights, which, epoch, preprocessing: readPreprocessing(path), warnings };
}

/** `latest` is a link: messages name the run itself. */
function runPath(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new StoredRunError(`${path}: expected the folder of a run, got none; name one, as in runs/my-run`);
  }
  const name = basename(realpathSync(path));
  const named = basename(path) === name ? path : join(dirname(path), name);
  if (existsSync(join(named, CHECKPOINTS_FOLDER))) return named;
  throw new StoredRunError(`${named}: expected a run with checkpoints, got none; train it again from its config`);
}

function loadStep(path: string, step: number): Checkpoint {
  const file = checkpointPath(path, step);
  if (existsSync(file)) return loadCheckpoint(file);
  throw new StoredRunError(
    `${path}: expected a checkpoint of step ${step}, got none; see ${join(path, CHECKPOINTS_FOLDER)}, or use last`,
  );
}

function weightsOf(path: string, { config, plan, state }: Checkpoint, which: 'last' | 'best'): Float32Array {
  if (which === 'best') {
    if (state.best !== null) return state.best;
    throw new StoredRunError(
      `${path}: expected best weights, got none by step ${state.step}; they come with a validation part, so use last`,
    );
  }
  const array = describeStates(config.optimizer, config.averaging).averageArray ?? 0;
  return state.generation.subarray(array * plan.parameterElements, (array + 1) * plan.parameterElements);
}

function bestEpoch(checkpoint: Checkpoint): number {
  return readProgress(checkpoint).best?.epoch ?? checkpoint.about.epoch;
}

function readPreprocessing(path: string): StoredPreprocessing {
  const file = join(path, 'preprocessing.json');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StoredRunError(
      `${file}: expected how the run's data was prepared, got ${(cause as Error).message}; train it again`,
      {
        cause,
      },
    );
  }
  return checkPreprocessing(preprocessingSchema, value, file);
}

/** @throws StoredRunError where a stored preprocessing is not what a schema says */
export function checkPreprocessing<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw new StoredRunError(
    `${file}: expected what lockstep writes there, got ${issue.path.join('.')}: ${issue.message}; train it again`,
  );
}
