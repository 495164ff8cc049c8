// A range of the parameters: V shard gradients + the old generation → the new generation. Worker, under the range's claim.
import type { KernelSet } from '../kernels/kernel-set.ts';
import { createOptimizer, type Optimizer, type RangeUpdate } from '../optim/optimizer.ts';
import type { TrainingSpec } from './job.ts';
import { type MemoryMap, RECORD_CELLS } from './memory-map.ts';
import { clockMs, type PhaseClock, TIMED } from './phase-clock.ts';
import { PHASE } from './protocol-words.ts';
import { rangeLength } from './ranges.ts';
import { RECORD_RANGES, type SharedViews } from './shared-views.ts';
import { StepTotals } from './step-totals.ts';
import { treeTotal } from './tree.ts';

/** PyTorch's clip_grad_norm_ adds it to the norm. */
const CLIP_EPSILON = 1e-6;

/**
 * Reduces and updates ranges. Doing one again gives the same bytes: the gradient is summed into the worker's own memory,
 * and the old generation is only read.
 */
export class RangePhase {
  readonly totals: StepTotals;
  readonly #kernels: KernelSet['kernels'];
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #training: TrainingSpec;
  readonly #clock: PhaseClock;
  readonly #parameterElements: number;
  readonly #optimizer: Optimizer;
  readonly #own: { range: number; slots: number; tree: number };
  readonly #update: RangeUpdate;

  constructor(
    parameterElements: number,
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
    this.#map = map;
    this.#views = views;
    this.#training = training;
    this.#clock = clock;
    this.#parameterElements = parameterElements;
    this.#optimizer = createOptimizer(training.optimizer);
    const arrays = 1 + map.stateCount;
    this.#update = {
      step: 0,
      lr: 0,
      elements: 0,
      gradient: 0,
      from: new Float64Array(arrays),
      to: new Float64Array(arrays),
    };
  }

  /** NORM: the range's sum into `reduced`, scaled; UPDATE: the range of the new generation, and the record's cells. */
  run(step: number, phase: number, index: number): void {
    const totals = this.totals.read(step);
    const elements = rangeLength(this.#map.ranges, this.#parameterElements, index);
    const elementOffset = index * this.#map.ranges.elements;
    const record = this.#views.recordAt(step);
    const squares = record + RECORD_RANGES + index;
    if (phase === PHASE.norm) {
      this.#clock.mark(TIMED.reduce);
      this.#views.records[squares] = this.#reduce(this.#map.reduced + elementOffset * 4, elementOffset, elements);
      return;
    }
    const hasNorm = this.#training.clipNorm !== null;
    this.#clock.mark(hasNorm ? TIMED.update : TIMED.reduce);
    if (index === 0) this.#writeRecord(record, step);
    if (!hasNorm) this.#views.records[squares] = this.#reduce(this.#own.range, elementOffset, elements);
    this.#clock.mark(TIMED.update);
    this.#placeRange(step, elementOffset, elements);
    if (totals.denominator === 0) this.#copyRange();
    else this.#optimize(record, elementOffset, elements);
  }

  /** The tree sum of the slots' range, times 1 / denominator, at `out`; returns its sum of squares. */
  #reduce(out: number, elementOffset: number, elements: number): number {
    const { filledShards, denominator } = this.totals;
    this.#kernels.treeSum(out, this.#own.slots, filledShards, elementOffset * 4, elements, this.#own.tree);
    return this.#kernels.scaleSquareSum(out, denominator === 0 ? 0 : 1 / denominator, elements);
  }

  #placeRange(step: number, elementOffset: number, elements: number): void {
    const update = this.#update;
    const { generations, arrayBytes } = this.#map;
    update.step = step;
    update.lr = this.#learningRate();
    update.elements = elements;
    for (let array = 0; array < update.from.length; array++) {
      const offset = array * arrayBytes + elementOffset * 4;
      update.from[array] = generations[step & 1] + offset;
      update.to[array] = generations[(step + 1) & 1] + offset;
    }
  }

  #copyRange(): void {
    const { from, to, elements } = this.#update;
    for (let array = 0; array < from.length; array++) this.#kernels.copy(to[array], from[array], elements);
  }

  #optimize(record: number, elementOffset: number, elements: number): void {
    const { clipNorm } = this.#training;
    this.#update.gradient = this.#own.range;
    if (clipNorm !== null) {
      const reduced = this.#map.reduced + elementOffset * 4;
      const factor = clipNorm / (this.#gradientNorm(record) + CLIP_EPSILON);
      if (factor < 1) this.#kernels.scale(this.#own.range, reduced, factor, elements);
      else this.#update.gradient = reduced;
    }
    this.#optimizer.update(this.#kernels, this.#update);
  }

  /** The 2-norm of the whole scaled gradient, by the fixed tree over the ranges' cells. */
  #gradientNorm(record: number): number {
    const { records } = this.#views;
    return Math.sqrt(treeTotal(this.#map.ranges.count, (r) => records[record + RECORD_RANGES + r]));
  }

  #learningRate(): number {
    return this.#training.optimizer.lr;
  }

  #writeRecord(record: number, step: number): void {
    const { records } = this.#views;
    const { lossNumerator, denominator, correct, counted, samples } = this.totals;
    records[record + RECORD_CELLS.step] = step;
    records[record + RECORD_CELLS.time] = clockMs();
    records[record + RECORD_CELLS.lossNumerator] = lossNumerator;
    records[record + RECORD_CELLS.denominator] = denominator;
    records[record + RECORD_CELLS.correct] = correct;
    records[record + RECORD_CELLS.counted] = counted;
    records[record + RECORD_CELLS.samples] = samples;
    records[record + RECORD_CELLS.lr] = this.#learningRate();
    records[record + RECORD_CELLS.isSkipped] = denominator === 0 ? 1 : 0;
  }

  /** Whether every range's gradient of `step` is made of numbers: NaN and infinities show in a sum of squares. */
  isFinite(step: number): boolean {
    const first = this.#views.recordAt(step) + RECORD_RANGES;
    for (let r = 0; r < this.#map.ranges.count; r++) {
      if (!Number.isFinite(this.#views.records[first + r])) return false;
    }
    return true;
  }
}
