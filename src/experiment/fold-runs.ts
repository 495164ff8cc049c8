// A config whose data is cut into folds → one run folder with a whole run a fold in it, one after the other, and their summary. Coordinator.
// A fold is a run as any other, of the same config with `data.fold`: it is resumed, replayed and evaluated like one.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CHECKPOINTS_FOLDER } from '../checkpoint/checkpoint.ts';
import { configSha256 } from '../config/config-hash.ts';
import { loadConfig } from '../config/load-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { resolveNumerics } from '../kernels/numerics.ts';
import { beginRunFolder, type HiddenFolder } from './begin-run-folder.ts';
import type { ProgressEvent, Summary, TrainEvent } from './events.ts';
import { foldFolder, summarizeFolds } from './fold-summary.ts';
import { freeMemory } from './free-memory.ts';
import { loadModel } from './load-model.ts';
import { ResumeError, type ResumeOptions } from './resume.ts';
import { RunFolder } from './run-folder.ts';
import { lockRunFolder } from './run-lock.ts';
import type { FinishedRun, TrainOptions, TrainResult } from './train.ts';

type GoOnOptions = Omit<TrainOptions, 'runsDir' | 'baseDir'> & ResumeOptions;
type Resumed = (TrainResult & { isFinished: false }) | FinishedRun;

/** How a single run is trained, and gone on with. */
export interface FoldTrainer {
  train(config: TrainConfig, options: TrainOptions, makeFolder: () => HiddenFolder): Promise<TrainResult>;
  resume(folder: string, options: GoOnOptions): Promise<Resumed>;
}

/** How many folds a run is made of; null where it is a single training. */
export function countFolds({ data }: TrainConfig): number | null {
  const { folds, fold } = 'folds' in data ? data : {};
  return folds === undefined || fold !== undefined ? null : folds;
}

/** The config of one fold, counted from 1. */
export function foldConfig(config: TrainConfig, fold: number): TrainConfig {
  return { ...config, data: { ...config.data, fold } as TrainConfig['data'] };
}

/** The configs of all folds, or the config itself. */
export function foldConfigs(config: TrainConfig): TrainConfig[] {
  const folds = countFolds(config);
  if (folds === null) return [config];
  return Array.from({ length: folds }, (_, i) => foldConfig(config, i + 1));
}

/** Whether a folder is that of a run of folds, which has its checkpoints in its folds' folders. */
export function isFoldsFolder(path: string): boolean {
  const file = join(path, 'config.yaml');
  return (
    existsSync(file) && !existsSync(join(path, CHECKPOINTS_FOLDER)) && countFolds(loadConfig(file).config) !== null
  );
}

/** Trains all folds of a config. Its folder is made when the first fold can begin. */
export async function trainFolds(
  config: TrainConfig,
  options: TrainOptions,
  trainer: FoldTrainer,
): Promise<TrainResult> {
  const runs = new FoldRuns(config, options, trainer, () => makeFoldsFolder(config, options));
  return await runs.run();
}

function makeFoldsFolder(config: TrainConfig, { runsDir = 'runs', baseDir }: TrainOptions): RunFolder {
  const hidden = beginRunFolder(runsDir, config.name, { folders: [] });
  try {
    hidden.folder.writeConfig(config, baseDir);
    return hidden.publish();
  } catch (error) {
    hidden.discard();
    throw error;
  }
}

/**
 * Goes on with a run of folds: those that are done are left as they are, the one under way goes on from its checkpoint, the others begin.
 *
 * @throws ResumeError where the folds are not those of the run
 */
export async function resumeFolds(path: string, options: GoOnOptions, trainer: FoldTrainer): Promise<Resumed> {
  // `latest` is a link.
  const name = basename(realpathSync(path));
  const named = basename(path) === name ? path : join(dirname(path), name);
  const folder = new RunFolder(named, name, lockRunFolder(named));
  try {
    const file = folder.file('config.yaml');
    const before = loadConfig(file).config;
    const { config } = loadConfig(file, options.overrides);
    if (countFolds(config) !== countFolds(before)) {
      throw new ResumeError(
        `data.folds: expected the ${countFolds(before)} folds of ${named}, got others; go on without data.folds and data.fold`,
      );
    }
    const runs = new FoldRuns(config, { ...options, baseDir: named }, trainer, () => folder, folder);
    return await runs.resume();
  } finally {
    folder.unlock();
  }
}

/** The folds of one run, from the first to the last. */
class FoldRuns {
  readonly #config: TrainConfig;
  readonly #options: TrainOptions & ResumeOptions;
  readonly #trainer: FoldTrainer;
  readonly #makeFolder: () => RunFolder;
  #folder: RunFolder | undefined;
  readonly #of: number;
  readonly #summaries: Summary[] = [];
  #modelSha256: string | undefined;
  /** Where overrides are accepted they hold for the folds to come, also if this process does not see them. */
  #hasNewConfig = false;

  constructor(
    config: TrainConfig,
    options: TrainOptions & ResumeOptions,
    trainer: FoldTrainer,
    makeFolder: () => RunFolder,
    folder?: RunFolder,
  ) {
    this.#config = config;
    this.#options = options;
    this.#trainer = trainer;
    this.#makeFolder = makeFolder;
    this.#folder = folder;
    this.#of = countFolds(config)!;
  }

  async run(): Promise<TrainResult> {
    try {
      const { baseDir = process.cwd() } = this.#options;
      this.#modelSha256 = (await loadModel(this.#config, baseDir))?.sha256;
      for (let fold = 1; fold <= this.#of; fold++) {
        const { status } = await this.#runFold(fold);
        if (status === 'stopped' || (this.#options.signal?.aborted && fold < this.#of)) return this.#end('stopped');
      }
      return this.#end('done');
    } catch (error) {
      // What is refused changes nothing.
      const isRefused = (error as { exitCode?: number }).exitCode === 2;
      if (this.#summaries.length > 0 && !isRefused) this.#end('failed', error as Error);
      throw error;
    } finally {
      this.#folder?.unlock();
    }
  }

  /** As `run`, unless everything is done already. */
  async resume(): Promise<Resumed> {
    const folder = this.#folder!;
    const isUnchanged = (this.#options.overrides ?? []).length === 0;
    const isDone = readSummary(folder.path)?.status === 'done';
    if (isDone && isUnchanged) return { runFolder: folder.path, isFinished: true };
    this.#hasNewConfig = !isUnchanged;
    return { ...(await this.run()), isFinished: false };
  }

  async #runFold(fold: number): Promise<Summary> {
    this.#options.onEvent?.({ type: 'fold', fold, of: this.#of });
    if (fold > 1) freeMemory();
    const path = this.#folder?.file(foldFolder(fold));
    const summary =
      path === undefined || !existsSync(path) ? await this.#trainFold(fold) : await this.#goOnWithFold(fold, path);
    this.#summaries.push(summary);
    const runFolder = this.#folder!.file(foldFolder(fold));
    this.#options.onEvent?.({ type: 'foldEnd', fold, of: this.#of, summary, runFolder });
    return summary;
  }

  async #trainFold(fold: number): Promise<Summary> {
    const options = { ...this.#options, onEvent: this.#listen(fold) };
    const makeFolder = (): HiddenFolder => {
      this.#folder ??= this.#makeFolder();
      return beginRunFolder(this.#folder.path, foldFolder(fold), { isLatest: false });
    };
    const { summary } = await this.#trainer.train(foldConfig(this.#config, fold), options, makeFolder);
    return summary;
  }

  /** A fold that is done and whose config is as it was is not opened again; its numbers have to be of this machine's bits. */
  async #goOnWithFold(fold: number, path: string): Promise<Summary> {
    const { overrides = [], allowChanges = false } = this.#options;
    const saved = readSummary(path);
    if (saved?.status === 'done' && overrides.length === 0) {
      const { identity } = resolveNumerics(this.#config.numerics);
      if (saved.backend === identity || allowChanges) return saved;
      throw new ResumeError(
        `${path}: expected the backend ${saved.backend} of this fold for the others too, got ${identity}; go on where that is, or with --allow-changes`,
      );
    }
    const result = await this.#trainer.resume(path, { ...this.#options, onEvent: this.#listen(fold) });
    return result.isFinished ? saved! : result.summary;
  }

  /** What ends a fold is told as that. */
  #listen(fold: number): (event: TrainEvent | ProgressEvent) => void {
    return (event) => {
      if (event.type === 'start' && this.#hasNewConfig) {
        this.#folder?.writeConfig(this.#config, '/');
        this.#hasNewConfig = false;
      }
      if (event.type !== 'end') this.#options.onEvent?.(event);
      else if (event.summary.status === 'failed') this.#summaries[fold - 1] = event.summary;
    };
  }

  #end(status: Summary['status'], error?: Error): TrainResult {
    const folder = this.#folder!;
    const { numerics } = this.#summaries[0];
    const hash = configSha256(this.#config, numerics, this.#modelSha256);
    const summary = summarizeFolds(this.#summaries, { status, error, of: this.#of, configSha256: hash });
    folder.writeSummary(summary);
    this.#options.onEvent?.({ type: 'end', summary, runFolder: folder.path });
    return { summary, runFolder: folder.path };
  }
}

function readSummary(folder: string): Summary | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Summary;
  } catch {
    return undefined;
  }
}
