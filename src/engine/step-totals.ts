// The published slots of a step → what every worker must agree on: which buffers count, loss sums, counts. Worker.
import { stepBatch } from '../data/sampler.ts';
import { currentWord64 } from './atomics.ts';
import type { TrainingSpec } from './job.ts';
import { COUNTED_CELL, type MemoryMap } from './memory-map.ts';
import { slotBuffer } from './protocol-words.ts';
import type { SharedViews } from './shared-views.ts';
import { treeTotal } from './tree.ts';

/** The sums of one step, each by the fixed tree over its shards; read from the slots once a step and worker. */
export class StepTotals {
  lossNumerator = 0;
  denominator = 0;
  correct = 0;
  /** Labels that count: the denominator, where the loss has no cell of its own for them. */
  counted = 0;
  samples = 0;
  /** Shards with samples: a prefix, as shard v gets ⌊B/V⌋ samples and the first ones get one more. */
  filledShards = 0;
  /** Shards with samples that count, where there are two at least; and the samples in them. @see experiment/noise-scale.ts */
  noiseShards = 0;
  noiseSamples = 0;
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #training: TrainingSpec;
  readonly #slotAddresses: Uint32Array;
  readonly #buffers: Uint32Array;
  #step = -1;

  /** @param slotAddresses the worker's table (V) for the kernel `treeSum`. */
  constructor(map: MemoryMap, views: SharedViews, training: TrainingSpec, slotAddresses: Uint32Array) {
    this.#map = map;
    this.#views = views;
    this.#training = training;
    this.#slotAddresses = slotAddresses;
    this.#buffers = new Uint32Array(map.shards);
  }

  /** Reads the slots of `step`, all of which are published: nobody changes them before the step is committed. */
  read(step: number): this {
    if (step === this.#step) return this;
    this.#step = step;
    const { gradients, gradientStride, shards, words, sumCells } = this.#map;
    this.filledShards = Math.min(stepBatch(this.#training.sampler, step).count, shards);
    for (let v = 0; v < this.filledShards; v++) {
      const buffer = slotBuffer(currentWord64(this.#views.words64, words.slots + v));
      this.#buffers[v] = buffer;
      this.#slotAddresses[v] = gradients + buffer * gradientStride;
    }
    this.lossNumerator = this.#total(0);
    this.denominator = this.#total(1);
    this.correct = this.#total(2);
    this.counted = sumCells > COUNTED_CELL ? this.#total(COUNTED_CELL) : this.denominator;
    this.samples = this.#total(sumCells);
    this.#countNoise();
    return this;
  }

  /** The weighted sum over the shards of what `squaresAt` gives for the address of each one's gradient: Σ n ‖g / d‖², d its denominator. */
  noiseSquares(squaresAt: (gradient: number) => number): number {
    return treeTotal(this.filledShards, (v) => {
      const [denominator, samples] = this.#noiseCounts(v);
      return denominator === 0 ? 0 : (samples / (denominator * denominator)) * squaresAt(this.#slotAddresses[v]);
    });
  }

  #countNoise(): void {
    this.noiseShards = 0;
    this.noiseSamples = 0;
    for (let v = 0; v < this.filledShards; v++) {
      const [denominator, samples] = this.#noiseCounts(v);
      if (denominator === 0) continue;
      this.noiseShards++;
      this.noiseSamples += samples;
    }
    if (this.noiseShards < 2) this.noiseShards = 0;
  }

  #noiseCounts(v: number): [denominator: number, samples: number] {
    const tail = this.#views.gradientTail(this.#buffers[v]);
    return [tail[1], tail[this.#map.sumCells]];
  }

  #total(cell: number): number {
    return treeTotal(this.filledShards, (v) => this.#views.gradientTail(this.#buffers[v])[cell]);
  }
}
