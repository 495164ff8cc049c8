// A prepared memory and its workers → steps done, parts evaluated, states read. The coordinator's thread; it is not on the path.
import { setTimeout as delay } from 'node:timers/promises';
import { epochOrder, stepsPerEpoch } from '../data/sampler.ts';
import { bump, changeOf, currentWord32, currentWord64, perform, publishWord32 } from './atomics.ts';
import { type Coordinator, coordinatorNext, createCoordinator, isQuiet } from './coordinator-machine.ts';
import type { EngineSpec, Evaluation, EvaluationTotals, ShardTimes } from './engine-spec.ts';
import { forgetEarlierFaults } from './faults.ts';
import { findNotFinite } from './find-not-finite.ts';
import { READER, releaseHold, takeHold } from './hold.ts';
import { COUNTED_CELL, RECORD_CELLS, SEAT_CELLS, STRETCH_CELLS } from './memory-map.ts';
import { clockMs } from './phase-clock.ts';
import { ctlPhase, ctlStep, initializeWords, OP, PHASE, PHASE_NAMES, slotBuffer } from './protocol-words.ts';
import type { Reader } from './reader-machine.ts';
import { RunError } from './run-error.ts';
import { attachViews, type SharedViews } from './shared-views.ts';
import { type CommittedStep, StepRecords } from './step-records.ts';
import { treeTotal } from './tree.ts';
import { type LeastLoss, metUntil, NO_LOSS, type UntilReason } from './until.ts';
import { TERMINATION_MS, WorkerSeats } from './worker-seats.ts';

// The coordinator is rung when a worker parks; the timer only bounds how long records lie and failures go unseen.
const POLL_MS = 20;

/** Runs the step protocol over the workers of a pool. */
export class Engine {
  readonly #spec: EngineSpec;
  readonly #views: SharedViews;
  readonly #machine: Coordinator;
  readonly #records: StepRecords;
  readonly #stepsPerEpoch: number;
  readonly #seats: WorkerSeats;
  #running: number;
  #target = 0;
  #epochsReady = 0;
  #failure: RunError | undefined;
  #evaluated = { step: -1, phase: 0 };

  constructor(spec: EngineSpec) {
    this.#spec = spec;
    this.#views = attachViews(spec.memory, spec.map);
    const { step, lrFactor, leastLoss } = spec.start ?? { step: 0, lrFactor: 1, leastLoss: NO_LOSS };
    initializeWords(spec.map.words, this.#views.words64, this.#views.words32, step);
    this.#views.stretch[STRETCH_CELLS.lrFactor] = lrFactor;
    if (step > 0) this.#writeLeastLoss(step - 1, leastLoss);
    this.#machine = createCoordinator(spec.map.words);
    this.#records = new StepRecords(spec.map, this.#views, spec.pool.workers, step, spec.training.ledger);
    this.#stepsPerEpoch = stepsPerEpoch(spec.training.sampler);
    this.#epochsReady = Math.floor(step / this.#stepsPerEpoch);
    this.#seats = new WorkerSeats(spec, this.#views, this.#machine, (message, cause) => this.#fail(message, cause));
    this.#running = this.#seats.count;
    forgetEarlierFaults(spec.faults ?? [], step, this.#views.words32, spec.map.words);
  }

  /** Steps that are committed: the state of generation `step & 1`. */
  get step(): number {
    return ctlStep(currentWord64(this.#views.words64, this.#spec.map.words.ctl));
  }

  /** Gives every thread its seat and waits until all of them stand at the gate. */
  async start(): Promise<void> {
    // All begin together: each that came later would hold the others up for its buffer.
    this.#machine.isHeld = true;
    this.#seats.fill();
    this.#writeOrders();
    this.#spec.loader?.start((error) => this.fail(error));
    await this.#settle(() => this.#machine.parked === this.#seats.count && this.#hasSamples());
    this.#machine.isHeld = false;
  }

  /**
   * Trains until `step` steps are committed and everybody is parked. An aborted signal ends it after the step under way, and so does
   * a step that meets a condition of `until`: it is the last one, and its reason is returned. `onLook` is called whenever the coordinator
   * has looked at everything, while the workers go on.
   * @throws RunError where a worker failed, or a loss or gradient was no number: what is committed stays whole (I5).
   */
  async runTo(step: number, signal?: AbortSignal, onLook?: () => void): Promise<UntilReason | undefined> {
    this.#target = step;
    this.#records.beginStretch(clockMs(), this.#running);
    await this.#settle(() => {
      onLook?.();
      this.#machine.isHeld = signal?.aborted ?? false;
      return isQuiet(this.#machine) && (this.#isHeldOrHalted() || this.step >= step);
    });
    this.#readRecords(true);
    this.#machine.isHeld = false;
    this.#target = this.step;
    if (ctlPhase(this.#machine.ctl) !== PHASE.halt) return undefined;
    const reason = this.#metUntil();
    if (reason === undefined) throw this.#describeHalt();
    return reason;
  }

  /** From the next stretch on, so many of the workers train (1 or more); the others stay at the gate until an evaluation. */
  limitWorkers(count: number): void {
    this.#running = Math.max(1, Math.min(count, this.#seats.count));
    this.#machine.mostRunning = this.#running;
  }

  /** Ends what is under way with this error; what is committed stays whole. */
  fail(error: Error): void {
    this.#fail(error.message, error);
    bump(this.#views.words32, this.#spec.map.words.coordBell);
  }

  /** From now on the samples of a stream stay in memory that `step` and later steps have: at most those of one step are committed. */
  keepSamples(step: number): void {
    publishWord32(this.#views.words32, this.#spec.map.words.samplesKept, step);
  }

  /**
   * Holds the committed generation for the checkpoint writer, who lets it go (`releaseHold`); nobody writes it meanwhile. Undefined at
   * the last step of a stretch that is not over, whose record cannot be read yet, and, while it trains, at the step that ends the run:
   * what that comes to is not known yet.
   */
  hold(isTraining: boolean): Reader | undefined {
    const hold = takeHold(this.#spec.map.words, READER.checkpoint, this.#views);
    const isReadable = this.#records.next >= hold.step || hold.step < this.#target;
    if (isReadable && !(isTraining && ctlPhase(hold.ctl) === PHASE.halt)) return hold;
    this.release(hold);
    return undefined;
  }

  /** Hands on the records of all steps before the held one: what was counted of the run is of that step then. */
  readUntil({ step }: Reader): void {
    this.#records.read(step, false, this.#spec.onStep);
  }

  /** Lets a generation go whose copier is gone. */
  release(hold: Reader): void {
    releaseHold(hold, this.#views);
  }

  /** How many shards each worker has computed and how long that took, backup copies included. */
  shardTimes(): ShardTimes[] {
    return Array.from({ length: this.#seats.count }, (_, worker) => {
      const cells = this.#views.seatCells(worker);
      return { worker, shards: cells[SEAT_CELLS.shards], totalMs: cells[SEAT_CELLS.shardMs] };
    });
  }

  /** Workers that there are or, after `resize`, are about to be. */
  get workers(): number {
    return this.#seats.count;
  }

  /**
   * From now on there are `count` workers. At any time, in the middle of a step too: new ones begin when they have loaded their code,
   * those that are too many leave after the step under way; the others do not stop for longer than that, and no bit changes.
   * @throws RangeError beyond the seats that memory is laid out for.
   */
  resize(count: number): void {
    const { maxWorkers, words } = this.#spec.map;
    if (!Number.isInteger(count) || count < 1 || count > maxWorkers) {
      throw new RangeError(
        `workers: expected a whole number from 1 to maxWorkers (${maxWorkers}), got ${count}; set maxWorkers before a run that shall grow`,
      );
    }
    this.#seats.count = count;
    this.#running = count;
    this.#machine.mostRunning = maxWorkers;
    this.#records.running = count;
    this.#seats.fill();
    bump(this.#views.words32, words.coordBell);
  }

  /** Evaluates a part with the committed weights, or with the best ones that `keepBest` kept; every sample once. */
  async evaluate(part: Evaluation): Promise<EvaluationTotals> {
    const phase = PHASE[part];
    this.#refuseEarlierPhase(phase);
    this.#records.beginEvaluation();
    this.#machine.evaluation = phase;
    await this.#settle(() => this.#machine.evaluation === 0 && isQuiet(this.#machine));
    const { plan, map } = this.#spec;
    const { chunks, evaluationCells } = map;
    const total = (cell: number): number =>
      treeTotal(chunks, (c) => this.#views.chunkCells[c * evaluationCells + cell]);
    const denominator = total(1);
    const counted = plan.sums.length > COUNTED_CELL ? total(COUNTED_CELL) : denominator;
    const cells = Array.from({ length: evaluationCells }, (_, cell) => total(cell));
    return { lossNumerator: total(0), denominator, correct: total(2), counted, cells };
  }

  /** What the steps from now on multiply the learning rate by, under `reduceOnPlateau`; at the gate only. */
  setLrFactor(factor: number): void {
    this.#views.stretch[STRETCH_CELLS.lrFactor] = factor;
  }

  /** Keeps array `array` of the committed generation as the best parameters; at the gate only. */
  keepBest(array: number): void {
    const { map, memory } = this.#spec;
    const from = map.generations[this.step & 1] + array * map.arrayBytes;
    new Uint8Array(memory.buffer).copyWithin(map.best, from, from + map.arrayBytes);
  }

  /** A view of one array of the committed generation: 0 the parameters, then the states; at the gate only. */
  committed(array: number): Float32Array {
    const { map, memory } = this.#spec;
    return new Float32Array(memory.buffer, map.generations[this.step & 1] + array * map.arrayBytes, map.arrayBytes / 4);
  }

  /** The gradient buffer that a shard of the last step published; at the gate only. */
  bufferOf(shard: number): number {
    return slotBuffer(currentWord64(this.#views.words64, this.#spec.map.words.slots + shard));
  }

  /** A view of what metrics keep of each sample, of the part that was evaluated last; before the next evaluation only. */
  scores(samples: number): Float32Array {
    const { map, memory } = this.#spec;
    return new Float32Array(memory.buffer, map.scores, samples * map.sampleScores);
  }

  /** A view of the parameters that `keepBest` kept. */
  best(): Float32Array {
    const { map, memory } = this.#spec;
    return new Float32Array(memory.buffer, map.best, map.arrayBytes / 4);
  }

  /** Lets everybody leave who stands at the gate; else it ends the threads where they are. */
  async stop(): Promise<void> {
    this.#machine.mustStop = true;
    this.#pump();
    await this.#spec.loader?.stop();
    if (this.#failure === undefined && this.#machine.running === 0) await this.#seats.left();
    await Promise.race([this.#spec.pool.destroy(), delay(TERMINATION_MS, undefined, { ref: false })]);
  }

  #fail(message: string, cause?: Error): void {
    this.#failure ??= new RunError(`${message}; step ${this.step} is the last good state`, { cause });
  }

  /** Looks at everything again and again, woken by the workers, until `isDone`. */
  async #settle(isDone: () => boolean): Promise<void> {
    const { words32 } = this.#views;
    const { coordBell } = this.#spec.map.words;
    this.#seats.beginLooking();
    for (;;) {
      const bell = currentWord32(words32, coordBell);
      this.#readRecords(false);
      this.#writeOrders();
      this.#machine.goal = BigInt(this.#limit());
      this.#pump();
      if (this.#failure !== undefined) throw this.#failure;
      if (isDone()) return;
      this.#seats.look();
      if (this.#failure !== undefined) throw this.#failure;
      await changeOf(words32, coordBell, bell, POLL_MS);
    }
  }

  #pump(): void {
    for (;;) {
      const op = coordinatorNext(this.#machine);
      if (op === OP.rest) return;
      if (op === OP.freed) this.#seats.afterSweep(this.#machine.index);
      else perform(op, this.#machine, this.#views, 0);
    }
  }

  /** No step may begin whose record would overwrite one that is unread, or whose epoch's order is not there yet. */
  #limit(): number {
    const { records } = this.#spec.map;
    const ordered = this.#spec.map.stream === null ? this.#epochsReady * this.#stepsPerEpoch : Number.POSITIVE_INFINITY;
    return Math.min(this.#target, this.#records.next + records, ordered);
  }

  #readRecords(isStretchOver: boolean): void {
    // The last record of a stretch waits for the stretch's end.
    const end = isStretchOver ? this.step : Math.min(this.step, this.#target - 1);
    this.#records.read(end, isStretchOver, this.#noteStep);
  }

  /** Whether the next step could begin. */
  #hasSamples(): boolean {
    const { words, stream } = this.#spec.map;
    return stream === null || currentWord32(this.#views.words32, words.samplesReady) > this.step;
  }

  readonly #noteStep = (record: CommittedStep): void => {
    this.#seats.addStep(record.stepMs);
    this.#spec.onStep(record);
  };

  /** Writes the orders of coming epochs over those of epochs that are committed. */
  #writeOrders(): void {
    const { map, memory, training, trainIds, classes } = this.#spec;
    const { sampler } = training;
    // A stream's loader writes the order of each step.
    if (map.stream !== null) return;
    const epoch = Math.floor(this.step / this.#stepsPerEpoch);
    const last = Math.min(epoch + map.orderCount, Math.ceil(Math.max(1, this.#target) / this.#stepsPerEpoch) + 1);
    for (; this.#epochsReady < last; this.#epochsReady++) {
      const byteOffset = map.orders + (this.#epochsReady % map.orderCount) * map.orderBytes;
      const order = new Uint32Array(memory.buffer, byteOffset, trainIds.length);
      epochOrder(sampler, this.#epochsReady, order, classes);
      for (let i = 0; i < order.length; i++) order[i] = trainIds[order[i]];
    }
  }

  #isHeldOrHalted(): boolean {
    return this.#machine.isHeld || ctlPhase(this.#machine.ctl) === PHASE.halt;
  }

  /** Chunk claims of a step only ever go up in phase. */
  #refuseEarlierPhase(phase: number): void {
    const { step } = this;
    if (this.#evaluated.step === step && phase <= this.#evaluated.phase) {
      throw new Error(
        `evaluate: expected a phase after ${PHASE_NAMES[this.#evaluated.phase]} at step ${step}, got ${PHASE_NAMES[phase]}`,
      );
    }
    this.#evaluated = { step, phase };
  }

  /** What the last committed step has met. A step that met nothing is halted for its numbers, and is not committed. */
  #metUntil(): UntilReason | undefined {
    const { map, training } = this.#spec;
    if (training.until === null || this.step === 0) return undefined;
    return metUntil(training.until, this.#views.records, this.#views.recordAt(this.step - 1), map.ranges.count);
  }

  /** What `until.plateau` remembers of the committed steps. */
  get leastLoss(): LeastLoss {
    return this.leastLossAt(this.step);
  }

  /** The same of the steps before `step`, whose records are read but not written over yet. */
  leastLossAt(step: number): LeastLoss {
    if (step === 0) return NO_LOSS;
    const record = this.#views.recordAt(step - 1);
    const { records } = this.#views;
    return {
      least: records[record + RECORD_CELLS.leastLoss],
      stepsSince: records[record + RECORD_CELLS.stepsSinceLeastLoss],
    };
  }

  /** The next step reads what is remembered out of the record of the step before. */
  #writeLeastLoss(step: number, { least, stepsSince }: LeastLoss): void {
    const record = this.#views.recordAt(step);
    this.#views.records[record + RECORD_CELLS.leastLoss] = least;
    this.#views.records[record + RECORD_CELLS.stepsSinceLeastLoss] = stepsSince;
  }

  #describeHalt(): RunError {
    return new RunError(findNotFinite(this.#spec, this.#views, this.step));
  }
}
