// Augmentation: the backends against the reference, bit for bit; the reference and they against worked images, PyTorch and statistics.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { KernelName } from '#src/kernels/kernel-set.js';
import { philox4x32 } from '#src/kernels/philox.js';
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
  scratch,
  update,
} from './kernel-bench.ts';

const IDS = [7, 0, 4_294_967_295, 59_999, 12, 3];
/** Epoch, purpose and place in the list, the seed's halves. */
const DRAWS = [
  [0, 8, 0, 0],
  [123, 8 + 256 * 3, 77, 5],
];
const ALWAYS = 2 ** 32;
const THRESHOLDS = [0, ALWAYS / 2, ALWAYS];
/** Channels, rows, columns: a pixel, a row, fewer and more than a register's lanes. */
const SHAPES = [
  [1, 1, 1],
  [1, 1, 13],
  [3, 2, 3],
  [1, 5, 4],
  [2, 4, 9],
  [1, 28, 28],
];
const LARGEST = 3.4028234663852886e38;
/** Of Beta(1, 1): the share is the word itself. */
const EVEN = Float32Array.from({ length: 1025 }, (_, i) => i / 1024);

const padded = (height: number, width: number): number => (height + 3) * (width + 3) * 4;

/** The arguments behind the threshold, for images of so many rows and columns. */
const RULES: [KernelName, (height: number, width: number) => Argument[][]][] = [
  ['augmentFlip', () => [[0], [1]]],
  [
    'augmentShift',
    (height, width) => [0, 1, 2].map((fill) => [height - 1, width >> 1, fill, scratch(height * width * 4)]),
  ],
  [
    'augmentTurn',
    (height, width) => [
      [0.5, 1, 1, scratch(padded(height, width))],
      [0, 0.5, 1.5, scratch(padded(height, width))],
      [30 / 360, 0.9, 1.1, scratch(padded(height, width))],
    ],
  ],
  [
    'augmentCutout',
    (height, width) => [
      [1, 1],
      [height, (width + 1) >> 1],
    ],
  ],
  [
    'augmentNoise',
    () => [
      [0.1, 0, 1, scratch(64)],
      [3, -LARGEST, LARGEST, scratch(64)],
    ],
  ],
  [
    'augmentTone',
    () => [
      [0.2, 0, 0, 1],
      [1, 1, -LARGEST, LARGEST],
      [0.5, 1, 0, 0.5],
    ],
  ],
];

describe.each(BACKENDS)('augmentation gives the bits of the reference, %s', (backend) => {
  test.each(RULES)('%s', (kernel, restsOf) => {
    for (const [channels, height, width] of SHAPES)
      for (const draws of DRAWS)
        for (const threshold of THRESHOLDS)
          for (const rows of [0, 1, IDS.length])
            for (const rest of restsOf(height, width)) {
              const x = update(numbers(rows * channels * height * width, width));
              const ids = input(IDS.slice(0, rows), 'u32');
              expectAsReference(backend, kernel, [x, ids, rows, channels, height, width, ...draws, threshold, ...rest]);
            }
  });

  test('mixPartners, mixShares, mixRows', () => {
    for (const [channels, height, width] of SHAPES)
      for (const draws of DRAWS)
        for (const threshold of THRESHOLDS)
          for (const isCut of [0, 1]) {
            const rows = IDS.length;
            const n = rows * channels * height * width;
            const [ids, table] = [input(IDS, 'u32'), input(EVEN)];
            const rule = [...draws, threshold, table, isCut];
            const pictures = [update(numbers(n)), ids, rows, input(numbers(n, 2)), channels, height, width];
            expectAsReference(backend, 'mixRows', [...pictures, ...rule]);
            expectAsReference(backend, 'mixShares', [output(rows), ids, rows, height, width, ...rule]);
            const batch = input([5, 6, 7, 8, 9, 10, 11], 'u32');
            expectAsReference(backend, 'mixPartners', [output(rows, 'u32'), ids, rows, batch, 7, ...draws]);
          }
  });

  test('mixedCrossEntropy', () => {
    for (const classes of [2, 3, 4, 5, 10, 17])
      for (const smoothing of [0, 0.1])
        for (const accumulate of [0, 1]) {
          const rows = 9;
          const labels = (seed: number) =>
            input(
              Int32Array.from({ length: rows }, (_, r) => (r * seed) % classes),
              'i32',
            );
          const shares = input(Float32Array.from({ length: rows }, (_, r) => r / (rows - 1)));
          const logits = input(numbers(rows * classes, classes).map((x) => 5 * x));
          const sums = update([1, 2, 3], 'f64');
          const rest = [logits, labels(1), labels(3), shares, rows, classes, sums, accumulate, smoothing];
          const close = (expected: number) => 1e-6 * Math.max(1, Math.abs(expected));
          expectAsReference(backend, 'mixedCrossEntropy', [output(rows * classes), ...rest], close);
          expectAsReference(backend, 'mixedCrossEntropy', [0, ...rest], close);
        }
  });
});

/** The words of a sample's first block. */
function wordsOf(id: number, [epoch, purpose, key0, key1]: number[], block = 0): Uint32Array {
  const words = new Uint32Array(4);
  philox4x32(block, epoch, id, purpose, key0, key1, words);
  return words;
}

/** One image of one sample, changed. */
function change(
  backend: Backend,
  kernel: KernelName,
  x: ArrayLike<number>,
  [height, width]: number[],
  rest: Argument[],
  { id = 7, draws = DRAWS[1] } = {},
): number[] {
  const out = update(x);
  const args = [out, input([id], 'u32'), 1, x.length / height / width, height, width, ...draws, ALWAYS, ...rest];
  return [...runKernel(backend, kernel, args).read(out)];
}

describe.each([...BACKENDS, 'reference'] as const)('augmentation by hand, %s', (backend) => {
  const picture = [1, 2, 3, 4, 5, 6];

  test('a flip turns rows round, or their order', () => {
    expect(change(backend, 'augmentFlip', picture, [2, 3], [1])).toEqual([3, 2, 1, 6, 5, 4]);
    expect(change(backend, 'augmentFlip', picture, [2, 3], [0])).toEqual([4, 5, 6, 1, 2, 3]);
    expect(change(backend, 'augmentFlip', picture, [3, 1], [0])).toEqual([3, 2, 1, 6, 5, 4]);
  });

  test('a shift takes every offset, and what comes in is 0, the edge, or mirrored', () => {
    const row = [1, 2, 3, 4];
    const byFill: Record<number, Record<string, number[]>> = {
      0: { '-2': [0, 0, 1, 2], '-1': [0, 1, 2, 3], '0': row, '1': [2, 3, 4, 0], '2': [3, 4, 0, 0] },
      1: { '-2': [1, 1, 1, 2], '-1': [1, 1, 2, 3], '0': row, '1': [2, 3, 4, 4], '2': [3, 4, 4, 4] },
      2: { '-2': [3, 2, 1, 2], '-1': [2, 1, 2, 3], '0': row, '1': [2, 3, 4, 3], '2': [3, 4, 3, 2] },
    };
    for (const fill of [0, 1, 2]) {
      const seen = new Set<number>();
      for (let id = 0; id < 60; id++) {
        const offset = Math.floor((wordsOf(id, DRAWS[1])[1] * 5) / 2 ** 32) - 2;
        seen.add(offset);
        const across = change(backend, 'augmentShift', row, [1, 4], [0, 2, fill, scratch(16)], { id });
        expect(across, `fill ${fill}, offset ${offset}`).toEqual(byFill[fill][offset]);
        const rowOffset = Math.floor((wordsOf(id, DRAWS[1])[0] * 5) / 2 ** 32) - 2;
        const down = change(backend, 'augmentShift', row, [4, 1], [2, 0, fill, scratch(16)], { id });
        expect(down, `fill ${fill}, offset ${rowOffset}`).toEqual(byFill[fill][rowOffset]);
      }
      expect(seen.size).toBe(5);
    }
  });

  test('a hole is cut off at the edges, and lies where it was drawn', () => {
    for (let id = 0; id < 40; id++) {
      const out = change(backend, 'augmentCutout', new Float32Array(2 * 5 * 6).fill(1), [5, 6], [3, 2], { id });
      const [word0, word1] = wordsOf(id, DRAWS[1]);
      const [top, left] = [Math.floor((word0 * 5) / 2 ** 32) - 1, Math.floor((word1 * 6) / 2 ** 32) - 1];
      const expected = Array.from({ length: 60 }, (_, i) => {
        const [row, column] = [Math.floor(i / 6) % 5, i % 6];
        return row >= top && row < top + 3 && column >= left && column < left + 2 ? 0 : 1;
      });
      expect(out).toEqual(expected);
    }
  });

  test('brightness multiplies, contrast stretches about the mean, both are bounded', () => {
    const u = wordsOf(7, DRAWS[1])[0] / 2 ** 32;
    const factor = 1 + (2 * u - 1) * 0.5;
    const x = [0, 0.25, 0.5, 0.75, 1, 0.5];
    const close = () => 1e-7;
    const bounded = (y: number) => Math.min(1, Math.max(0, y));
    const brighter = change(backend, 'augmentTone', x, [2, 3], [0.5, 0, 0, 1]);
    expectClose(
      brighter,
      x.map((value) => bounded(value * factor)),
      close,
      'brightness',
    );
    const starker = change(backend, 'augmentTone', x, [2, 3], [0.5, 1, 0, 1]);
    expectClose(
      starker,
      x.map((value) => bounded(0.5 + (value - 0.5) * factor)),
      close,
      'contrast',
    );
  });

  interface Turned {
    height: number;
    width: number;
    degrees: number;
    scale: number;
    x: number[];
    y: number[];
  }
  const turned: Turned[] = JSON.parse(readFileSync(new URL('../fixtures/turned-images.json', import.meta.url), 'utf8'));
  test.each(turned)('turns $height × $width by $degrees degrees, scaled by $scale, as PyTorch', (one) => {
    // What is drawn is (2u - 1) of the most: the most is chosen so that the angle comes out.
    const u = wordsOf(7, DRAWS[1])[0] / 2 ** 32;
    const mostTurn = one.degrees / 360 / (2 * u - 1);
    const room = scratch(padded(one.height, one.width));
    const out = change(backend, 'augmentTurn', one.x, [one.height, one.width], [mostTurn, one.scale, one.scale, room]);
    // One rounding to float32 of values below 1; at 90 degrees a pixel's own weight is 1 but for 2^-50.
    expectClose(out, one.y, () => 1e-7, 'turned');
  });

  test('mixup is share · own + (1 - share) · other; a piece has the shape of its share', () => {
    const draws = DRAWS[0];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const [word0, word1, word2] = wordsOf(id, draws);
      const share = Math.fround(word1 / 2 ** 32);
      const [own, other] = [new Float32Array(64).fill(1), new Float32Array(64).fill(3)];
      const mix = (isCut: number) => {
        const x = update(own);
        const ids = input([id], 'u32');
        const shares = output(1);
        const rule = [...draws, ALWAYS, input(EVEN), isCut];
        const mixed = runKernel(backend, 'mixRows', [x, ids, 1, input(other), 1, 8, 8, ...rule]).read(x);
        return { mixed, share: runKernel(backend, 'mixShares', [shares, ids, 1, 8, 8, ...rule]).read(shares)[0] };
      };
      const blend = mix(0);
      expect(Math.abs(blend.share - share)).toBeLessThan(1e-6);
      expectClose(blend.mixed, new Array(64).fill(share + 3 * (1 - share)), () => 1e-6, 'mixup');
      const side = Math.floor(8 * Math.sqrt(1 - word1 / 2 ** 32));
      const top = Math.floor((word2 * 8) / 2 ** 32) - (side >> 1);
      const left = Math.floor((wordsOf(id, draws, 1)[0] * 8) / 2 ** 32) - (side >> 1);
      const piece = mix(1);
      const expected = Array.from({ length: 64 }, (_, i) => {
        const [row, column] = [i >> 3, i & 7];
        return row >= top && row < top + side && column >= left && column < left + side ? 3 : 1;
      });
      expect([...piece.mixed]).toEqual(expected);
      expect(piece.share).toBe(expected.filter((value) => value === 1).length / 64);
      const partner = output(1, 'u32');
      const batch = input([50, 51, 52, 53, 54], 'u32');
      const args = [partner, input([id], 'u32'), 1, batch, 5, ...draws];
      expect(runKernel(backend, 'mixPartners', args).read(partner)[0]).toBe(50 + Math.floor((word0 * 5) / 2 ** 32));
    }
  });

  test('the loss of a mixture is share · CE(label) + (1 - share) · CE(other), and its gradient is that of the sum', () => {
    const logits = [0.3, -1.2, 2, 0.1];
    const share = 0.3;
    const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
    const crossEntropy = (label: number) => total - logits[label];
    const [d, sums] = [output(4), output(3, 'f64')];
    const target = [input([1], 'i32'), input([2], 'i32'), input([share])];
    const run = runKernel(backend, 'mixedCrossEntropy', [d, input(logits), ...target, 1, 4, sums, 0, 0]);
    const [numerator, denominator, correct] = run.read(sums);
    expect(numerator).toBeCloseTo(share * crossEntropy(1) + (1 - share) * crossEntropy(2), 6);
    expect([denominator, correct]).toEqual([1, 1]);
    const expected = logits.map((x, c) => Math.exp(x - total) - (c === 1 ? share : 0) - (c === 2 ? 1 - share : 0));
    expectClose(run.read(d), expected, () => 2e-7, 'gradient');
  });
});

describe.each(BACKENDS)('what is drawn, %s', (backend) => {
  const count = 4000;
  const many = Array.from({ length: count }, (_, id) => id);

  test('a flip with probability p happens to a share of p, within four standard deviations, to others in another epoch', () => {
    const flipped = (epoch: number, p: number) => {
      const x = update(Float32Array.from({ length: 2 * count }, (_, i) => i % 2));
      const args = [x, input(many, 'u32'), count, 1, 1, 2, epoch, 8, 1, 0, p * 2 ** 32, 1];
      const out = runKernel(backend, 'augmentFlip', args).read(x);
      return many.filter((i) => out[2 * i] === 1);
    };
    for (const p of [0.1, 0.5, 0.9]) {
      const share = flipped(0, p).length / count;
      expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count));
    }
    const again = new Set(flipped(1, 0.5));
    const both = flipped(0, 0.5).filter((i) => again.has(i)).length / count;
    expect(Math.abs(both - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / count));
  });

  test('noise has mean 0, deviation 1, no skew, kurtosis 3, and elements that do not know each other', () => {
    const n = 100_003;
    const x = update(new Float32Array(n));
    const args = [x, input([5], 'u32'), 1, 1, 1, n, 0, 8, 1, 0, ALWAYS, 1, -LARGEST, LARGEST, scratch(64)];
    const z = [...runKernel(backend, 'augmentNoise', args).read(x)];
    const moment = (k: number) => z.reduce((sum, value) => sum + value ** k, 0) / n;
    // Standard deviations of the first four moments of n normal numbers: 1, √2, √15, √96 over √n.
    const bounds = [1, Math.sqrt(2), Math.sqrt(15), Math.sqrt(96)].map((deviation) => (4 * deviation) / Math.sqrt(n));
    [0, 1, 0, 3].forEach((wanted, i) => {
      expect(Math.abs(moment(i + 1) - wanted)).toBeLessThan(bounds[i]);
    });
    for (const lag of [1, 2, 3, 4]) {
      const products = z.slice(lag).reduce((sum, value, i) => sum + value * z[i], 0) / n;
      expect(Math.abs(products)).toBeLessThan(4 / Math.sqrt(n));
    }
    const within1 = z.filter((value) => Math.abs(value) < 1).length / n;
    expect(Math.abs(within1 - 0.682689)).toBeLessThan(4 * Math.sqrt((0.68 * 0.32) / n));
  });

  test('a sample is changed alike in any company and order', () => {
    const images = numbers(3 * 16);
    const run = (order: number[]) => {
      const x = update(order.flatMap((i) => [...images.slice(16 * i, 16 * i + 16)]));
      const args = [
        x,
        input(order, 'u32'),
        order.length,
        1,
        4,
        4,
        ...DRAWS[1],
        ALWAYS,
        0.2,
        0.8,
        1.2,
        scratch(padded(4, 4)),
      ];
      const out = runKernel(backend, 'augmentTurn', args).read(x);
      return new Map(order.map((id, place) => [id, [...out.slice(16 * place, 16 * place + 16)]]));
    };
    const [all, backwards, alone] = [run([0, 1, 2]), run([2, 1, 0]), run([1])];
    for (const id of [0, 1, 2]) expect(backwards.get(id)).toEqual(all.get(id));
    expect(alone.get(1)).toEqual(all.get(1));
    expect(all.get(0)).not.toEqual([...images.slice(0, 16)]);
  });
});
