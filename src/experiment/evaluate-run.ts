// A run folder and a part of its data, or another file → loss and metrics of the saved weights, by the engine that trained them. Coordinator.
import { parseConfig } from '../config/load-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { type Dataset, openDataset } from '../data/dataset.ts';
import type { Parts } from '../data/source.ts';
import { createPool } from '../engine/pool.ts';
import type { LossMetric } from '../nn/losses.ts';
import { evaluatePart } from './evaluate-part.ts';
import { readLedgerHeader } from './ledger.ts';
import type { MetricValue } from './metric-values.ts';
import { type OtherData, openOtherData } from './other-data.ts';
import { type PreparedRun, prepareRun } from './prepare.ts';
import type { LossAndMetric } from './run-statistics.ts';
import { openSession, type Session } from './session.ts';
import { type CheckpointChoice, openStoredRun, type StoredRun, StoredRunError } from './stored-run.ts';

/** What of a run is evaluated. */
export interface EvaluateOptions {
  /** Of the run's own data; `test` where it has one, else `validation`. */
  part?: keyof Parts;
  /** Another file in place of a part. */
  other?: OtherData;
  /** `last` where nothing is said. */
  checkpoint?: CheckpointChoice;
  /** Metrics to tell in place of the config's. */
  metrics?: readonly string[];
  /** Threads; as many as the machine has cores where nothing is said. They change no bit. */
  workers?: number | 'auto';
}

/** What an evaluation has found. */
export interface EvaluationResult {
  run: string;
  weights: 'last' | 'best';
  /** Epochs that they were trained. */
  epoch: number;
  /** Steps done at the checkpoint that has them. */
  step: number;
  /** `other` for another file. */
  part: keyof Parts | 'other';
  file?: string;
  samples: number;
  loss: number;
  /** What the loss is shown with: `accuracy`, or the loss's own name. */
  metric: LossMetric;
  /** Null where the loss knows no right answers. */
  accuracy: number | null;
  /** The asked ones by name. */
  metrics: Record<string, MetricValue>;
  classNames?: readonly string[];
  numerics: 'portable' | 'fast';
  backend: string;
  warnings: string[];
}

/**
 * Evaluates; of the run's own test or validation part the figures are those that the run has told, to the bit.
 * @throws errors with `exitCode` 2 for what cannot be evaluated
 */
export async function evaluateRun(folder: string, options: EvaluateOptions = {}): Promise<EvaluationResult> {
  const stored = openStoredRun(folder, options.checkpoint);
  const config = evaluationConfig(stored, options);
  const { part, dataset } = openPart(stored, config, options);
  const run = prepareEvaluation(stored, config, dataset, options.metrics !== undefined);
  const pool = createPool(run.workers);
  const warnings = [...stored.warnings];
  try {
    const session = openSession(run, { pool, onStep: () => {}, state: stateOf(stored, run) });
    if (run.numerics.notice !== undefined) warnings.push(run.numerics.notice);
    if (options.other === undefined && part !== 'train') warnings.push(...otherDataWarnings(stored, session));
    warnings.push(...backendWarnings(stored, run));
    const figures = await evaluateAndStop(run, session, part === 'validation' ? 'validate' : 'test');
    return describe(stored, run, { ...figures, part, file: options.other?.file, warnings });
  } finally {
    await pool.destroy();
  }
}

/** What concerns training alone is left out: it cannot be refused for it. */
function evaluationConfig(
  { checkpoint, path }: StoredRun,
  { metrics, workers = 'auto' }: EvaluateOptions,
): TrainConfig {
  const { config, about } = checkpoint;
  if (metrics !== undefined && typeof config.model === 'string') {
    throw new StoredRunError(
      `${path}: expected the metrics that its plan was compiled with, got ${metrics.join(', ')}; a module is not imported again, so leave --metrics out`,
    );
  }
  const overrides = metrics === undefined ? [] : [`evaluation.metrics=[${metrics.join(', ')}]`];
  const {
    memory: _m,
    workersAt: _w,
    faults: _f,
    schedule: _s,
    until: _u,
    ...rest
  } = parseConfig(config, { overrides });
  const { patience: _p, ...evaluation } = rest.evaluation;
  return { ...rest, memory: 'auto', workers, maxWorkers: 'auto', numerics: about.numerics, evaluation } as TrainConfig;
}

/** The dataset whose test or validation part is what was asked for. */
function openPart(
  stored: StoredRun,
  config: TrainConfig,
  { part, other }: EvaluateOptions,
): { part: keyof Parts | 'other'; dataset: Dataset } {
  if (other !== undefined) return { part: 'other', dataset: openOtherData(stored, other) };
  const dataset = openDataset(config.data, config.seed, '/');
  const { parts } = dataset;
  checkSamples(stored, parts);
  const asked = part ?? (parts.test.length > 0 ? 'test' : 'validation');
  if (parts[asked].length === 0) {
    const has = (['train', 'validation', 'test'] as const).filter((name) => parts[name].length > 0).join(' and ');
    throw new StoredRunError(
      `${stored.path}: expected a ${asked} part, got data with ${has} alone; name one with --part, or a file with --data`,
    );
  }
  if (asked !== 'train') return { part: asked, dataset };
  return {
    part: asked,
    dataset: { ...dataset, parts: { ...parts, validation: new Uint32Array(0), test: parts.train } },
  };
}

function checkSamples({ checkpoint, path }: StoredRun, { train, validation, test }: Parts): void {
  const { samples } = checkpoint.about;
  const was = [samples.train, samples.validation, samples.test];
  const now = [train.length, validation.length, test.length];
  if (was.join() === now.join()) return;
  throw new StoredRunError(
    `${path}: expected ${was.join(', ')} samples to train, validate and test, as the run had, got ${now.join(', ')}; the data has changed: name a file with --data`,
  );
}

function prepareEvaluation(
  { checkpoint }: StoredRun,
  config: TrainConfig,
  dataset: Dataset,
  isCompiled: boolean,
): PreparedRun {
  const { plan, about } = checkpoint;
  const stored = isCompiled ? undefined : { plan, modelSha256: about.modelSha256 };
  return prepareRun(config, { baseDir: '/', dataset, stored });
}

/** The asked weights where an evaluation looks for them: the best ones take the place of the last. */
function stateOf({ checkpoint, weights }: StoredRun, { plan, states }: PreparedRun) {
  const { state } = checkpoint;
  const generation = state.generation.slice();
  generation.set(weights, (states.averageArray ?? 0) * plan.parameterElements);
  return { ...state, generation };
}

async function evaluateAndStop(run: PreparedRun, session: Session, part: 'validate' | 'test'): Promise<LossAndMetric> {
  try {
    await session.engine.start();
    return await evaluatePart(run, session, part);
  } finally {
    await session.engine.stop();
  }
}

/** The ledger knows the hash of what was trained on. */
function otherDataWarnings({ path }: StoredRun, session: Session): string[] {
  const { datasetSha256 } = readHeader(path) ?? {};
  if (datasetSha256 === undefined || datasetSha256 === session.datasetSha256()) return [];
  return [`data: not what the run was trained on, though there are as many samples: the figures are not the run's`];
}

function readHeader(path: string): { datasetSha256: string } | undefined {
  try {
    return readLedgerHeader(`${path}/ledger.jsonl`);
  } catch {
    // A run may keep none, and nothing but a warning depends on it.
    return undefined;
  }
}

function backendWarnings({ checkpoint }: StoredRun, { numerics }: PreparedRun): string[] {
  const { backend } = checkpoint.about;
  if (backend === numerics.identity) return [];
  return [`backend: trained on ${backend}, evaluated on ${numerics.identity}: the last digits may differ`];
}

function describe(
  { path, which, epoch, checkpoint }: StoredRun,
  { plan, numerics, dataset }: PreparedRun,
  found: LossAndMetric & Pick<EvaluationResult, 'part' | 'file' | 'warnings'>,
): EvaluationResult {
  const { part, file, loss, metric, values = {}, warnings } = found;
  const { parts, classNames } = dataset;
  return {
    run: path,
    weights: which,
    epoch,
    step: checkpoint.state.step,
    part,
    ...(file !== undefined && { file }),
    samples: parts[part === 'validation' ? 'validation' : 'test'].length,
    loss,
    metric: plan.metric,
    accuracy: plan.metric === 'accuracy' ? metric : null,
    metrics: values,
    ...(classNames !== undefined && { classNames }),
    numerics: numerics.numerics,
    backend: numerics.identity,
    warnings,
  };
}
