import { describe, expect, test } from 'vitest';
import { BACKENDS, COUNTS, expectAsReference, input, numbers, output, runKernel, update } from './kernel-bench.ts';

describe.each(BACKENDS)('%s', (backend) => {
  test.each(COUNTS.filter((n) => n > 0))(
    'sums and means of planes of %i positions are those of the reference',
    (positions) => {
      for (const [images, channels] of [
        [0, 3],
        [1, 1],
        [3, 5],
      ]) {
        const x = input(numbers(images * channels * positions));
        const out = update(numbers(channels, 2));
        expectAsReference(backend, 'channelSum', [out, x, images, channels, positions, 1]);
        expectAsReference(backend, 'channelSum', [output(channels), x, images, channels, positions, 0]);
        expectAsReference(backend, 'planeMean', [output(images * channels), x, images * channels, positions]);
      }
    },
  );

  test('channelSum is the same bits in one call and added up in two', () => {
    const [images, channels, positions] = [5, 3, 49];
    const x = numbers(images * channels * positions);
    const add = (before: Float32Array, accumulate: number, from: number, to: number) => {
      const out = update(before);
      const part = input(x.slice(from * channels * positions, to * channels * positions));
      return runKernel(backend, 'channelSum', [out, part, to - from, channels, positions, accumulate]).read(out);
    };
    const start = new Float32Array(channels);
    const inTwo = add(add(start, 0, 0, 2) as Float32Array, 1, 2, images);
    expect(inTwo).toEqual(add(start, 0, 0, images));
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s sums and averages by hand', (backend) => {
  const x = input([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]);
  const [sums, means] = [output(2), output(4)];
  expect([...runKernel(backend, 'channelSum', [sums, x, 2, 2, 3, 0]).read(sums)]).toEqual([66, 165]);
  expect([...runKernel(backend, 'planeMean', [means, x, 4, 3]).read(means)]).toEqual([2, 5, 20, 50]);
});
