// A prepared run → a trained network in its folder, told event by event: from the first event to the last. Coordinator.
import type { WriterFault } from '../checkpoint/writer-faults.ts';
import type { TrainArrays } from '../data/memory-array.ts';
import type { Fault } from '../engine/faults.ts';
import type { WorkerRecovery } from '../engine/recovery.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import type { UntilReason } from '../engine/until.ts';
import type { HiddenFolder } from './begin-run-folder.ts';
import { BestSoFar } from './best-so-far.ts';
import { Checkpoints } from './checkpoints.ts';
import { describeRun } from './describe-run.ts';
import { collectEnvironment } from './environment.ts';
import { evaluatePart } from './evaluate-part.ts';
import type { EndedBy, ProgressEvent, Summary, TrainEvent } from './events.ts';
import { writerFaults } from './injected-faults.ts';
import { ledgerHeader } from './ledger-header.ts';
import { LedgerLog } from './ledger-log.ts';
import { MetricsLog } from './metrics-log.ts';
import type { PreparedRun } from './prepare.ts';
import type { Progress } from './progress.schema.ts';
import type { ResumedRun } from './resume.ts';
import { RunControl } from './run-control.ts';
import { cannotWrite, type RunFolder } from './run-folder.ts';
import { RunReport } from './run-report.ts';
import type { LossAndMetric } from './run-statistics.ts';
import type { Session } from './session.ts';
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
  /** What `data: { source: arrays }` trains on. */
  arrays?: TrainArrays;
  /** Ends the run after so many steps, whatever the config says. */
  maxSteps?: number;
  /** Faults to inject, for tests. */
  faults?: readonly Fault[];
  /** Faults of the disk that checkpoints are written to, for tests. */
  writerFaults?: readonly WriterFault[];
}

/** What a run ends with. */
export interface TrainResult {
  summary: Summary;
  runFolder: string;
}

/** One run, from its first event to its last. */
export class Training {
  readonly report: RunReport;
  readonly #run: PreparedRun;
  readonly #session: Session;
  /** Where it begins: a folder under a hidden name, or the place that it goes on from. */
  readonly #place: HiddenFolder | ResumedRun;
  #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #startedMs: number;
  readonly #totalSteps: number;
  readonly #log: MetricsLog;
  readonly #ledger: LedgerLog | undefined;
  /** Undefined where the config says how many workers there are. */
  #workers: WorkerChoice | undefined;
  /** What `workersAt` asked for last. */
  #scheduled: number | undefined;
  #recoveries = 0;
  /** The slow worker that was told. */
  #straggler: number | undefined;
  readonly #evaluations: BestSoFar;
  /** Steps done at the last evaluation, −1 before the first. */
  #evaluatedStep = -1;
  #endedBy: EndedBy | undefined;
  readonly #checkpoints: Checkpoints;

  constructor(
    run: PreparedRun,
    session: Session,
    place: HiddenFolder | ResumedRun,
    options: TrainOptions,
    startedMs: number,
  ) {
    this.#run = run;
    this.#session = session;
    this.#place = place;
    this.#folder = place.folder;
    this.#options = options;
    this.#startedMs = startedMs;
    this.#totalSteps = Math.min(run.totalSteps, options.maxSteps ?? Number.POSITIVE_INFINITY);
    this.#workers = run.config.workers === 'auto' ? new WorkerChoice(run.workers, this.#totalSteps) : undefined;
    this.#evaluations = new BestSoFar(run.config);
    this.#log = new MetricsLog(place.folder, run.plan.metric, run.metrics);
    this.#ledger = this.#openLedger();
    this.report = new RunReport({
      metric: run.plan.metric,
      stepsPerEpoch: run.stepsPerEpoch,
      totalSteps: this.#totalSteps,
      everySteps: run.config.logging.everySteps,
      isStreamed: run.map.stream !== null,
      isEvaluatedAfter: (steps) => this.#hasValidation && this.#nextEvaluation(steps - 1) === steps,
      log: this.#log,
      onEvent: (event) => this.#emit(event),
    });
    const saved = 'progress' in place ? place.progress : null;
    if (saved !== null) this.#restore(saved);
    this.#checkpoints = new Checkpoints({
      run,
      session,
      baseDir: options.baseDir ?? process.cwd(),
      folder: () => this.#folder.path,
      progress: () => this.#progress(),
      hasBest: () => this.#evaluations.best !== undefined,
      watched: () => this.#evaluations.watched,
      keptBest: saved?.keptBest ?? null,
      faults: writerFaults(run.config, options.writerFaults),
      onEvent: (event) => this.#emit(event),
    });
  }

  /** Goes on where a checkpoint was taken. */
  #restore(saved: Progress): void {
    this.report.restore(saved.report);
    this.#evaluations.restore(saved);
    this.#evaluatedStep = saved.evaluatedStep;
    this.#endedBy = saved.endedBy ?? undefined;
  }

  /** All that was told and decided so far. */
  #progress(): Omit<Progress, 'keptBest'> {
    return {
      report: this.report.saved(),
      evaluatedStep: this.#evaluatedStep,
      endedBy: this.#endedBy ?? null,
      ...this.#evaluations.saved(),
      durationMs: this.#durationMs,
      resumes: this.#resumes,
    };
  }

  /** Over all processes of the run. */
  get #durationMs(): number {
    const before = 'progress' in this.#place ? this.#place.progress.durationMs : 0;
    return before + performance.now() - this.#startedMs;
  }

  get #resumes(): Progress['resumes'] {
    return 'progress' in this.#place ? this.#place.progress.resumes : [];
  }

  addStep(record: CommittedStep): void {
    this.#workers?.addStep(record.stepMs);
    this.report.addStep(record);
    this.#ledger?.addStep(record);
  }

  addRecovery(recovery: WorkerRecovery): void {
    this.#recoveries++;
    const event = { type: 'recovery' as const, ...recovery };
    this.#log.addWorkers(event);
    this.#emit(event);
  }

  addNotice(message: string): void {
    this.#emit({ type: 'notice', level: 'warning', message });
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

  #openControl(): RunControl {
    return new RunControl(
      this.#folder.path,
      ({ workers }) => this.#resize(workers),
      (message) => this.#emit({ type: 'notice', level: 'warning', message }),
    );
  }

  async run(): Promise<TrainResult> {
    const { engine } = this.#session;
    let control: RunControl | undefined;
    try {
      await this.#begin();
      control = this.#openControl();
      try {
        await engine.start();
        const status = await this.#trainToTheEnd();
        await this.#saveLast();
        const test = status === 'done' ? await this.#test() : undefined;
        return this.#end(status, test);
      } catch (error) {
        // Nobody computes any more: the committed generation is whole, whatever failed (I5).
        await engine.stop();
        await this.#saveLast();
        this.#end('failed', undefined, error as Error);
        throw error;
      }
    } finally {
      control?.close();
      this.#log.close();
      this.#ledger?.close();
      await engine.stop();
      await this.#checkpoints.close();
      this.#folder.unlock();
    }
  }

  #openLedger(): LedgerLog | undefined {
    const header = ledgerHeader(this.#run, this.#session);
    if (header === undefined) return undefined;
    return new LedgerLog(this.#folder.file('ledger.jsonl'), header, (message) =>
      this.#emit({ type: 'notice', level: 'warning', message }),
    );
  }

  /** What a resume goes on from; without it the checkpoint before is there still. */
  async #saveLast(): Promise<void> {
    await this.#checkpoints.saveLast();
    const { replaced } = this.#checkpoints;
    if (replaced === 0) return;
    const what = replaced === 1 ? '1 checkpoint was' : `${replaced} checkpoints were`;
    const message = `${what} replaced by a newer one before the disk had taken it: save less often, or to a faster disk`;
    this.#emit({ type: 'notice', level: 'info', message });
  }

  get #hasValidation(): boolean {
    return this.#run.training.validationSamples > 0;
  }

  async #begin(): Promise<void> {
    const { config, numerics, dataset } = this.#run;
    if ('publish' in this.#place) await this.#makeFolder(this.#place);
    else this.#folder.writeConfig(config, this.#options.baseDir);
    const backend = { numerics: numerics.numerics, backend: numerics.identity, blas: numerics.blas?.path };
    this.#folder.writeEnvironment(collectEnvironment(backend));
    this.#folder.writePreprocessing(dataset.preprocessing);
    this.#emit(describeRun(this.#run, this.#folder.path));
    const { notice } = numerics;
    const warnings = [...(notice === undefined ? [] : [notice]), ...dataset.warnings, ...this.#session.warnings];
    for (const message of warnings) this.#emit({ type: 'notice', level: 'warning', message });
    if ('notices' in this.#place) for (const notice of this.#place.notices) this.#emit(notice);
  }

  /** Its name comes when the config and the state before the first step are on disk: every folder that is seen can be resumed. */
  async #makeFolder(place: HiddenFolder): Promise<void> {
    try {
      this.#folder.writeConfig(this.#run.config, this.#options.baseDir);
      await this.#checkpoints.saveFirst();
      this.#folder = place.publish();
    } catch (error) {
      await this.#checkpoints.close();
      place.discard();
      throw cannotWrite(this.#folder.path, 2, error);
    }
  }

  /** From evaluation to evaluation; without a validation part in one stretch. */
  async #trainToTheEnd(): Promise<'done' | 'stopped'> {
    const { signal } = this.#options;
    const { engine } = this.#session;
    this.report.begin();
    if (this.#isEvaluationDue()) await this.#evaluateAndDecide();
    while (engine.step < this.#totalSteps && this.#endedBy === undefined) {
      const pause = Math.min(this.#nextEvaluation(engine.step), this.#checkpoints.nextPause(engine.step));
      const reason = await this.#trainTo(pause);
      // A condition that is met ends the run all the same.
      if (signal?.aborted && reason === undefined) return 'stopped';
      if (reason !== undefined || this.#isEvaluationDue()) await this.#evaluateAndDecide(reason);
      await this.#checkpoints.pause();
      this.#nameStraggler();
    }
    return 'done';
  }

  /** Whether the steps that are done end where an evaluation, or the last row, belongs that is not there yet. */
  #isEvaluationDue(): boolean {
    const { step } = this.#session.engine;
    return step > 0 && this.#evaluatedStep !== step && this.#nextEvaluation(step - 1) === step;
  }

  async #evaluateAndDecide(reason?: UntilReason): Promise<void> {
    const { step } = this.#session.engine;
    await this.#validate();
    this.#evaluatedStep = step;
    if (reason !== undefined) this.#endBy(`until.${reason}`, describeUntil(step, reason));
    else if (this.#evaluations.isOutOfPatience && step < this.#totalSteps) {
      this.#endBy('evaluation.patience', this.#evaluations.describePatience());
    }
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
    const onLook = (): void => this.#checkpoints.look();
    if (stretch === undefined || this.#workers === undefined) return await engine.runTo(pause, signal, onLook);
    engine.limitWorkers(stretch.workers);
    const reason = await engine.runTo(Math.min(pause, engine.step + stretch.steps), signal, onLook);
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

  /** Where the steps after `step` pause: at the end of an epoch that is evaluated, or of the run. */
  #nextEvaluation(step: number): number {
    if (!this.#hasValidation) return this.#totalSteps;
    const every = this.#run.config.evaluation.everyEpochs * this.#run.stepsPerEpoch;
    return Math.min(this.#totalSteps, (Math.floor(step / every) + 1) * every);
  }

  async #validate(): Promise<void> {
    if (!this.#hasValidation) return this.report.endEpoch();
    const validation = await this.#evaluate('validate');
    const isBest = this.#evaluations.isBetter(validation);
    if (isBest) {
      await this.#checkpoints.copied();
      this.#session.keepBest();
    }
    this.#evaluations.add(Math.ceil(this.#session.engine.step / this.#run.stepsPerEpoch), validation);
    this.#session.noteEvaluation(this.#evaluations.watched!);
    this.report.endEpoch(validation, isBest);
  }

  #evaluate(part: 'validate' | 'test' | 'testBest'): Promise<LossAndMetric> {
    return evaluatePart(this.#run, this.#session, part);
  }

  /** The test part is read once, at the end: with the last weights, and with the best ones. */
  async #test(): Promise<LossAndMetric | undefined> {
    if (this.#run.training.testSamples === 0) return undefined;
    const test = await this.#evaluate('test');
    if (this.#evaluations.best !== undefined) {
      this.#evaluations.addTest(await this.#evaluate('testBest'), this.#run.plan.metric === 'accuracy');
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
    const { best, validation } = this.#evaluations;
    if (best !== undefined) this.#folder.writeWeights('best', bestWeights(), { epoch: String(best.epoch) });
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
      noise: this.report.noise.conclude(this.#run.batchSize),
      validation,
      best,
      durationMs: this.#durationMs,
      resumes: this.#resumes,
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
