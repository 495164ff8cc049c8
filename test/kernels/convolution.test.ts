import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConvolutionShape, convolutionScratchBytes, convolutionWords } from '#src/kernels/convolution-meta.js';
import { findBlas } from '#src/kernels/find-blas.js';
import { countsOf, SHAPES, shapeOf } from './convolution-shapes.ts';
import {
  BACKENDS,
  type Backend,
  expectAsReference,
  expectClose,
  input,
  numbers,
  output,
  runKernel,
  scratch,
  type Tolerance,
  update,
} from './kernel-bench.ts';

const wordsOf = (shape: ConvolutionShape) => input(convolutionWords(shape), 'i32');
const scratchOf = (shape: ConvolutionShape) => scratch(convolutionScratchBytes(shape));

/** The portable build rounds as the reference does; the others may round a product and its sum at once, and sum in another order. */
function toleranceOf(backend: Backend, terms: number): Tolerance {
  if (backend !== 'relaxed' && backend !== 'blas') return 'same bits';
  // Higham 2002, section 3.1: roundings of a sum whose terms are at most 1, the number that it begins with included.
  const bound = (terms + 2) * (terms + 2) * 2 ** -24;
  return () => bound;
}

function convolve(backend: Backend, shape: ConvolutionShape, x: Float32Array, w: Float32Array, bias?: Float32Array) {
  const images = x.length / countsOf(shape).image;
  const out = output(images * countsOf(shape).output);
  const weights = [input(w), bias === undefined ? 0 : input(bias)];
  const args = [out, input(x), ...weights, images, wordsOf(shape), scratchOf(shape)];
  return runKernel(backend, 'conv2d', args).read(out);
}

/** With a BLAS the large products inside are its. */
const WITH_BLAS: readonly Backend[] = [...BACKENDS, ...(findBlas().blas === undefined ? [] : (['blas'] as const))];

describe.each(WITH_BLAS)('%s', (backend) => {
  describe.each(SHAPES)('a convolution, %s', (_title, shape) => {
    const { image, output: outCount, weights } = countsOf(shape);
    const w = input(numbers(weights, 2));
    const terms = weights / shape.outChannels;
    const positions = shape.outSize[0] * shape.outSize[1];
    // More images than go through one product where the table has small ones; the large ones are slow in the reference.
    const counts = image < 300 ? [0, 1, 3, 40] : [2];

    test('of 0 and more images is that of the reference, with and without bias', () => {
      for (const images of counts) {
        for (const bias of [0, input(numbers(shape.outChannels, 3))]) {
          const x = input(numbers(images * image, 1));
          const args = [output(images * outCount), x, w, bias, images, wordsOf(shape), scratchOf(shape)];
          expectAsReference(backend, 'conv2d', args, toleranceOf(backend, terms));
        }
      }
    });

    test.skipIf(shape.groups > 1)('with ReLU is the convolution and the kernel of ReLU, bit for bit', () => {
      const [images, n] = [counts.at(-1)!, counts.at(-1)! * outCount];
      const bias = input(numbers(shape.outChannels, 3));
      const [sum, out, expected] = [output(n), output(n), output(n)];
      const operands = [input(numbers(images * image, 1)), w, bias, images];
      const plain = runKernel(backend, 'conv2d', [sum, ...operands, wordsOf(shape), scratchOf(shape)]).read(sum);
      const words = input(convolutionWords(shape, 1), 'i32');
      const actual = runKernel(backend, 'conv2d', [out, ...operands, words, scratchOf(shape)]).read(out);
      const rectified = runKernel(backend, 'relu', [expected, input(plain), n]).read(expected);
      expectClose(actual, rectified, 'same bits', 'with ReLU');
      if (backend === 'simd') expectAsReference(backend, 'conv2d', [output(n), ...operands, words, scratchOf(shape)]);
    });

    test('has the gradient of the reference by its input, with and without bias', () => {
      for (const images of counts) {
        for (const bias of [0, input(numbers(shape.channels, 3))]) {
          const dOut = input(numbers(images * outCount, 1));
          const args = [output(images * image), dOut, w, bias, images, wordsOf(shape), scratchOf(shape)];
          expectAsReference(backend, 'conv2dInput', args, toleranceOf(backend, weights / shape.channels));
        }
      }
    });

    test('has the gradient of the reference by its weights, assigned and added', () => {
      for (const images of counts) {
        const [x, dOut] = [input(numbers(images * image, 1)), input(numbers(images * outCount, 4))];
        for (const accumulate of [0, 1]) {
          const dw = accumulate ? update(numbers(weights, 5)) : output(weights);
          const args = [dw, x, dOut, accumulate, images, wordsOf(shape), scratchOf(shape)];
          expectAsReference(backend, 'conv2dWeight', args, toleranceOf(backend, images * positions));
        }
      }
    });
  });

  const anyShape = fc
    .record({
      size: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
      kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      padding: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
      dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
      groups: fc.integer({ min: 1, max: 3 }),
      groupChannels: fc.integer({ min: 1, max: 3 }),
      groupOutputs: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ groupChannels, groupOutputs, ...part }) =>
      shapeOf({ ...part, channels: part.groups * groupChannels, outChannels: part.groups * groupOutputs }),
    )
    .filter(({ outSize }) => outSize[0] > 0 && outSize[1] > 0);

  // A BLAS sums in an order that depends on how many go through together.
  test.skipIf(backend === 'blas')(
    'output and dx of an image have the same bits whatever images go through with it',
    () => {
      const property = fc.property(anyShape, fc.integer({ min: 2, max: 30 }), fc.nat(), (shape, images, pick) => {
        const { image, output: outCount, weights } = countsOf(shape);
        const [x, dOut, w] = [numbers(images * image, pick), numbers(images * outCount, 7), numbers(weights, 8)];
        const first = pick % images;
        const some = 1 + (pick % 3) > images - first ? 1 : 1 + (pick % 3);
        const run = (kernel: 'conv2d' | 'conv2dInput', from: Float32Array, a: number, b: number, each: number) => {
          const per = from.length / images;
          const out = output((b - a) * each);
          const part = input(from.slice(a * per, b * per));
          const bias = input(numbers(kernel === 'conv2d' ? shape.outChannels : shape.channels, 9));
          const args = [out, part, input(w), bias, b - a, wordsOf(shape), scratchOf(shape)];
          return runKernel(backend, kernel, args).read(out);
        };
        for (const [kernel, from, each] of [
          ['conv2d', x, outCount],
          ['conv2dInput', dOut, image],
        ] as const) {
          const whole = run(kernel, from, 0, images, each).slice(first * each, (first + some) * each);
          expectClose(run(kernel, from, first, first + some, each), whole, 'same bits', `${kernel}, image ${first}`);
        }
      });
      fc.assert(property, { numRuns: 60 });
    },
  );

  test('dw is the same bits in one call and added up in two', () => {
    const property = fc.property(anyShape, fc.integer({ min: 2, max: 9 }), fc.nat(), (shape, images, pick) => {
      const { image, output: outCount, weights } = countsOf(shape);
      const [x, dOut] = [numbers(images * image, pick), numbers(images * outCount, 7)];
      const add = (before: Float32Array, accumulate: number, a: number, b: number) => {
        const dw = update(before);
        const parts = [input(x.slice(a * image, b * image)), input(dOut.slice(a * outCount, b * outCount))];
        const args = [dw, ...parts, accumulate, b - a, wordsOf(shape), scratchOf(shape)];
        return runKernel(backend, 'conv2dWeight', args).read(dw) as Float32Array;
      };
      const nothing = numbers(weights, 1);
      const cut = 1 + (pick % (images - 1));
      const inTwo = add(add(nothing, 0, 0, cut), 1, cut, images);
      expectClose(inTwo, add(nothing, 0, 0, images), 'same bits', `${images} images cut at ${cut}`);
    });
    fc.assert(property, { numRuns: 60 });
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s convolves a hand-worked image', (backend) => {
  const shape = shapeOf({ size: [2, 3], kernel: [2, 2], channels: 1, outChannels: 1, padding: [0, 1] });
  // Rows 1 2 3 / 4 5 6 under the kernel 1 10 / 100 1000, a column of zeros on either side.
  const out = convolve(backend, shape, Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(1, 10, 100, 1000));
  expect([...out]).toEqual([4010, 5421, 6532, 603]);
  const biased = convolve(
    backend,
    shape,
    Float32Array.of(1, 2, 3, 4, 5, 6),
    Float32Array.of(1, 10, 100, 1000),
    Float32Array.of(0.5),
  );
  expect([...biased]).toEqual([4010.5, 5421.5, 6532.5, 603.5]);
});

test.each(BACKENDS)('%s hides no NaN of image or weights', (backend) => {
  for (const groups of [1, 2]) {
    const shape = shapeOf({ size: [3, 3], kernel: [2, 2], channels: 2, outChannels: 2, groups });
    const { image, weights } = countsOf(shape);
    const x = numbers(image).fill(Number.NaN, 0, 1);
    const out = convolve(backend, shape, x, numbers(weights));
    expect([...out].map(Number.isNaN)).toEqual(
      groups === 1
        ? [true, false, false, false, true, false, false, false]
        : [true, false, false, false, false, false, false, false],
    );
  }
});
