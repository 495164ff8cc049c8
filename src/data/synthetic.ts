// (seed, sizes) → made-up samples to classify or to regress on, the same ones on every machine; coordinator.

import { philox4x32 } from '../kernels/philox.ts';
import { PURPOSE } from '../kernels/purpose.ts';
import { type Source, sampleElements } from './source.ts';

/** `classes` or `outputs`, one of the two. */
export interface SyntheticOptions {
  samples: number;
  features: number | readonly number[];
  classes?: number;
  outputs?: number;
  noise: number;
}

/** What is drawn: the second word of the counter. The third is the sample id (or the class, or the output). */
export const DRAW = { centre: 0, deviation: 1, weight: 2, input: 3, error: 4, token: 5, successor: 6 } as const;

/**
 * Makes a source of float32 samples, either
 * - `classes`: sample i is of class i mod classes and lies around its class's centre, which is uniform in [−1, 1) in every
 *   feature, with a deviation of standard deviation `noise`; or
 * - `outputs`: inputs are uniform in [−1, 1), targets a random linear map of them with a variance of 1 on average, plus an error of
 *   standard deviation `noise`.
 *
 * Deviations are sums of four uniform numbers: bell-shaped, and made of + and × alone, so the same bits everywhere.
 */
export function openSynthetic(options: SyntheticOptions, seed: number): Source {
  const { samples, classes, outputs = 1 } = options;
  const shape = typeof options.features === 'number' ? [options.features] : [...options.features];
  return {
    name: 'synthetic',
    input: { shape, storage: 'f32', divisor: 1 },
    target:
      classes === undefined
        ? { kind: 'values', storage: 'f32', shape: [outputs] }
        : { kind: 'class', storage: classes <= 256 ? 'u8' : 'i32', classes },
    splitSamples: samples,
    testSamples: 0,
    labelOf: classes === undefined ? undefined : (id) => id % classes,
    fill: (inputs, targets) => syntheticSamples({ ...options, features: shape }, seed)(0, samples, inputs, targets),
  };
}

/** What writes `count` of the same samples from id `first` on. */
export function syntheticSamples(
  { features: shape, classes, outputs = 1, noise }: Omit<SyntheticOptions, 'samples'>,
  seed: number,
): (first: number, count: number, inputs: Numbers, targets: Numbers) => void {
  const features = typeof shape === 'number' ? shape : sampleElements(shape);
  const draw = new Draw(seed);
  if (classes !== undefined) return blobs(draw, features, classes, noise);
  return teacher(draw, features, outputs, noise);
}

type Numbers = Uint8Array | Int32Array | Float32Array;

function blobs(draw: Draw, features: number, classes: number, noise: number) {
  const centres = new Float64Array(classes * features);
  for (let c = 0; c < classes; c++) draw.uniform(centres, c * features, features, DRAW.centre, c);
  const deviation = new Float64Array(features);
  return (first: number, count: number, inputs: Numbers, labels: Numbers) => {
    for (let i = 0; i < count; i++) {
      const label = (first + i) % classes;
      labels[i] = label;
      draw.bell(deviation, 0, features, DRAW.deviation, first + i);
      for (let f = 0; f < features; f++)
        inputs[i * features + f] = centres[label * features + f] + noise * deviation[f];
    }
  };
}

function teacher(draw: Draw, features: number, outputs: number, noise: number) {
  const weights = new Float64Array(outputs * features);
  for (let o = 0; o < outputs; o++) draw.uniform(weights, o * features, features, DRAW.weight, o);
  // Inputs and weights have variance 1/3 each, so the plain sum would have features/9.
  const unitVariance = 3 / Math.sqrt(features);
  const row = new Float64Array(features);
  const error = new Float64Array(outputs);
  return (first: number, count: number, inputs: Numbers, targets: Numbers) => {
    for (let i = 0; i < count; i++) {
      draw.uniform(row, 0, features, DRAW.input, first + i);
      inputs.set(row, i * features);
      draw.bell(error, 0, outputs, DRAW.error, first + i);
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        for (let f = 0; f < features; f++) sum += weights[o * features + f] * inputs[i * features + f];
        targets[i * outputs + o] = sum * unitVariance + noise * error[o];
      }
    }
  };
}

/** Random numbers of the purpose `synthetic`: counter (position, what is drawn, row, purpose). */
export class Draw {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  readonly #words = new Uint32Array(4);

  constructor(seed: number) {
    this.#seedLow = seed >>> 0;
    this.#seedHigh = Math.floor(seed / 2 ** 32) >>> 0;
  }

  /** `count` numbers uniform in [−1, 1) from `start` on: number i is word i mod 4 of block ⌊i/4⌋. */
  uniform(out: Float64Array, start: number, count: number, what: number, row: number): void {
    for (let i = 0; i < count; i++) {
      if ((i & 3) === 0) this.#block(i >>> 2, what, row);
      out[start + i] = this.#words[i & 3] * 2 ** -31 - 1;
    }
  }

  /** `count` bell-shaped numbers of variance 1 from `start` on: number i is made of words 2(i mod 2) and the next of block ⌊i/2⌋. */
  bell(out: Float64Array, start: number, count: number, what: number, row: number): void {
    const words = this.#words;
    // The sum of four uniform numbers in [0, 1) has mean 2 and variance 1/3.
    const unitVariance = Math.sqrt(3);
    for (let i = 0; i < count; i++) {
      if ((i & 1) === 0) this.#block(i >>> 1, what, row);
      const word = (i & 1) << 1;
      const a = words[word];
      const b = words[word + 1];
      const sum = (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff);
      out[start + i] = (sum * 2 ** -16 - 2) * unitVariance;
    }
  }

  /** `count` words from `start` on: word i is word i mod 4 of block ⌊i/4⌋. */
  words(out: Uint32Array, start: number, count: number, what: number, row: number): void {
    for (let i = 0; i < count; i++) {
      if ((i & 3) === 0) this.#block(i >>> 2, what, row);
      out[start + i] = this.#words[i & 3];
    }
  }

  #block(position: number, what: number, row: number): void {
    philox4x32(position, what, row, PURPOSE.synthetic, this.#seedLow, this.#seedHigh, this.#words);
  }
}
