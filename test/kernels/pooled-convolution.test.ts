// A convolution with ReLU and 2 x 2 maxima in one kernel, and its gradients: against the reference, the kernels it stands for, and a hand.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConvolutionShape, convolutionScratchBytes, convolutionWords } from '#src/kernels/convolution-meta.js';
import type { KernelName } from '#src/kernels/kernel-set.js';
import {
  indexWords,
  type PooledConvolutionShape,
  pooledConvolutionScratchBytes,
  pooledConvolutionWords,
} from '#src/kernels/pooled-convolution-meta.js';
import { countsOf, shapeOf } from './convolution-shapes.ts';
import {
  type Argument,
  BACKENDS,
  type Backend,
  expectAsReference,
  expectClose,
  input,
  numbers,
  output,
  runKernel,
  type Span,
  scratch,
  type Tolerance,
  update,
} from './kernel-bench.ts';

type Given = Parameters<typeof shapeOf>[0];

interface Case {
  conv: ConvolutionShape;
  shape: PooledConvolutionShape;
  /** Elements of an image, its maxima, its index words; of the weights. */
  image: number;
  maxima: number;
  words: number;
  weights: number;
}

function caseOf(given: Given): Case {
  const conv = shapeOf(given);
  const windows = [conv.outSize[0] >> 1, conv.outSize[1] >> 1] as const;
  const { channels, size, outChannels, kernel, padding } = conv;
  const shape = { channels, size, outChannels, windows, kernel, padding };
  const { image, weights } = countsOf(conv);
  return { conv, shape, image, weights, maxima: outChannels * windows[0] * windows[1], words: indexWords(shape) };
}

const SAME: Pick<Given, 'kernel' | 'padding'> = { kernel: [3, 3], padding: [1, 1] };
const CASES: [string, Case][] = (
  [
    ['one window of 1x1', { size: [2, 2], kernel: [1, 1], channels: 1, outChannels: 1 }],
    ['an image of 1x1 with a border', { size: [1, 1], kernel: [1, 1], padding: [1, 1], channels: 1, outChannels: 1 }],
    ['an image of 1x1 that 3x3 sees', { size: [1, 1], kernel: [3, 3], padding: [2, 2], channels: 3 }],
    ['3x3 same, 1 channel to 16', { size: [28, 28], kernel: [3, 3], padding: [1, 1], channels: 1, outChannels: 16 }],
    ['3x3 same, 16 channels to 32', { size: [14, 14], kernel: [3, 3], padding: [1, 1], channels: 16, outChannels: 32 }],
    ['a last row and column in no window', { size: [7, 9], kernel: [3, 3], padding: [1, 1], channels: 2 }],
    ['a column left over, 5 channels to 9', { size: [6, 11], kernel: [3, 3], channels: 5, outChannels: 9 }],
    ['5x5, 1 channel', { size: [12, 11], kernel: [5, 5], channels: 1, outChannels: 6 }],
    [
      '5x5 with a border, 6 channels to 7',
      { size: [8, 9], kernel: [5, 5], padding: [2, 2], channels: 6, outChannels: 7 },
    ],
    ['2x4, border across alone', { size: [5, 6], kernel: [2, 4], padding: [0, 2], channels: 3, outChannels: 8 }],
    ['7x2 on a narrow image', { size: [9, 3], kernel: [7, 2], channels: 4, outChannels: 17 }],
    ['1x1, 9 channels', { size: [5, 4], kernel: [1, 1], channels: 9, outChannels: 4 }],
    ['Winograd, a last row and column in no window', { size: [7, 11], ...SAME, channels: 9, outChannels: 11 }],
    ['Winograd without a border', { size: [4, 8], kernel: [3, 3], channels: 8, outChannels: 8 }],
    ['Winograd, one window that sees a border all around', { size: [2, 2], ...SAME, channels: 8, outChannels: 9 }],
    ['gradients in bands', { size: [22, 64], kernel: [3, 3], padding: [1, 1], channels: 40, outChannels: 3 }],
  ] satisfies [string, Given][]
).map(([title, given]) => [title, caseOf(given)]);

const settings = ({ shape }: Case): Argument[] => [
  input(pooledConvolutionWords(shape), 'i32'),
  scratch(pooledConvolutionScratchBytes(shape)),
];

/** The portable build rounds as the reference does; the other may round a product and its sum at once. */
function toleranceOf(backend: Backend, terms: number): Tolerance {
  if (backend !== 'relaxed') return 'same bits';
  // Higham 2002, section 3.1: roundings of a sum whose terms are at most 1.
  const bound = (terms + 2) * (terms + 2) * 2 ** -24;
  return () => bound;
}

/** Index bytes for some images: each number 0 to 3 and 255, the padding behind an image's bytes 77. */
function indices({ maxima, words }: Case, images: number, seed: number): Uint8Array {
  const random = numbers(images * words * 4, seed);
  return Uint8Array.from(random, (value, i) =>
    i % (words * 4) >= maxima ? 77 : [0, 1, 2, 3, 255][Math.floor((value + 1) * 2.499)],
  );
}

const asWords = (bytes: Uint8Array): Span => input(new Int32Array(bytes.buffer), 'i32');

function forward(backend: Backend, of: Case, x: Float32Array, w: Float32Array, bias: Float32Array | undefined) {
  const images = x.length / of.image;
  const [out, index] = [output(images * of.maxima), update(new Int32Array(images * of.words), 'i32')];
  const weights = [input(w), bias === undefined ? 0 : input(bias)];
  const run = runKernel(backend, 'convReluPool', [out, index, input(x), ...weights, images, ...settings(of)]);
  return { out: run.read(out) as Float32Array, index: new Uint8Array(run.read(index).buffer) };
}

describe.each(BACKENDS)('%s', (backend) => {
  describe.each(CASES)('%s', (_title, of) => {
    const { shape, image, maxima, words, weights } = of;
    const w = input(numbers(weights, 2));
    const terms = weights / shape.outChannels;
    const counts = image < 2000 ? [0, 1, 3] : [2];

    test('maxima are those of the reference, and so are the index bytes', () => {
      for (const images of counts) {
        for (const bias of [0, input(numbers(shape.outChannels, 3))]) {
          const index = update(new Int32Array(images * words), 'i32');
          const arrays = [output(images * maxima), index, input(numbers(images * image, 1)), w, bias];
          const args = [...arrays, images, ...settings(of)];
          if (backend === 'relaxed') {
            const [actual, expected] = [
              runKernel(backend, 'convReluPool', args),
              runKernel('reference', 'convReluPool', args),
            ];
            expectClose(
              actual.read(arrays[0] as Span),
              expected.read(arrays[0] as Span),
              toleranceOf(backend, terms),
              'maxima',
            );
          } else expectAsReference(backend, 'convReluPool', args);
        }
      }
    });

    test('gradients are those of the reference, those of parameters assigned and added', () => {
      for (const images of counts) {
        const [x, dOut] = [input(numbers(images * image, 1)), input(numbers(images * maxima, 4))];
        const index = asWords(indices(of, images, 6));
        const dx = [output(images * image), dOut, index, w, images, ...settings(of)];
        expectAsReference(backend, 'convReluPoolInput', dx, toleranceOf(backend, weights / shape.channels));
        for (const accumulate of [0, 1]) {
          const begin = (n: number): Span => (accumulate ? update(numbers(n, 5)) : output(n));
          const dw = [begin(weights), x, dOut, index, accumulate, images, ...settings(of)];
          expectAsReference(backend, 'convReluPoolWeight', dw, toleranceOf(backend, images * maxima));
          const positions = shape.windows[0] * shape.windows[1];
          const db = [begin(shape.outChannels), dOut, index, accumulate, images, shape.outChannels, positions];
          expectAsReference(backend, 'convReluPoolBias', db);
        }
      }
    });
  });
});

/** What the kernels of each op give in turn, in the order of the arguments. */
function unfused(of: Case, x: Float32Array, w: Float32Array, bias: Float32Array, dOut: Float32Array) {
  const { conv, shape } = of;
  const images = x.length / of.image;
  const { output: sums } = countsOf(conv);
  const call = (kernel: KernelName, out: Span, ...args: Argument[]): Float32Array =>
    runKernel('reference', kernel, [out, ...args]).read(out) as Float32Array;
  const convolution = [input(convolutionWords(conv), 'i32'), scratch(convolutionScratchBytes(conv))];
  const pooling = input([...conv.outSize, ...shape.windows, 2, 2, 2, 2, 0, 0, 1], 'i32');
  const planes = images * conv.outChannels;
  const n = images * sums;
  const sum = call('conv2d', output(n), input(x), input(w), input(bias), images, ...convolution);
  const map = call('relu', output(n), input(sum), n);
  const out = call('maxPool2d', output(images * of.maxima), input(map), planes, pooling);
  const dMap = call('maxPool2dBackward', output(n), input(dOut), input(map), planes, pooling);
  const dSum = input(call('reluBackward', output(n), input(dMap), input(map), n));
  return {
    out,
    dx: call('conv2dInput', output(x.length), dSum, input(w), 0, images, ...convolution),
    dw: call('conv2dWeight', output(w.length), input(x), dSum, 0, images, ...convolution),
    db: call('channelSum', output(bias.length), dSum, images, conv.outChannels, sums / conv.outChannels, 0),
  };
}

describe.each(CASES)('%s', (_title, of) => {
  // Whole numbers are summed without rounding in any order, Winograd's too where a weight is a multiple of 4.
  const whole = (n: number, seed: number, unit: number) =>
    numbers(n, seed).map((value) => unit * Math.floor(4 * value));
  test.each([
    ['whole numbers', whole],
    ['any numbers', numbers],
  ] as const)(
    'of %s maxima and gradients are those of convolution, ReLU and pooling one after the other',
    (kind, draw) => {
      const images = 2;
      const x = draw(images * of.image, 1, 1);
      const [w, bias, dOut] = [
        draw(of.weights, 2, 4),
        draw(of.shape.outChannels, 3, 1),
        draw(images * of.maxima, 4, 1),
      ];
      const expected = unfused(of, x, w, bias, dOut);
      const { out, index } = forward('simd', of, x, w, bias);
      // Other orders of sums of so many terms of at most 1: Higham 2002, section 3.1, twice.
      const within = (terms: number): Tolerance =>
        kind === 'whole numbers' ? 'same bits' : () => (terms + 2) ** 2 * 2 ** -23;
      const terms = of.weights / of.shape.outChannels;
      expectClose(out, expected.out, within(terms), 'maxima');
      const bytes = asWords(index);
      const dx = output(x.length);
      const args = [dx, input(dOut), bytes, input(w), images, ...settings(of)];
      const actual = runKernel('simd', 'convReluPoolInput', args).read(dx);
      expectClose(actual, expected.dx, within(of.weights / of.shape.channels), 'dx');
      const dw = output(of.weights);
      const weightArgs = [dw, input(x), input(dOut), bytes, 0, images, ...settings(of)];
      const positions = of.shape.windows[0] * of.shape.windows[1];
      expectClose(
        runKernel('simd', 'convReluPoolWeight', weightArgs).read(dw),
        expected.dw,
        within(images * positions),
        'dw',
      );
      const db = output(bias.length);
      const biasArgs = [db, input(dOut), bytes, 0, images, bias.length, positions];
      expectClose(
        runKernel('simd', 'convReluPoolBias', biasArgs).read(db),
        expected.db,
        within(images * positions),
        'db',
      );
    },
  );
});

const anyCase = fc
  .record({
    size: fc.tuple(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 11 })),
    kernel: fc.oneof(
      fc.constant<[number, number]>([3, 3]),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    ),
    padding: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    channels: fc.integer({ min: 1, max: 12 }),
    outChannels: fc.integer({ min: 1, max: 18 }),
  })
  .map((given) => caseOf(given))
  .filter(({ shape }) => shape.windows[0] > 0 && shape.windows[1] > 0);

test.each(BACKENDS)('%s gives an image the same bits whatever images go through with it', (backend) => {
  const property = fc.property(anyCase, fc.integer({ min: 2, max: 6 }), fc.nat(), (of, images, pick) => {
    const [x, w, bias] = [numbers(images * of.image, pick), numbers(of.weights, 2), numbers(of.shape.outChannels, 3)];
    const n = pick % images;
    const whole = forward(backend, of, x, w, bias);
    const alone = forward(backend, of, x.slice(n * of.image, (n + 1) * of.image), w, bias);
    expectClose(alone.out, whole.out.slice(n * of.maxima, (n + 1) * of.maxima), 'same bits', `image ${n}`);
    const bytes = of.words * 4;
    expect(alone.index).toEqual(whole.index.slice(n * bytes, (n + 1) * bytes));
    const dOut = numbers(images * of.maxima, 7);
    const inputGradient = (from: number, to: number): Float32Array => {
      const dx = output((to - from) * of.image);
      const parts = [
        input(dOut.slice(from * of.maxima, to * of.maxima)),
        asWords(whole.index.slice(from * bytes, to * bytes)),
      ];
      return runKernel(backend, 'convReluPoolInput', [dx, ...parts, input(w), to - from, ...settings(of)]).read(
        dx,
      ) as never;
    };
    const dx = inputGradient(0, images).slice(n * of.image, (n + 1) * of.image);
    expectClose(inputGradient(n, n + 1), dx, 'same bits', `dx of image ${n}`);
  });
  fc.assert(property, { numRuns: 80 });
});

test.each(BACKENDS)('%s gives parameters the same gradients in one call and added up in two', (backend) => {
  const property = fc.property(anyCase, fc.integer({ min: 2, max: 6 }), fc.nat(), (of, images, pick) => {
    const { image, maxima, words, weights, shape } = of;
    const [x, dOut, index] = [numbers(images * image, pick), numbers(images * maxima, 7), indices(of, images, pick)];
    const add = (sofar: Float32Array, accumulate: number, from: number, to: number, isBias: boolean): Float32Array => {
      const d = update(sofar);
      const parts = [
        input(dOut.slice(from * maxima, to * maxima)),
        asWords(index.slice(from * words * 4, to * words * 4)),
      ];
      const args = isBias
        ? [d, ...parts, accumulate, to - from, shape.outChannels, shape.windows[0] * shape.windows[1]]
        : [d, input(x.slice(from * image, to * image)), ...parts, accumulate, to - from, ...settings(of)];
      return runKernel(backend, isBias ? 'convReluPoolBias' : 'convReluPoolWeight', args).read(d) as Float32Array;
    };
    const cut = 1 + (pick % (images - 1));
    for (const [count, isBias] of [
      [weights, false],
      [shape.outChannels, true],
    ] as const) {
      const nothing = numbers(count, 1);
      const inTwo = add(add(nothing, 0, 0, cut, isBias), 1, cut, images, isBias);
      expectClose(inTwo, add(nothing, 0, 0, images, isBias), 'same bits', `${images} images cut at ${cut}`);
    }
  });
  fc.assert(property, { numRuns: 60 });
});

describe.each([...BACKENDS, 'reference'] as const)('%s', (backend) => {
  const of = caseOf({ size: [3, 5], kernel: [1, 1], channels: 1, outChannels: 3 });
  const twice = caseOf({ size: [2, 4], kernel: [1, 1], channels: 1, outChannels: 1 });

  test('works out a hand-worked image: the first of equal maxima, nothing where none is positive, no edge', () => {
    // biome-ignore format: an image.
    const x = Float32Array.of(
      1, 5, 2, 2, 9,
      5, 4, 2, 1, 9,
      9, 9, 9, 9, 9);
    const { out, index } = forward(backend, of, x, Float32Array.of(1, -1, 2), Float32Array.of(0, 1.5, -4));
    expect([...out]).toEqual([5, 2, 0.5, 0.5, 6, 0]);
    expect([...index.slice(0, 6)]).toEqual([1, 0, 0, 3, 1, 255]);
  });

  test('hides no NaN, and passes no gradient to it', () => {
    for (let at = 0; at < 4; at++) {
      const x = Float32Array.of(1, -2, 3, 4, -5, 6, 7, 8);
      x[[0, 1, 4, 5][at]] = Number.NaN;
      const { out, index } = forward(backend, twice, x, Float32Array.of(1), undefined);
      expect([...out]).toEqual([Number.NaN, 8]);
      expect([...index.slice(0, 2)]).toEqual([255, 3]);
    }
  });
});
