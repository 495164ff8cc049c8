// A prepared memory and its workers → steps done, parts evaluated, states read. The coordinator's thread; it is not on the path.
import { setTimeout as delay } from 'node:timers/promises';
import { epochOrder, stepsPerEpoch } from '../data/sampler.ts';
import { packPlan } from '../plan/plan.ts';
import { bump, changeOf, currentWord32, currentWord64, isAsleep, perform, publishWord32 } from './atomics.ts';
import { type Coordinator, coordinatorNext, createCoordinator, isQuiet } from './coordinator-machine.ts';
import type { EngineSpec, Evaluation, EvaluationTotals, ShardTimes } from './engine-spec.ts';
import { forgetEarlierFaults } from './faults.ts';
import { findNotFinite } from './find-not-finite.ts';
import { READER, releaseHold, takeHold } from './hold.ts';
import { COUNTED_CELL, RECORD_CELLS, SEAT_CELLS, STRETCH_CELLS } from './memory-map.ts';
import { clockMs } from './phase-clock.ts';
import {
  beatWord,
  ctlPhase,
  ctlStep,
  initializeWords,
  OP,
  PHASE,
  PHASE_NAMES,
  SEAT,
  seatWord,
  slotBuffer,
} from './protocol-words.ts';
import type { Reader } from './reader-machine.ts';
import { DEFAULT_RECOVERY, describeCause, RestartLimit, SeatWatch } from './recovery.ts';
import { RunError } from './run-error.ts';
import { attachViews, type SharedViews } from './shared-views.ts';
import { type CommittedStep, StepRecords } from './step-records.ts';
import { treeTotal } from './tree.ts';
import { type LeastLoss, metUntil, NO_LOSS, type UntilReason } from './until.ts';
import { describePlace, describeRecovery, type WorkerLoss } from './worker-loss.ts';

// The coordinator is rung when a worker parks; the timer only bounds how long records lie and failures go unseen.
const POLL_MS = 20;
// A belt behind the watch over each worker: nothing at all has moved for so long.
const LIFELESS_MS = 120_000;
// JavaScript ends within milliseconds of being told; a native call that does not return cannot be ended.
const TERMINATION_MS = 10_000;
// About 20 µs: longer than the gaps inside a step, shorter than what a sleep and a wake-up cost.
const SPIN_TURNS = 2000;

/** Runs the step protocol over the workers of a pool. */
export class Engine {
  readonly #spec: EngineSpec;
  readonly #views: SharedViews;
  readonly #machine: Coordinator;
  readonly #records: StepRecords;
  readonly #stepsPerEpoch: number;
  readonly #tasks: (Promise<void> | undefined)[] = [];
  readonly #watch: SeatWatch;
  readonly #restarts: RestartLimit;
  /** By seat: what became of its task, between its end and the sweep. */
  readonly #lost: (WorkerLoss | undefined)[] = [];
  /** By seat: why and when it was told to end where it is. */
  readonly #terminated: ({ cause: string; atMs: number } | undefined)[] = [];
  readonly #killsSeen: number[] = [];
  /** Seats that there shall be: 0 up to this. */
  #seats: number;
  #running: number;
  #target = 0;
  #epochsReady = 0;
  #failure: RunError | undefined;
  #life = { signs: 0, sinceMs: 0 };
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
    const rules = spec.recovery ?? DEFAULT_RECOVERY;
    this.#watch = new SeatWatch(spec.map.maxWorkers, rules);
    this.#restarts = new RestartLimit(rules);
    this.#seats = spec.pool.workers;
    this.#running = this.#seats;
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
    for (let seat = 0; seat < this.#seats; seat++) this.#seatWorker(seat);
    this.#writeOrders();
    this.#spec.loader?.start((error) => this.fail(error));
    await this.#settle(() => this.#machine.parked === this.#seats && this.#hasSamples());
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
    this.#running = Math.max(1, Math.min(count, this.#seats));
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
    return Array.from({ length: this.#seats }, (_, worker) => {
      const cells = this.#views.seatCells(worker);
      return { worker, shards: cells[SEAT_CELLS.shards], totalMs: cells[SEAT_CELLS.shardMs] };
    });
  }

  /** Workers that there are or, after `resize`, are about to be. */
  get workers(): number {
    return this.#seats;
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
    this.#seats = count;
    this.#running = count;
    this.#machine.mostRunning = maxWorkers;
    this.#records.running = count;
    for (let seat = 0; seat < maxWorkers; seat++) {
      this.#machine.leaving[seat] = seat < count ? 0 : 1;
      if (seat < count && this.#machine.live[seat] === 0) this.#seatWorker(seat);
    }
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
    const { seats, live } = this.#machine;
    // A thread that still loads its code, or computes, is not waited for.
    const leaving = this.#tasks.filter((_, seat) => live[seat] === 1 && seats[seat] === SEAT.parked);
    if (this.#failure === undefined && this.#machine.running === 0) await Promise.allSettled(leaving);
    await Promise.race([this.#spec.pool.destroy(), delay(TERMINATION_MS, undefined, { ref: false })]);
  }

  #seatWorker(seat: number): void {
    const { pool, memory, module, build, blas, plan, map, training, cores, faults = [] } = this.#spec;
    const { words } = map;
    this.#views.words32[seatWord(words, seat)] = SEAT.boot;
    this.#machine.live[seat] = 1;
    this.#watch.forget(seat);
    const spinTurns = this.#seats <= cores ? SPIN_TURNS : 0;
    const job = { seat, memory, module, build, blas, plan: packPlan(plan), map, training, spinTurns, faults };
    this.#tasks[seat] = pool.run(job).then(
      () => this.#noteEnd(seat, undefined),
      (error: Error) => this.#noteEnd(seat, error),
    );
  }

  /** Nothing of the seat's thread runs any more: its claims are swept at the next look, whatever is going on. */
  #noteEnd(seat: number, error: Error | undefined): void {
    const { words } = this.#spec.map;
    const wasParked = currentWord32(this.#views.words32, seatWord(words, seat)) !== SEAT.run;
    if (error !== undefined) this.#lost[seat] = { error, ...this.#placeOf(seat, wasParked) };
    this.#machine.gone[seat] = 1;
    bump(this.#views.words32, words.coordBell);
  }

  /** Where the worker of a seat was when it was lost. */
  #placeOf(seat: number, wasParked: boolean): Pick<WorkerLoss, 'step' | 'phase' | 'index' | 'beganAt'> {
    const cells = this.#views.seatCells(seat);
    const isNew = wasParked && this.#machine.dealt[seat] === 0;
    const index = isNew ? -1 : cells[SEAT_CELLS.index];
    return {
      step: index < 0 ? this.step : cells[SEAT_CELLS.step],
      phase:
        index >= 0 ? PHASE_NAMES[cells[SEAT_CELLS.phase]] : isNew ? 'BOOT' : wasParked ? 'GATE' : this.#phaseName(),
      index,
      beganAt: index < 0 ? clockMs() - this.#watch.quietMs(seat) : cells[SEAT_CELLS.beganAt],
    };
  }

  #phaseName(): string {
    return PHASE_NAMES[ctlPhase(currentWord64(this.#views.words64, this.#spec.map.words.ctl))];
  }

  /** The claims of a seat are free again: a new worker takes it, as long as there shall be one and the run may go on. */
  #afterSweep(seat: number): void {
    const loss = this.#lost[seat];
    const terminated = this.#terminated[seat];
    this.#lost[seat] = undefined;
    this.#terminated[seat] = undefined;
    // Whoever is ended because the run is over is no loss, and nobody takes its seat.
    if (this.#machine.mustStop) return;
    if (loss !== undefined) {
      const cause = terminated?.cause ?? describeCause(loss.error);
      if (!this.#restarts.add(clockMs())) {
        this.#fail(this.#describeLoss(seat, loss, cause), loss.error);
        return;
      }
      this.#spec.onRecovery?.(describeRecovery(seat, loss, cause));
    }
    if (seat < this.#seats) this.#seatWorker(seat);
    else void this.#spec.pool.release(seat);
  }

  #fail(message: string, cause?: Error): void {
    this.#failure ??= new RunError(`${message}; step ${this.step} is the last good state`, { cause });
  }

  /** Ends a worker's thread; what it had claimed is free when it is gone. */
  #terminate(seat: number, cause: string): void {
    if (this.#terminated[seat] !== undefined) return;
    this.#terminated[seat] = { cause, atMs: clockMs() };
    this.#spec.pool.terminate(seat);
  }

  /** Looks at everything again and again, woken by the workers, until `isDone`. */
  async #settle(isDone: () => boolean): Promise<void> {
    const { words32 } = this.#views;
    const { coordBell } = this.#spec.map.words;
    this.#life = { signs: -1, sinceMs: 0 };
    // Between two calls nobody looked.
    this.#watch.look(clockMs());
    for (;;) {
      const bell = currentWord32(words32, coordBell);
      this.#readRecords(false);
      this.#writeOrders();
      this.#machine.goal = BigInt(this.#limit());
      this.#pump();
      if (this.#failure !== undefined) throw this.#failure;
      if (isDone()) return;
      this.#watchSeats();
      this.#checkLife();
      await changeOf(words32, coordBell, bell, POLL_MS);
    }
  }

  #pump(): void {
    for (;;) {
      const op = coordinatorNext(this.#machine);
      if (op === OP.rest) return;
      if (op === OP.freed) this.#afterSweep(this.#machine.index);
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
    this.#watch.addStep(record.stepMs);
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

  /** Ends the threads of workers that are stuck. */
  #watchSeats(): void {
    const { words, maxWorkers } = this.#spec.map;
    const { words32 } = this.#views;
    const now = clockMs();
    this.#watch.look(now);
    for (let seat = 0; seat < maxWorkers; seat++) {
      if (this.#machine.live[seat] === 0 || this.#machine.gone[seat] === 1) continue;
      const terminated = this.#terminated[seat];
      if (terminated !== undefined && now - terminated.atMs > TERMINATION_MS) {
        this.#fail(
          `worker ${seat}: ${terminated.cause}; its thread was told to end and is in a native call that does not return`,
        );
        throw this.#failure;
      }
      const kills = this.#views.seatCells(seat)[SEAT_CELLS.killAsked];
      if (kills !== (this.#killsSeen[seat] ?? 0)) this.#terminate(seat, 'it was terminated, as a fault asked for');
      this.#killsSeen[seat] = kills;
      const state = currentWord32(words32, seatWord(words, seat));
      const isWorking = state === SEAT.run && !isAsleep(words32, words.sleepers, seat);
      const sign = currentWord32(words32, beatWord(words, seat)) + state;
      const life = state === SEAT.boot ? 'boot' : isWorking ? 'run' : 'idle';
      if (!this.#watch.isStuck(seat, sign, life)) continue;
      this.#terminate(seat, `no sign of life for ${this.#watch.quietMs(seat).toFixed(0)} ms`);
    }
  }

  /** @throws RunError where nothing at all has moved for the longest time. */
  #checkLife(): void {
    const { words, maxWorkers } = this.#spec.map;
    let signs = Number(BigInt.asUintN(32, currentWord64(this.#views.words64, words.ctl)));
    for (let seat = 0; seat < maxWorkers; seat++) {
      signs += currentWord32(this.#views.words32, beatWord(words, seat));
      signs += currentWord32(this.#views.words32, seatWord(words, seat));
    }
    const now = clockMs();
    if (signs !== this.#life.signs) this.#life = { signs, sinceMs: now };
    else if (now - this.#life.sinceMs > LIFELESS_MS) {
      const seat = Math.max(
        0,
        this.#machine.seats.findIndex((state, s) => this.#machine.live[s] === 1 && state !== SEAT.parked),
      );
      const place = this.#placeOf(seat, false);
      this.#fail(`${describePlace(seat, place)}: no sign of life of anybody for ${LIFELESS_MS / 1000} s`);
      throw this.#failure;
    }
  }

  /** The reason of a run that ends because too many workers were lost. */
  #describeLoss(seat: number, loss: WorkerLoss, cause: string): string {
    // A task that threw names its own place; a thread that is gone left it in its cells.
    const what = cause.startsWith(`worker ${seat},`) ? cause : `${describePlace(seat, loss)}: ${cause}`;
    return `${what}; ${this.#restarts.describe()}`;
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
