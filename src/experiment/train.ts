// A config → a trained network in a run folder, told event by event. The coordinator's whole way through a run.
import type { TrainConfig } from '../config/train-config.ts';
import { heapMbFor } from '../engine/fault-plan.ts';
import type { Fault } from '../engine/faults.ts';
import { createPool } from '../engine/pool.ts';
import type { WorkerRecovery } from '../engine/recovery.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import type { UntilReason } from '../engine/until.ts';
import { scoresPerSample } from '../plan/plan.ts';
import { describeRun } from './describe-run.ts';
import { collectEnvironment } from './environment.ts';
import type { BestEpoch, EndedBy, ProgressEvent, Summary, TrainEvent } from './events.ts';
import { injectedFaults } from './injected-faults.ts';
import { loadModel } from './load-model.ts';
import { metricValues } from './metric-values.ts';
import { MetricsLog } from './metrics-log.ts';
import { type PreparedRun, prepareRun, resolveWorkers } from './prepare.ts';
import { RunControl } from './run-control.ts';
import { createRunFolder, type RunFolder } from './run-folder.ts';
import { RunReport } from './run-report.ts';
import { type LossAndMetric, lossAndMetric } from './run-statistics.ts';
import { openSession, type Session } from './session.ts';
import { findStraggler, type Straggler } from './straggler.ts';
import { summarize } from './summary.ts';
import { WorkerChoice } from './worker-choice.ts';
import { nextScheduledStep, scheduledWorkers } from './worker-schedule.ts';

/** How a run is watched and where it writes. */
export interface TrainOptions {
  /** Called for every event, in order; a slow listener delays the next evaluation, never a step. */
  onEvent?: (event: TrainEvent | ProgressEvent) => void;
  /** Aborted: the step under way is finished, the weights are written, the status is `stopped`. */
  signal?: AbortSignal;
  /** Where run folders are made; `runs` in the working directory. */
  runsDir?: string;
  /** What relative paths in the config start from; the working directory. */
  baseDir?: string;
  /** Ends the run after so many steps, whatever the config says. */
  maxSteps?: number;
  /** Faults to inject, for tests. */
  faults?: readonly Fault[];
}

/** What a run ends with. */
export interface TrainResult {
  summary: Summary;
  runFolder: string;
}

/**
 * Trains. The promise resolves for runs that are done or stopped.
 * @throws errors with `exitCode` 2 for what cannot begin (nothing is written then), with 1 for a run that failed: its folder
 *   has the last good weights and a summary with the status `failed`.
 */
export async function train(config: TrainConfig, options: TrainOptions = {}): Promise<TrainResult> {
  const startedMs = performance.now();
  // Threads load their code while this one reads the data and compiles the model.
  const workers = resolveWorkers(config);
  // What kinds of faults are drawn does not depend on the length of the run.
  const heapMb = heapMbFor(injectedFaults(config, { workers, steps: 1 }, options.faults));
  const pool = createPool(workers, { heapMb });
  try {
    const baseDir = options.baseDir ?? process.cwd();
    const run = prepareRun(config, { baseDir, model: await loadModel(config, baseDir) });
    // Steps come when the training is there; its folder is made last, so that what cannot begin leaves nothing behind.
    let training: Training | undefined;
    const onStep = (record: CommittedStep): void => training?.addStep(record);
    const faults = injectedFaults(config, { workers, steps: run.totalSteps }, options.faults);
    const onRecovery = (recovery: WorkerRecovery): void => training?.addRecovery(recovery);
    const session = openSession(run, { pool, faults, onStep, onRecovery });
    training = new Training(run, session, createRunFolder(options.runsDir ?? 'runs', config.name), options, startedMs);
    return await training.run();
  } finally {
    await pool.destroy();
  }
}

/** One run, from its first event to its last. */
class Training {
  readonly report: RunReport;
  readonly #run: PreparedRun;
  readonly #session: Session;
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #startedMs: number;
  readonly #totalSteps: number;
  readonly #log: MetricsLog;
  /** Undefined where the config says how many workers there are. */
  #workers: WorkerChoice | undefined;
  /** What `workersAt` asked for last. */
  #scheduled: number | undefined;
  #recoveries = 0;
  /** The slow worker that was told. */
  #straggler: number | undefined;
  #validation: LossAndMetric | undefined;
  #best: BestEpoch | undefined;
  #evaluationsSinceBest = 0;
  #endedBy: EndedBy | undefined;

  constructor(run: PreparedRun, session: Session, folder: RunFolder, options: TrainOptions, startedMs: number) {
    this.#run = run;
    this.#session = session;
    this.#folder = folder;
    this.#options = options;
    this.#startedMs = startedMs;
    this.#totalSteps = Math.min(run.totalSteps, options.maxSteps ?? Number.POSITIVE_INFINITY);
    this.#workers = run.config.workers === 'auto' ? new WorkerChoice(run.workers, this.#totalSteps) : undefined;
    this.#log = new MetricsLog(folder, run.plan.metric, run.metrics);
    this.report = new RunReport({
      metric: run.plan.metric,
      stepsPerEpoch: run.stepsPerEpoch,
      totalSteps: this.#totalSteps,
      everySteps: run.config.logging.everySteps,
      isEvaluatedAfter: (steps) => this.#hasValidation && this.#nextEvaluation(steps - 1) === steps,
      log: this.#log,
      onEvent: (event) => this.#emit(event),
    });
  }

  addStep(record: CommittedStep): void {
    this.#workers?.addStep(record.stepMs);
    this.report.addStep(record);
  }

  addRecovery(recovery: WorkerRecovery): void {
    this.#recoveries++;
    const event = { type: 'recovery' as const, ...recovery };
    this.#log.addWorkers(event);
    this.#emit(event);
  }

  /** Once for each worker that is slow. */
  #nameStraggler(): void {
    const straggler = findStraggler(this.#session.engine.shardTimes());
    if (straggler === undefined || straggler.worker === this.#straggler) return;
    this.#straggler = straggler.worker;
    const event = { type: 'straggler' as const, step: this.#session.engine.step, ...straggler };
    this.#log.addWorkers(event);
    this.#emit(event);
  }

  async run(): Promise<TrainResult> {
    const { engine } = this.#session;
    this.#begin();
    const control = new RunControl(
      this.#folder.path,
      ({ workers }) => this.#resize(workers),
      (message) => this.#emit({ type: 'notice', level: 'warning', message }),
    );
    try {
      await engine.start();
      const status = await this.#trainToTheEnd();
      const test = status === 'done' ? await this.#test() : undefined;
      return this.#end(status, test);
    } catch (error) {
      // Nobody computes any more: the committed generation is whole, whatever failed (I5).
      await engine.stop();
      this.#end('failed', undefined, error as Error);
      throw error;
    } finally {
      control.close();
      this.#log.close();
      await engine.stop();
    }
  }

  get #hasValidation(): boolean {
    return this.#run.training.validationSamples > 0;
  }

  #begin(): void {
    const { config, numerics } = this.#run;
    this.#folder.writeConfig(config, this.#options.baseDir);
    const backend = { numerics: numerics.numerics, backend: numerics.identity, blas: numerics.blas?.path };
    this.#folder.writeEnvironment(collectEnvironment(backend));
    this.#emit(describeRun(this.#run, this.#folder.path));
    if (numerics.notice !== undefined) this.#emit({ type: 'notice', level: 'warning', message: numerics.notice });
  }

  /** From evaluation to evaluation; without a validation part in one stretch. */
  async #trainToTheEnd(): Promise<'done' | 'stopped'> {
    const { signal } = this.#options;
    const { engine } = this.#session;
    this.report.begin();
    while (engine.step < this.#totalSteps) {
      const pause = this.#nextEvaluation(engine.step);
      const reason = await this.#trainTo(pause);
      if (signal?.aborted) return 'stopped';
      this.#nameStraggler();
      if (reason === undefined && engine.step < pause) continue;
      await this.#validate();
      if (reason !== undefined) this.#endBy(`until.${reason}`, describeUntil(engine.step, reason));
      else if (this.#isOutOfPatience()) this.#endBy('evaluation.patience', this.#describePatience());
      if (this.#endedBy !== undefined) break;
    }
    return 'done';
  }

  /** Another number of workers, whatever was measured. @throws RangeError beyond the seats that there are */
  #resize(workers: number): void {
    const { engine } = this.#session;
    const from = engine.workers;
    engine.resize(workers);
    this.#workers = undefined;
    if (workers === from) return;
    const event = { type: 'resize' as const, step: engine.step, from, to: workers };
    this.#log.addWorkers(event);
    this.#emit(event);
  }

  /** Trains until `evaluation`, or less far where the number of workers changes or is still being measured. */
  async #trainTo(evaluation: number): Promise<UntilReason | undefined> {
    const { engine } = this.#session;
    const { signal } = this.#options;
    const { workersAt } = this.#run.config;
    const scheduled = scheduledWorkers(workersAt, engine.step);
    if (scheduled !== undefined && scheduled !== this.#scheduled) this.#resize(scheduled);
    this.#scheduled = scheduled;
    const pause = Math.min(evaluation, nextScheduledStep(workersAt, engine.step));
    const stretch = this.#workers?.next();
    if (stretch === undefined || this.#workers === undefined) return await engine.runTo(pause, signal);
    engine.limitWorkers(stretch.workers);
    const reason = await engine.runTo(Math.min(pause, engine.step + stretch.steps), signal);
    // A request for another number of workers may have come meanwhile.
    if (this.#workers === undefined) return reason;
    this.#workers.endStretch();
    const { chosen, most, measured, reason: why } = this.#workers;
    if (chosen !== undefined) {
      engine.limitWorkers(chosen);
      this.#emit({ type: 'workers', workers: chosen, of: most, measured, ...(why !== undefined && { reason: why }) });
    }
    return reason;
  }

  #endBy(key: EndedBy, message: string): void {
    this.#endedBy = key;
    this.#emit({ type: 'notice', level: 'info', message });
  }

  #isOutOfPatience(): boolean {
    const { patience } = this.#run.config.evaluation;
    return (
      patience !== undefined && this.#evaluationsSinceBest >= patience && this.#session.engine.step < this.#totalSteps
    );
  }

  #describePatience(): string {
    const { patience, metric } = this.#run.config.evaluation;
    const { epoch } = this.#best!;
    return `ended early after ${patience} evaluation${patience === 1 ? '' : 's'} without a better ${metric} than epoch ${epoch}'s: evaluation.patience=${patience} says so; raise it, or remove it to train on`;
  }

  /** Where the steps after `step` pause: at the end of an epoch that is evaluated, or of the run. */
  #nextEvaluation(step: number): number {
    if (!this.#hasValidation) return this.#totalSteps;
    const every = this.#run.config.evaluation.everyEpochs * this.#run.stepsPerEpoch;
    return Math.min(this.#totalSteps, (Math.floor(step / every) + 1) * every);
  }

  async #validate(): Promise<void> {
    if (!this.#hasValidation) return this.report.endEpoch();
    const validation = await this.#evaluate('validate');
    const isBest = this.#isBetter(validation);
    this.#validation = validation;
    this.#evaluationsSinceBest = isBest ? 0 : this.#evaluationsSinceBest + 1;
    this.#session.noteEvaluation(this.#watched(validation));
    if (isBest) {
      this.#session.keepBest();
      const epoch = Math.ceil(this.#session.engine.step / this.#run.stepsPerEpoch);
      const { metric: name } = this.#run.config.evaluation;
      const hasName = name !== 'loss' && name !== 'accuracy';
      const metric = this.#watched(validation);
      this.#best = { epoch, validationLoss: validation.loss, metric, ...(hasName && { metricName: name }) };
    }
    this.report.endEpoch(validation, isBest);
  }

  async #evaluate(part: 'validate' | 'test' | 'testBest'): Promise<LossAndMetric> {
    const { plan, metrics, dataset } = this.#run;
    const { engine, targetsOf } = this.#session;
    const totals = await engine.evaluate(part);
    const figures = lossAndMetric(plan.metric, totals);
    if (metrics.length === 0) return figures;
    const ids = dataset.parts[part === 'validate' ? 'validation' : 'test'];
    const { loss, metric: accuracy } = figures;
    const hasScores = scoresPerSample(plan) > 0;
    const scored = {
      scores: engine.scores(ids.length),
      labels: hasScores ? targetsOf(ids) : [],
    };
    return {
      ...figures,
      values: metricValues(metrics, plan.metrics ?? [], { loss, accuracy, cells: totals.cells, ...scored }),
    };
  }

  /** The figure that `evaluation.metric` names. */
  #watched({ loss, metric, values = {} }: LossAndMetric): number {
    const { metric: name } = this.#run.config.evaluation;
    if (name === 'loss') return loss;
    return name === 'accuracy' ? metric : (values[name] as number);
  }

  #isBetter(validation: LossAndMetric): boolean {
    if (this.#best === undefined) return true;
    const value = this.#watched(validation);
    // An area under a curve of one class alone is no number.
    if (Number.isNaN(this.#best.metric)) return !Number.isNaN(value);
    const { mode, minDelta } = this.#run.config.evaluation;
    return mode === 'max' ? value > this.#best.metric + minDelta : value < this.#best.metric - minDelta;
  }

  /** The test part is read once, at the end: with the last weights, and with the best ones. */
  async #test(): Promise<LossAndMetric | undefined> {
    if (this.#run.training.testSamples === 0) return undefined;
    const test = await this.#evaluate('test');
    if (this.#best !== undefined) {
      const { loss, metric, values } = await this.#evaluate('testBest');
      this.#best.testLoss = loss;
      if (values !== undefined) this.#best.testMetrics = values;
      if (this.#run.plan.metric === 'accuracy') this.#best.testAccuracy = metric;
    }
    return test;
  }

  /** Writes the weights and the summary; what a failed run cannot give is left out. */
  #end(status: Summary['status'], test?: LossAndMetric, error?: Error): TrainResult {
    const { engine, weights, bestWeights } = this.#session;
    this.report.end();
    const straggler = findStraggler(engine.shardTimes());
    if (straggler !== undefined) this.#emit({ type: 'notice', level: 'info', message: describeStraggler(straggler) });
    const hashes = error === undefined ? this.#session.hashes() : undefined;
    const metadata = { step: String(engine.step), ...(hashes && { weightsSha256: hashes.weightsSha256 }) };
    this.#folder.writeWeights('last', weights(), metadata);
    if (this.#best !== undefined) this.#folder.writeWeights('best', bestWeights(), { epoch: String(this.#best.epoch) });
    const summary = summarize(this.#run, {
      status,
      error,
      endedBy: this.#endedBy,
      test,
      hashes,
      steps: engine.step,
      workers: this.#workers?.chosen ?? engine.workers,
      recoveries: this.#recoveries,
      straggler,
      statistics: this.report.statistics,
      validation: this.#validation,
      best: this.#best,
      durationMs: performance.now() - this.#startedMs,
    });
    this.#folder.writeSummary(summary);
    this.#emit({ type: 'end', summary, runFolder: this.#folder.path });
    return { summary, runFolder: this.#folder.path };
  }

  #emit(event: TrainEvent | ProgressEvent): void {
    this.#options.onEvent?.(event);
  }
}

function describeStraggler({ worker, shardMs, othersMs }: Straggler): string {
  return `worker ${worker} was slow: its shards took ${shardMs.toFixed(2)} ms, those of the others ${othersMs.toFixed(2)} ms; it took fewer of them, and no bit depends on it`;
}

function describeUntil(steps: number, reason: UntilReason): string {
  const what = {
    loss: 'the loss is low enough',
    gradNorm: 'the gradient is small enough',
    plateau: 'the loss falls no more',
  };
  return `ended at step ${steps - 1}: ${what[reason]}, as until.${reason} says; change or remove it to train on`;
}
