import { describe, expect, test } from 'vitest';
import { dropoutPurpose, dropoutThreshold } from '#src/graph/ops/dropout.js';
import {
  BACKENDS,
  COUNTS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  scratch,
  update,
} from './kernel-bench.ts';

const IDS = [7, 0, 4_294_967_295, 59_999];
/** Step, purpose and position, seed. */
const COUNTERS = [
  [0, dropoutPurpose(0), 0, 0],
  [123_456, dropoutPurpose(5), 1, 0],
  [4_294_967_295, dropoutPurpose(2 ** 24 - 1), 4_294_967_295, 2_147_483_649],
];

describe.each(BACKENDS)('dropout, %s', (backend) => {
  test('gives the bits of the reference, in place too', () => {
    for (const rows of [0, 1, 4])
      for (const n of [...COUNTS, 15, 16, 17])
        for (const [index, counter] of COUNTERS.entries()) {
          const values = numbers(rows * n, n);
          const p = [0, 0.1, 0.9][index];
          const rest = [
            input(IDS.slice(0, rows), 'u32'),
            rows,
            n,
            ...counter,
            dropoutThreshold(p),
            1 / (1 - p),
            scratch(64),
          ];
          expectAsReference(backend, 'dropout', [output(rows * n), input(values), ...rest]);
          const inPlace = update(values);
          expectAsReference(backend, 'dropout', [inPlace, inPlace, ...rest]);
        }
  });
});

describe.each([...BACKENDS, 'reference'] as const)('dropout by hand, %s', (backend) => {
  const drop = (x: ArrayLike<number>, p: number, ids = [1], counter = [3, dropoutPurpose(1), 9, 0]) => {
    const out = output(x.length);
    const rest = [ids.length, x.length / ids.length, ...counter, dropoutThreshold(p), 1 / (1 - p), scratch(64)];
    return runKernel(backend, 'dropout', [out, input(x), input(ids, 'u32'), ...rest]).read(out);
  };

  test('p = 0 keeps every element, a NaN, an infinity and -0 too', () => {
    expect([...drop(SPECIAL, 0)]).toEqual(SPECIAL.map(Math.fround));
  });

  test('what is dropped is 0, whatever it was', () => {
    const kept = drop(new Float32Array(1000).fill(1), 0.5).map((x) => (x === 0 ? 0 : 1));
    const spoilt = drop(new Float32Array(1000).fill(Number.NaN), 0.5);
    expect([...spoilt]).toEqual([...kept].map((x) => (x === 0 ? 0 : Number.NaN)));
  });

  test.each([0.1, 0.5, 0.9])('drops a share of %f and keeps the mean, within four standard deviations', (p) => {
    const n = 20_000;
    const out = [...drop(new Float32Array(n).fill(1), p)];
    const dropped = out.filter((x) => x === 0).length / n;
    const deviation = Math.sqrt((p * (1 - p)) / n);
    expect(Math.abs(dropped - p)).toBeLessThan(4 * deviation);
    const mean = out.reduce((sum, x) => sum + x, 0) / n;
    expect(Math.abs(mean - 1)).toBeLessThan((4 * deviation) / (1 - p) + 1e-4);
  });

  test('another step, sample, position or seed has another mask: half the elements agree', () => {
    const n = 4000;
    const ones = new Float32Array(n).fill(1);
    const base = drop(ones, 0.5);
    const others = [
      drop(ones, 0.5, [2]),
      drop(ones, 0.5, [1], [4, dropoutPurpose(1), 9, 0]),
      drop(ones, 0.5, [1], [3, dropoutPurpose(2), 9, 0]),
      drop(ones, 0.5, [1], [3, dropoutPurpose(1), 8, 0]),
      drop(ones, 0.5, [1], [3, dropoutPurpose(1), 9, 1]),
    ];
    for (const other of others) {
      const agreeing = other.filter((x, i) => x === base[i]).length / n;
      // Independent masks agree in half the elements, ± 4 standard deviations.
      expect(Math.abs(agreeing - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / n));
    }
  });

  test("a sample's mask is the same in any company and order", () => {
    const n = 21;
    const ones = new Float32Array(3 * n).fill(1);
    const [forward, backward] = [drop(ones, 0.5, [4, 5, 6]), drop(ones, 0.5, [6, 5, 4])];
    expect(backward.slice(0, n)).toEqual(forward.slice(2 * n));
    expect(backward.slice(2 * n)).toEqual(forward.slice(0, n));
    expect(drop(ones.subarray(0, n), 0.5, [5])).toEqual(forward.slice(n, 2 * n));
  });
});
