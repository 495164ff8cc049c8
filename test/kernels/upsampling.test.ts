import { describe, expect, test } from 'vitest';
import { BACKENDS, expectAsReference, input, numbers, output, runKernel } from './kernel-bench.ts';

/** H, W, scale down, scale across. */
const SIZES = [
  [1, 1, 1, 1],
  [1, 1, 3, 4],
  [3, 4, 2, 2],
  [4, 5, 1, 3],
  [5, 3, 4, 1],
  [7, 9, 3, 5],
];

describe.each(BACKENDS)('%s', (backend) => {
  test.each(SIZES)(
    'enlarges %i x %i by %i and %i, and sums back, as the reference does',
    (height, width, down, across) => {
      const meta = input([height, width, down, across], 'i32');
      for (const planes of [0, 1, 3]) {
        const [n, outN] = [planes * height * width, planes * height * width * down * across];
        for (const kernel of ['upsampleNearest', 'upsampleBilinear'] as const) {
          expectAsReference(backend, kernel, [output(outN), input(numbers(n)), planes, meta]);
          expectAsReference(backend, `${kernel}Backward`, [output(n), input(numbers(outN, 2)), planes, meta]);
        }
      }
    },
  );
});

describe.each([...BACKENDS, 'reference'] as const)('%s, by hand', (backend) => {
  const run = (kernel: 'upsampleNearest' | 'upsampleBilinear', x: number[], words: number[]) => {
    const out = output(x.length * words[2] * words[3]);
    return [...runKernel(backend, kernel, [out, input(x), 1, input(words, 'i32')]).read(out)];
  };

  test('nearest repeats rows and columns', () => {
    expect(run('upsampleNearest', [1, 2, 3, 4], [2, 2, 1, 2])).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(run('upsampleNearest', [1, 2, 3, 4], [2, 2, 2, 1])).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
  });

  // torch.nn.Upsample's own example: [[1, 2], [3, 4]] by 2, align_corners=False.
  test('bilinear gives the example of the documentation of PyTorch', () => {
    expect(run('upsampleBilinear', [1, 2, 3, 4], [2, 2, 2, 2])).toEqual([
      1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4,
    ]);
  });
});
