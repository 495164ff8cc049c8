// A run folder and overrides → the run at its last good checkpoint, ready to go on, or the reason why it cannot. The coordinator.
// Nothing in the folder is changed before everything is known to fit; then what later steps have left is cut.
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  CHECKPOINTS_FOLDER,
  type Checkpoint,
  checkpointPath,
  loadCheckpoint,
  type SavedState,
  stepOfFile,
} from '../checkpoint/checkpoint.ts';
import { parseConfig } from '../config/load-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import type { TrainArrays } from '../data/memory-array.ts';
import {
  type ConfigChange,
  describeChange,
  findConfigChanges,
  isOfLength,
  isScheduleTiedToLength,
  needsNewPlan,
} from './config-changes.ts';
import { type CutPlace, cutRows } from './cut-rows.ts';
import type { NoticeEvent } from './events.ts';
import { type PreparedRun, prepareRun } from './prepare.ts';
import { type Progress, progressSchema } from './progress.schema.ts';
import { refuseLinksOut } from './refuse-links.ts';
import { RunFolder } from './run-folder.ts';
import { lockRunFolder } from './run-lock.ts';

/** What may differ when a run goes on. */
export interface ResumeOptions {
  /** Such as `workers=4` or `epochs=20`, on top of the config that the checkpoint has. */
  overrides?: readonly string[];
  /** Go on although keys that decide the bits, or the backend, are others now; what differs is recorded. */
  allowChanges?: boolean;
  /** What `data: { source: arrays }` trains on: the same as when the run began. */
  arrays?: TrainArrays;
}

/** A run at a checkpoint; its folder is locked. */
export interface ResumedRun {
  folder: RunFolder;
  /** It was over already, and its length is not raised: nothing is to be done. */
  isFinished: boolean;
  run: PreparedRun;
  /** Taken out when it lies in the run's memory: it may be large. */
  state: SavedState | null;
  progress: Progress;
  notices: NoticeEvent[];
}

/** A run that cannot go on, or not as it is asked for. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
  readonly exitCode = 2;
}

/**
 * Opens a run folder to go on with its run.
 * @throws ResumeError, RunFolderError where another process has it, and what a config or its data cannot be
 */
export function openResume(path: string, options: ResumeOptions): ResumedRun {
  const folder = openRunFolder(path);
  try {
    return openLocked(folder, options);
  } catch (error) {
    folder.unlock();
    throw error;
  }
}

/** `latest` is a link: messages and the next command name the run itself. */
function openRunFolder(path: string): RunFolder {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new ResumeError(`${path}: expected the folder of a run, got none; name one, as in runs/my-run`);
  }
  const name = basename(realpathSync(path));
  const named = basename(path) === name ? path : join(dirname(path), name);
  if (!existsSync(join(named, CHECKPOINTS_FOLDER))) {
    throw new ResumeError(`${named}: expected a run with checkpoints, got none; train it again from its config`);
  }
  refuseLinksOut(named);
  return new RunFolder(named, name, lockRunFolder(named));
}

function openLocked(folder: RunFolder, { overrides = [], allowChanges = false, arrays }: ResumeOptions): ResumedRun {
  const notices: NoticeEvent[] = [];
  const notice = (level: NoticeEvent['level'], message: string) => notices.push({ type: 'notice', level, message });
  const checkpoint = loadLastGood(folder.path, (message) => notice('warning', message));
  const progress = readProgress(checkpoint);
  const config = parseConfig(checkpoint.config, { overrides });
  const changes = findConfigChanges(checkpoint.config, config);
  const run = prepareChanged(checkpoint, config, changes, arrays);
  const shown = [...changes.map(describeChange), ...backendChanges(checkpoint, run)];
  const refused = [...refusedChanges(checkpoint, run, changes), ...backendChanges(checkpoint, run)];
  if (refused.length > 0 && !allowChanges) throw refusal(folder, checkpoint, refused);
  checkSamples(checkpoint, run);
  checkStates(checkpoint, run);
  const { step } = checkpoint.about;
  const endedBy = changes.length === 0 ? progress.endedBy : stillEndedBy(progress, changes, config);
  const isOver = endedBy !== null || step >= run.totalSteps;
  const isFinished = isOver && isDone(folder);
  if (!isFinished) {
    notice('info', `going on at step ${step} of ${run.totalSteps}, from ${checkpoint.path}`);
    if (refused.length > 0)
      notice('warning', `changed, so that the bits are not those of an undisturbed run: ${refused.join(', ')}`);
    if (changes.some(isOfLength) && isScheduleTiedToLength(config))
      notice('info', `schedule: ${config.schedule!.name} ends with the run: from here on it follows the new length`);
    clearLater(folder, { step, windowSteps: progress.report.window.steps, rowStep: progress.report.rowStep });
  }
  const resumes = [...progress.resumes, { step, workers: run.workers, backend: run.numerics.identity, changes: shown }];
  return { folder, isFinished, run, state: checkpoint.state, progress: { ...progress, endedBy, resumes }, notices };
}

/** From the newest to the oldest, until one is whole. */
export function loadLastGood(folder: string, warn: (message: string) => void): Checkpoint {
  const steps = readdirSync(join(folder, CHECKPOINTS_FOLDER)).flatMap((name) => stepOfFile(name) ?? []);
  const failures: string[] = [];
  for (const step of steps.sort((a, b) => b - a)) {
    try {
      const checkpoint = loadCheckpoint(checkpointPath(folder, step));
      if (checkpoint.about.step !== step)
        throw new ResumeError(`${checkpoint.path}: expected step ${step}, got ${checkpoint.about.step}; rename it`);
      for (const failure of failures) warn(`${failure}; going back to the one of step ${step}`);
      return checkpoint;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  const got = failures.length === 0 ? 'none' : failures.join('; ');
  throw new ResumeError(`${folder}: expected a checkpoint that is whole, got ${got}; train it again from its config`);
}

/** What a checkpoint has of what its run had told. @throws ResumeError */
export function readProgress({ path, progress }: Pick<Checkpoint, 'path' | 'progress'>): Progress {
  const { data, error } = progressSchema.safeParse(progress);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  throw new ResumeError(
    `${path}: expected the progress of a run, got ${issue.path.join('.')}: ${issue.message}; go on with the lockstep that wrote it`,
  );
}

/** The stored plan, unless what it was compiled for has changed; numerics stay what `auto` became when the run began. */
function prepareChanged(
  { config: before, plan, about }: Checkpoint,
  config: TrainConfig,
  changes: readonly ConfigChange[],
  arrays: TrainArrays | undefined,
): PreparedRun {
  const numerics = config.numerics === before.numerics ? about.numerics : config.numerics;
  const isNew = needsNewPlan(changes);
  if (isNew && typeof config.model === 'string') {
    throw new ResumeError(
      `model: expected the keys that its plan was compiled for, got ${changes.map(describeChange).join(', ')}; a module is not imported again, so train it anew`,
    );
  }
  const options = { baseDir: '/', arrays, ...(!isNew && { stored: { plan, modelSha256: about.modelSha256 } }) };
  const run = prepareRun({ ...config, numerics }, options);
  return { ...run, config };
}

/** A length that is raised is no change that has to be allowed. */
function refusedChanges({ config }: Checkpoint, run: PreparedRun, changes: readonly ConfigChange[]): string[] {
  const stepsBefore = config.steps ?? (config.epochs ?? 0) * run.stepsPerEpoch;
  return changes.filter((change) => !isOfLength(change) || run.totalSteps < stepsBefore).map(describeChange);
}

function backendChanges({ about }: Checkpoint, { numerics }: PreparedRun): string[] {
  return numerics.identity === about.backend ? [] : [`backend: ${about.backend} → ${numerics.identity}`];
}

function refusal({ path }: RunFolder, { about }: Checkpoint, refused: readonly string[]): ResumeError {
  return new ResumeError(
    `${path}: expected the config and the backend of step ${about.step}, got ${refused.join(', ')}; leave them as they were, or go on with other bits with --allow-changes`,
  );
}

/** The same config over other files is another run. */
function checkSamples({ about, path }: Checkpoint, { training }: PreparedRun): void {
  const { train, validation, test } = about.samples;
  const now = [training.sampler.trainSamples, training.validationSamples, training.testSamples];
  if (now.join() === [train, validation, test].join()) return;
  throw new ResumeError(
    `data: expected the ${train}, ${validation} and ${test} samples to train, validate and test of ${path}, got ${now.join(', ')}; go on with the data of the run`,
  );
}

/** Another optimizer has no use for the states that were saved. */
function checkStates({ about, path }: Checkpoint, { states }: PreparedRun): void {
  if (about.states.join() === states.names.join()) return;
  const list = (names: readonly string[]): string => (names.length === 0 ? 'no states' : names.join(', '));
  throw new ResumeError(
    `optimizer: expected one with ${list(about.states)}, as ${path} has them, got ${list(states.names)}; go on with the optimizer and averaging of the run`,
  );
}

/** What ended the run ends it no more where its key is another one now. */
function stillEndedBy(
  { endedBy }: Progress,
  changes: readonly ConfigChange[],
  config: TrainConfig,
): Progress['endedBy'] {
  if (endedBy === null) return null;
  const isChanged = changes.some(({ path }) => path.startsWith(endedBy));
  if (endedBy === 'evaluation.patience') return isChanged || config.evaluation.patience === undefined ? null : endedBy;
  return isChanged || config.until === undefined ? null : endedBy;
}

function isDone(folder: RunFolder): boolean {
  try {
    return (JSON.parse(readFileSync(folder.file('summary.json'), 'utf8')) as { status?: string }).status === 'done';
  } catch {
    return false;
  }
}

/** What steps after `step` have left: rows, a summary, half-written files, and checkpoints that are damaged. */
function clearLater(folder: RunFolder, place: CutPlace): void {
  cutRows((name) => folder.file(name), place);
  rmSync(folder.file('summary.json'), { force: true });
  for (const name of readdirSync(folder.file(CHECKPOINTS_FOLDER))) {
    const path = folder.file(CHECKPOINTS_FOLDER, name);
    if (name.endsWith('.part')) rmSync(path, { force: true });
    else if ((stepOfFile(name) ?? -1) > place.step) renameSync(path, `${path}.damaged`);
  }
}
