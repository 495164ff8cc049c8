import { describe, expect, test } from 'vitest';
import { batchNormScratchBytes } from '#src/kernels/batch-norm-scratch.js';
import { BACKENDS, expectAsReference, input, numbers, output, runKernel, scratch, update } from './kernel-bench.ts';

/** Channels, elements of a channel, groups. */
const SHAPES = [
  [1, 1, 1],
  [3, 1, 3],
  [4, 1, 2],
  [5, 1, 1],
  [67, 1, 1],
  [2, 3, 1],
  [6, 5, 3],
  [4, 8, 2],
  [3, 13, 1],
  [2, 259, 2],
];
const SAMPLES = [0, 1, 5];

describe.each(BACKENDS)('normalisation of channels, %s', (backend) => {
  test('group norm and its gradients give the bits of the reference, in place too', () => {
    for (const samples of SAMPLES)
      for (const [channels, spatial, groups] of SHAPES) {
        const n = samples * channels * spatial;
        const values = numbers(n).map((value) => value * 3 + 1);
        const [x, dy, w, b] = [
          input(values),
          input(numbers(n, 2)),
          input(numbers(channels, 3)),
          input(numbers(channels, 4)),
        ];
        const shape = [samples, channels, spatial, groups, 1e-5];
        expectAsReference(backend, 'groupNorm', [output(n), x, w, b, ...shape]);
        expectAsReference(backend, 'groupNorm', [output(n), x, 0, 0, ...shape]);
        const inPlace = update(values);
        expectAsReference(backend, 'groupNorm', [inPlace, inPlace, w, 0, ...shape]);
        expectAsReference(backend, 'groupNormBackward', [output(n), dy, x, 0, ...shape]);
        const [overGradient, overInput] = [update(numbers(n, 2)), update(values)];
        expectAsReference(backend, 'groupNormBackward', [overGradient, overGradient, x, w, ...shape]);
        expectAsReference(backend, 'groupNormBackward', [overInput, dy, overInput, w, ...shape]);
        const sofar = update(numbers(channels, 9));
        for (const accumulate of [0, 1]) {
          expectAsReference(backend, 'groupNormWeightGradient', [sofar, dy, x, ...shape, accumulate]);
        }
      }
  });

  test('batch norm, its moments and its gradients give the bits of the reference, in place too', () => {
    for (const samples of SAMPLES)
      for (const [channels, spatial] of SHAPES) {
        const n = samples * channels * spatial;
        const values = numbers(n).map((value) => value * 3 + 1);
        const [x, dy, w, b] = [
          input(values),
          input(numbers(n, 2)),
          input(numbers(channels, 3)),
          input(numbers(channels, 4)),
        ];
        const shape = [samples, channels, spatial];
        const rest = [...shape, 1e-5, scratch(batchNormScratchBytes(channels))];
        const moments = input(numbers(2 * channels, 5).map(Math.abs));
        const [mean, variance] = [input(numbers(channels, 6)), input(numbers(channels, 7).map(Math.abs))];
        const room = scratch(batchNormScratchBytes(channels));
        expectAsReference(backend, 'batchMoments', [output(2 * channels), x, ...shape, room]);
        expectAsReference(backend, 'unbiasedVariance', [output(channels), moments, ...shape]);
        const inPlace = update(values);
        expectAsReference(backend, 'batchNorm', [inPlace, inPlace, moments, 0, w, b, ...rest]);
        expectAsReference(backend, 'batchNorm', [output(n), x, mean, variance, 0, 0, ...rest]);
        const sums = output(2 * channels);
        expectAsReference(backend, 'batchNormSums', [sums, dy, x, moments, 0, ...rest]);
        expectAsReference(backend, 'batchNormSums', [sums, dy, x, mean, variance, ...rest]);
        const given = input(numbers(2 * channels, 8));
        const [overGradient, overInput] = [update(numbers(n, 2)), update(values)];
        expectAsReference(backend, 'batchNormBackward', [overGradient, overGradient, x, moments, w, given, ...rest]);
        expectAsReference(backend, 'batchNormBackward', [overInput, dy, overInput, moments, 0, given, ...rest]);
        expectAsReference(backend, 'batchNormInferenceBackward', [overGradient, overGradient, variance, w, ...rest]);
        expectAsReference(backend, 'batchNormInferenceBackward', [output(n), dy, variance, 0, ...rest]);
        for (const accumulate of [0, 1]) {
          expectAsReference(backend, 'pickRow', [update(numbers(channels)), given, 1, channels, accumulate]);
        }
      }
  });
});

describe.each([...BACKENDS, 'reference'] as const)('normalisation of channels by hand, %s', (backend) => {
  test('moments are of all samples and elements of a channel', () => {
    const out = output(4);
    const x = input([1, 3, 10, 10, 5, 7, 20, 20]);
    const run = runKernel(backend, 'batchMoments', [out, x, 2, 2, 2, scratch(batchNormScratchBytes(2))]);
    // 1, 3, 5, 7: mean 4, squares 9 + 1 + 1 + 9 over 4.
    expect([...run.read(out)]).toEqual([4, 15, 5, 25]);
    const unbiased = output(2);
    const args = [unbiased, input([4, 15, 6, 30]), 2, 2, 2];
    expect([...runKernel(backend, 'unbiasedVariance', args).read(unbiased)]).toEqual([8, 40]);
  });

  test('many samples with a mean far from 0 keep their variance', () => {
    const out = output(2);
    const samples = 2 ** 16;
    const x = input(Float32Array.from({ length: samples }, (_, i) => 4096 + (i % 2)));
    const run = runKernel(backend, 'batchMoments', [out, x, samples, 1, 1, scratch(batchNormScratchBytes(1))]);
    expect([...run.read(out)]).toEqual([4096.5, 0.25]);
  });

  test('one value a channel gives variance 0 and no unbiased variance, without a trap', () => {
    const out = output(2);
    const run = runKernel(backend, 'batchMoments', [out, input([3]), 1, 1, 1, scratch(batchNormScratchBytes(1))]);
    expect([...run.read(out)]).toEqual([3, 0]);
    const unbiased = output(1);
    const args = [unbiased, input([3, 0]), 1, 1, 1];
    expect([...runKernel(backend, 'unbiasedVariance', args).read(unbiased)]).toEqual([Number.NaN]);
  });

  test('a NaN in a group stays there', () => {
    const out = output(4);
    const args = [out, input([Number.NaN, 1, 1, 3]), 0, 0, 1, 4, 1, 2, 0];
    expect([...runKernel(backend, 'groupNorm', args).read(out)]).toEqual([Number.NaN, Number.NaN, -1, 1]);
  });
});
