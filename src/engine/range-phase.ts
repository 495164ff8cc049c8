// A range of the parameters: V shard gradients + the old generation → the new generation. Worker, under the range's claim.
import type { KernelSet } from '../kernels/kernel-set.ts';
import { createOptimizer, type Optimizer, type RangeUpdate } from '../optim/optimizer.ts';
import { createSchedule, type Schedule } from '../optim/schedules.ts';
import { cutSegments, planSegments, type Segment, type SegmentRule } from '../optim/segments.ts';
import { describeStates } from '../optim/states.ts';
import type { Plan } from '../plan/plan.ts';
import { hasLedgerRow, hasNoiseEstimate, type TrainingSpec } from './job.ts';
import { HASH_CELLS, type MemoryMap, RECORD_CELLS, STRETCH_CELLS } from './memory-map.ts';
import { clockMs, type PhaseClock, TIMED } from './phase-clock.ts';
import { PHASE } from './protocol-words.ts';
import { RangeHashes } from './range-hashes.ts';
import { rangeLength } from './ranges.ts';
import { RECORD_RANGES, type SharedViews } from './shared-views.ts';
import { StepTotals } from './step-totals.ts';
import { treeTotal } from './tree.ts';
import { type LeastLoss, metUntil, NO_LOSS, nextLeastLoss, type UntilReason } from './until.ts';

/** In the place of a range's sum of squares, which is never below 0: the gradient is finite, the new parameters are not. */
export const UPDATE_OVERFLOW = Number.NEGATIVE_INFINITY;

/** PyTorch's clip_grad_norm_ adds it to the norm. */
const CLIP_EPSILON = 1e-6;

/**
 * Reduces and updates ranges, each segment of one by its own rule. Doing a range again gives the same bytes: the gradient is summed into
 * the worker's own memory, and the old generation is only read. The gradient goes through these in turn: the tree sum, 1 / denominator,
 * `clip.value`, `clip.norm`, the optimizer; then the average follows the new parameters.
 */
export class RangePhase {
  readonly totals: StepTotals;
  readonly #kernels: KernelSet['kernels'];
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #training: TrainingSpec;
  readonly #clock: PhaseClock;
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  /** By range. */
  readonly #segments: readonly (readonly Segment[])[];
  readonly #averageArray: number | null;
  readonly #own: { range: number; slots: number; tree: number };
  readonly #update: RangeUpdate;
  /** New parameters of the range that are no numbers. */
  #notFinite = 0;
  /** Of the range's scaled gradient before `clip.value`. */
  #unclampedSquares = 0;
  readonly #hashes: RangeHashes;

  constructor(
    plan: Plan,
    kernels: KernelSet,
    memory: WebAssembly.Memory,
    map: MemoryMap,
    views: SharedViews,
    training: TrainingSpec,
    clock: PhaseClock,
    seat: number,
  ) {
    const own = map.seats + seat * map.seatStride;
    this.#own = { range: own + map.seatRange, slots: own + map.seatSlots, tree: own + map.seatTree };
    this.totals = new StepTotals(map, views, training, new Uint32Array(memory.buffer, this.#own.slots, map.shards));
    this.#kernels = kernels.kernels;
    this.#hashes = new RangeHashes(kernels.kernels, map, views, training.ledger);
    this.#map = map;
    this.#views = views;
    this.#training = training;
    this.#clock = clock;
    const { optimizer, schedule, totalSteps, averaging } = training;
    this.#optimizer = createOptimizer(optimizer);
    this.#schedule = createSchedule(schedule, optimizer.lr, totalSteps);
    this.#segments = segmentsByRange(plan, map, training, this.#optimizer);
    this.#averageArray = describeStates(optimizer, averaging).averageArray;
    const arrays = 1 + map.stateCount;
    this.#update = {
      step: 0,
      lr: 0,
      weightDecay: 0,
      elements: 0,
      gradient: 0,
      from: new Float64Array(arrays),
      to: new Float64Array(arrays),
    };
  }

  /** NORM: the range's sum into `reduced`, scaled; UPDATE: the range of the new generation, and the record's cells. */
  run(step: number, phase: number, index: number): void {
    const totals = this.totals.read(step);
    const segments = this.#segments[index];
    const start = this.#map.ranges.starts[index];
    const record = this.#views.recordAt(step);
    const squares = record + RECORD_RANGES + index;
    this.#hashes.begin(record, index, hasLedgerRow(this.#training.ledger, step));
    if (phase === PHASE.norm) {
      this.#clock.mark(TIMED.reduce);
      this.#views.records[squares] = this.#reduce(this.#map.reduced, 0, segments);
      this.#writeNoise(step, record, index);
      return;
    }
    const { hasNorm } = this.#map.words;
    this.#clock.mark(hasNorm ? TIMED.update : TIMED.reduce);
    const lr = this.#learningRate(step);
    if (index === 0) this.#writeRecord(record, step, lr);
    if (!hasNorm) {
      this.#views.records[squares] = this.#reduce(this.#own.range, start, segments);
      this.#writeNoise(step, record, index);
    }
    this.#clock.mark(TIMED.update);
    const clipFactor = hasNorm ? this.#clipFactor(record) : 1;
    this.#notFinite = 0;
    this.#hashes.clear(HASH_CELLS.weights);
    this.#hashes.clear(HASH_CELLS.state);
    for (const segment of segments) {
      this.#placeSegment(step, segment);
      if (totals.denominator === 0 || segment.rule.kind === 'frozen') this.#copySegment(segment);
      else if (segment.rule.kind === 'statistic') this.#moveStatistic(segment, segment.rule.momentum);
      else this.#optimize(segment, segment.rule, start, lr, clipFactor);
      this.#hashes.addStates(this.#update.to, segment);
    }
    // Not committed then: the weights that the step began with stay the last good ones.
    const { records } = this.#views;
    if (this.#notFinite > 0 && Number.isFinite(records[squares])) records[squares] = UPDATE_OVERFLOW;
    this.#hashes.end();
  }

  /**
   * The tree sum of the slots' segments, times 1 / denominator and within `clip.value`, from the address `out` of element `start` on;
   * returns its sum of squares. What is frozen is left out, and so are statistics, which have no gradient.
   */
  #reduce(out: number, start: number, segments: readonly Segment[]): number {
    const { filledShards, denominator } = this.totals;
    const clipValue = this.#training.clip?.value;
    let squares = 0;
    this.#unclampedSquares = 0;
    this.#hashes.clear(HASH_CELLS.gradient);
    for (const { elementOffset, elements, rule } of segments) {
      if (rule.kind !== 'update') continue;
      const at = out + (elementOffset - start) * 4;
      this.#kernels.treeSum(at, this.#own.slots, filledShards, elementOffset * 4, elements, this.#own.tree);
      let sum = this.#kernels.scaleSquareSum(at, denominator === 0 ? 0 : 1 / denominator, elements);
      this.#unclampedSquares += sum;
      // An infinite gradient stays one in the sum, so that the run halts: clamped it would look like any other.
      if (clipValue !== undefined && Number.isFinite(sum)) sum = this.#kernels.clampSquareSum(at, clipValue, elements);
      squares += sum;
      this.#hashes.add(HASH_CELLS.gradient, at, elementOffset, elements);
    }
    return squares;
  }

  /**
   * Of the range, in steps that give an estimate: the shards' sums of squares and the whole gradient's, of what is trained. After `#reduce`,
   * which has just read the same slots: they may lie in L2 still.
   */
  #writeNoise(step: number, record: number, index: number): void {
    if (!hasNoiseEstimate(this.#training, step)) return;
    let squares = 0;
    for (const { elementOffset, elements, rule } of this.#segments[index]) {
      if (rule.kind !== 'update') continue;
      squares += this.totals.noiseSquares((slot) => this.#kernels.squareSum(slot + elementOffset * 4, elements));
    }
    const { records } = this.#views;
    const { noiseCells, ranges } = this.#map;
    records[record + noiseCells + index] = squares;
    records[record + noiseCells + ranges.count + index] = this.#unclampedSquares;
  }

  #placeSegment(step: number, { elementOffset, elements }: Segment): void {
    const update = this.#update;
    const { generations, arrayBytes } = this.#map;
    update.step = step;
    update.elements = elements;
    for (let array = 0; array < update.from.length; array++) {
      const offset = array * arrayBytes + elementOffset * 4;
      update.from[array] = generations[step & 1] + offset;
      update.to[array] = generations[(step + 1) & 1] + offset;
    }
  }

  #copySegment({ elementOffset }: Segment): void {
    const { from, to, elements } = this.#update;
    for (let array = 0; array < from.length; array++) this.#kernels.copy(to[array], from[array], elements);
    this.#hashes.add(HASH_CELLS.weights, to[0], elementOffset, elements);
  }

  #optimize(
    { elementOffset, elements }: Segment,
    rule: Extract<SegmentRule, { kind: 'update' }>,
    start: number,
    lr: number,
    clipFactor: number,
  ): void {
    const update = this.#update;
    const own = this.#own.range + (elementOffset - start) * 4;
    const reduced = this.#map.reduced + elementOffset * 4;
    update.gradient = this.#map.words.hasNorm && !(clipFactor < 1) ? reduced : own;
    if (clipFactor < 1) this.#kernels.scale(own, reduced, clipFactor, elements);
    const base = this.#training.optimizer.lr;
    // The schedule's factor for every group; where there is none, each has exactly its own rate.
    update.lr = rule.lr === base ? lr : lr === base ? rule.lr : rule.lr * (lr / base);
    update.weightDecay = rule.weightDecay;
    this.#optimizer.update(this.#kernels, update);
    this.#notFinite += this.#hashes.isOn
      ? this.#hashes.add(HASH_CELLS.weights, update.to[0], elementOffset, elements)
      : this.#kernels.countNotFinite(update.to[0], elements);
    this.#average();
  }

  /**
   * The mean over the global batch of what the shards saw, each weighted with its samples; the statistic goes that way by `momentum`
   * (PyTorch's: the new value's share). The optimizer's states stay, the average is the statistic itself.
   */
  #moveStatistic({ elementOffset, elements }: Segment, momentum: number): void {
    const { from, to } = this.#update;
    const { filledShards, samples } = this.totals;
    const seen = this.#own.range;
    this.#kernels.treeSum(seen, this.#own.slots, filledShards, elementOffset * 4, elements, this.#own.tree);
    this.#kernels.scale(seen, seen, 1 / samples, elements);
    this.#kernels.movingAverage(to[0], from[0], seen, elements, 1 - momentum);
    for (let array = 1; array < to.length; array++) {
      this.#kernels.copy(to[array], array === this.#averageArray ? to[0] : from[array], elements);
    }
    this.#hashes.add(HASH_CELLS.weights, to[0], elementOffset, elements);
  }

  #average(): void {
    const { averaging } = this.#training;
    const array = this.#averageArray;
    if (averaging === undefined || array === null) return;
    const { from, to, elements } = this.#update;
    this.#kernels.movingAverage(to[array], from[array], to[0], elements, averaging.ema);
  }

  /** What the gradient is multiplied by where it is below 1: NaN, for a norm that is none, is not. */
  #clipFactor(record: number): number {
    return this.#training.clip!.norm! / (this.#gradientNorm(record) + CLIP_EPSILON);
  }

  /** The 2-norm of the whole scaled gradient, by the fixed tree over the ranges' cells. */
  #gradientNorm(record: number): number {
    const { records } = this.#views;
    return Math.sqrt(treeTotal(this.#map.ranges.count, (r) => records[record + RECORD_RANGES + r]));
  }

  /** Of the parameters in no group. The coordinator writes the factor at the gate only: every worker reads the same one in a step. */
  #learningRate(step: number): number {
    const lr = this.#schedule(step);
    if (this.#training.schedule?.name !== 'reduceOnPlateau') return lr;
    return lr * this.#views.stretch[STRETCH_CELLS.lrFactor];
  }

  #writeRecord(record: number, step: number, lr: number): void {
    const { records } = this.#views;
    const { lossNumerator, denominator, correct, counted, samples } = this.totals;
    records[record + RECORD_CELLS.step] = step;
    records[record + RECORD_CELLS.time] = clockMs();
    records[record + RECORD_CELLS.lossNumerator] = lossNumerator;
    records[record + RECORD_CELLS.denominator] = denominator;
    records[record + RECORD_CELLS.correct] = correct;
    records[record + RECORD_CELLS.counted] = counted;
    records[record + RECORD_CELLS.samples] = samples;
    records[record + RECORD_CELLS.lr] = lr;
    records[record + RECORD_CELLS.isSkipped] = denominator === 0 ? 1 : 0;
    const hasNoise = hasNoiseEstimate(this.#training, step) && denominator !== 0;
    records[record + RECORD_CELLS.noiseShards] = hasNoise ? this.totals.noiseShards : 0;
    records[record + RECORD_CELLS.noiseSamples] = this.totals.noiseSamples;
    const { least, stepsSince } = this.#leastLoss(step, lossNumerator / denominator);
    records[record + RECORD_CELLS.leastLoss] = least;
    records[record + RECORD_CELLS.stepsSinceLeastLoss] = stepsSince;
  }

  /** From the record of the step before, which the ring still has. */
  #leastLoss(step: number, loss: number): LeastLoss {
    const { records } = this.#views;
    const previous = this.#views.recordAt(step - 1);
    const before: LeastLoss =
      step === 0
        ? NO_LOSS
        : {
            least: records[previous + RECORD_CELLS.leastLoss],
            stepsSince: records[previous + RECORD_CELLS.stepsSinceLeastLoss],
          };
    return nextLeastLoss(before, loss, this.#training.until?.plateau?.minDelta ?? 0);
  }

  /** The condition of `until` that `step`, whose ranges are all done, has met. */
  metUntil(step: number): UntilReason | undefined {
    const { until } = this.#training;
    if (until === null) return undefined;
    return metUntil(until, this.#views.records, this.#views.recordAt(step), this.#map.ranges.count);
  }

  /** Whether every range's gradient of `step`, and in UPDATE its new parameters, are made of numbers: the range's cell shows it. */
  isFinite(step: number): boolean {
    const first = this.#views.recordAt(step) + RECORD_RANGES;
    for (let r = 0; r < this.#map.ranges.count; r++) {
      if (!Number.isFinite(this.#views.records[first + r])) return false;
    }
    return true;
  }
}

/** Each range's segments, cut at its ends. */
function segmentsByRange(
  { parameters, statistics, parameterElements }: Plan,
  { ranges }: MemoryMap,
  { optimizer }: TrainingSpec,
  { needsWholeParameters = false }: Optimizer,
): Segment[][] {
  const segments = planSegments({
    parameters,
    statistics,
    parameterElements,
    optimizer,
    isByParameter: needsWholeParameters,
  });
  return ranges.starts.map((start, index) =>
    cutSegments(segments, start, start + rangeLength(ranges, parameterElements, index)),
  );
}
