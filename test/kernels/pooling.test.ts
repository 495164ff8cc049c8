import { describe, expect, test } from 'vitest';
import { BACKENDS, expectAsReference, input, numbers, output, runKernel, SPECIAL } from './kernel-bench.ts';

interface Windows {
  size: [number, number];
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
}

const WINDOWS: [string, Windows][] = [
  ['1x1', { size: [1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] }],
  ['2x2 side by side', { size: [8, 10], kernel: [2, 2], stride: [2, 2], padding: [0, 0] }],
  [
    '2x2 side by side, a row and a column left over',
    { size: [15, 19], kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  ],
  ['2x2 of a narrow image', { size: [5, 7], kernel: [2, 2], stride: [2, 2], padding: [0, 0] }],
  ['3x3, stride 2, padded', { size: [9, 11], kernel: [3, 3], stride: [2, 2], padding: [1, 1] }],
  ['3x2, strides 1 and 3', { size: [7, 13], kernel: [3, 2], stride: [1, 3], padding: [0, 1] }],
  ['2x2 with stride 1', { size: [4, 5], kernel: [2, 2], stride: [1, 1], padding: [1, 1] }],
  ['strides beyond the kernel', { size: [13, 11], kernel: [2, 3], stride: [5, 4], padding: [1, 0] }],
  ['kernel = image', { size: [5, 6], kernel: [5, 6], stride: [1, 1], padding: [0, 0] }],
];
const PLANES = [0, 1, 3];

function prepare({ size, kernel, stride, padding }: Windows, countsPadding = 1) {
  const [outHeight, outWidth] = [0, 1].map(
    (axis) => Math.floor((size[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1,
  );
  const meta = input([...size, outHeight, outWidth, ...kernel, ...stride, ...padding, countsPadding], 'i32');
  return { meta, plane: size[0] * size[1], outPlane: outHeight * outWidth };
}

/** Few different values, so that windows have equal maxima, zeros of both signs and, where wanted, NaN among them. */
const equalValues = (n: number, withNaN: boolean): number[] => {
  const values = withNaN ? SPECIAL : SPECIAL.filter((value) => !Number.isNaN(value));
  return Array.from(numbers(n, 6), (x) => values[Math.floor((x + 1) * 0.49999 * values.length)]);
};

describe.each(BACKENDS)('%s', (backend) => {
  test.each(WINDOWS)('maxima of windows are those of the reference: %s', (_title, windows) => {
    const { meta, plane, outPlane } = prepare(windows);
    for (const planes of PLANES) {
      for (const x of [
        numbers(planes * plane),
        equalValues(planes * plane, false),
        equalValues(planes * plane, true),
      ]) {
        expectAsReference(backend, 'maxPool2d', [output(planes * outPlane), input(x), planes, meta]);
      }
    }
  });

  test.each(WINDOWS)(
    'their gradients go where those of the reference go, equal maxima and NaN included: %s',
    (_title, windows) => {
      const { meta, plane, outPlane } = prepare(windows);
      for (const planes of PLANES) {
        const dOut = input(numbers(planes * outPlane, 2));
        for (const x of [
          numbers(planes * plane),
          equalValues(planes * plane, false),
          equalValues(planes * plane, true),
        ]) {
          expectAsReference(backend, 'maxPool2dBackward', [output(planes * plane), dOut, input(x), planes, meta]);
        }
      }
    },
  );

  test.each(WINDOWS)('means of windows and their gradients are those of the reference: %s', (_title, windows) => {
    for (const countsPadding of [0, 1]) {
      const { meta, plane, outPlane } = prepare(windows, countsPadding);
      for (const planes of PLANES) {
        const [x, dOut] = [input(numbers(planes * plane)), input(numbers(planes * outPlane, 2))];
        expectAsReference(backend, 'avgPool2d', [output(planes * outPlane), x, planes, meta]);
        expectAsReference(backend, 'avgPool2dBackward', [output(planes * plane), dOut, planes, meta]);
      }
    }
  });
});

describe.each([...BACKENDS, 'reference'] as const)('%s, by hand', (backend) => {
  // Four windows 2 x 2 and more beside them, so that the fast way is taken; 7 stands twice in the first, NaN hides in the second.
  const windows: Windows = { size: [2, 8], kernel: [2, 2], stride: [2, 2], padding: [0, 0] };
  const x = input([1, 7, 2, 9, -1, -2, 0, 0, 7, 3, Number.NaN, 5, -3, -4, 0, 0]);

  test('the maximum of a window with a NaN is NaN, else the largest', () => {
    const { meta } = prepare(windows);
    const out = output(4);
    expect([...runKernel(backend, 'maxPool2d', [out, x, 1, meta]).read(out)]).toEqual([7, Number.NaN, -1, 0]);
  });

  test('the first of equal maxima gets the gradient, and the NaN', () => {
    const { meta } = prepare(windows);
    const dx = output(16);
    const args = [dx, input([10, 20, 30, 40]), x, 1, meta];
    const expected = [0, 10, 0, 0, 30, 0, 40, 0, 0, 0, 20, 0, 0, 0, 0, 0];
    expect([...runKernel(backend, 'maxPool2dBackward', args).read(dx)]).toEqual(expected);
  });

  test('padding is never the maximum, and counts in a mean where it is asked to', () => {
    const padded: Windows = { size: [2, 2], kernel: [2, 2], stride: [2, 2], padding: [1, 1] };
    const values = input([-1, -2, -3, -4]);
    const out = output(4);
    const run = (kernel: 'maxPool2d' | 'avgPool2d', countsPadding: number) => [
      ...runKernel(backend, kernel, [out, values, 1, prepare(padded, countsPadding).meta]).read(out),
    ];
    expect(run('maxPool2d', 1)).toEqual([-1, -2, -3, -4]);
    expect(run('avgPool2d', 1)).toEqual([-0.25, -0.5, -0.75, -1]);
    expect(run('avgPool2d', 0)).toEqual([-1, -2, -3, -4]);
  });
});
