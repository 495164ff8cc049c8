// The losses of values: the bits of the reference kernels, hand-worked values.
import { describe, expect, test } from 'vitest';
import {
  type Argument,
  BACKENDS,
  COUNTS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  update,
} from './kernel-bench.ts';

const sums = () => update([0.5, 2, 3], 'f64');
/** The three forms: absolute, Huber's, smooth. */
const FORMS = [
  [0, 0, 1],
  [0.4, 1, 0.4],
  [0.4, 2.5, 1],
];

describe.each(BACKENDS)('losses of values have the bits of the reference, %s', (backend) => {
  test.each(COUNTS)('of %i elements', (n) => {
    const [x, t] = [numbers(n, 1), numbers(n, 2)];
    const share = t.map((value) => (value + 1) / 2);
    for (const accumulate of [0, 1])
      for (const hasGradient of [false, true]) {
        const gradient = () => (hasGradient ? output(n) : 0);
        for (const form of FORMS) {
          expectAsReference(backend, 'absoluteError', [gradient(), input(x), input(t), n, sums(), accumulate, ...form]);
        }
        const logits = input(x.map((value) => value * 20));
        const kl = [gradient(), input(x), input(share), n, 3, sums(), accumulate];
        expectAsReference(backend, 'klDivergence', kl);
        const sizes = n % 3 === 0 ? [n / 3, 3] : [n, 1];
        const weights = input([0.5, 2, 3]);
        for (const w of [0, weights]) {
          const args = [gradient(), logits, input(share), ...sizes, sums(), accumulate, w, 0];
          expectAsReference(backend, 'logisticLoss', args);
        }
        const labels = input(
          share.map((value) => Math.round(value)),
          'i32',
        );
        const args = [gradient(), logits, labels, ...sizes, sums(), accumulate, 0, 1];
        expectAsReference(backend, 'logisticLoss', args);
      }
  });

  test.each(SPECIAL)('of %f beside each special number', (value) => {
    const x = input(SPECIAL.map(() => value));
    const n = SPECIAL.length;
    for (const [a, b] of [
      [x, input(SPECIAL)],
      [input(SPECIAL), x],
    ]) {
      expectAsReference(backend, 'absoluteError', [output(n), a, b, n, sums(), 0, 0.4, 1, 0.4]);
      expectAsReference(backend, 'logisticLoss', [output(n), a, b, n, 1, sums(), 0, 0, 0]);
      expectAsReference(backend, 'klDivergence', [output(n), a, b, n, n, sums(), 0]);
    }
  });
});

describe.each([...BACKENDS, 'reference'] as const)('losses of values by hand, %s', (backend) => {
  const run = (
    kernel: 'absoluteError' | 'logisticLoss' | 'klDivergence',
    count: number,
    rest: (Argument | 'sums')[],
  ) => {
    const [gradient, cells] = [output(count), sums()];
    const args = rest.map((arg) => (arg === 'sums' ? cells : arg));
    const result = runKernel(backend, kernel, [gradient, ...args]);
    return { gradient: [...result.read(gradient)], sums: [...result.read(cells)] };
  };

  test('distances 0, 0.5, 2 and -4, in each form', () => {
    const of = (form: number[]) =>
      run('absoluteError', 4, [input([1, 1.5, 3, -3]), input([1, 1, 1, 1]), 4, 'sums', 0, ...form]);
    expect(of([0, 0, 1])).toEqual({ gradient: [0, 1, 1, -1], sums: [6.5, 4, 0] });
    // Huber, delta 2: 0 + 1/8 + 2 (2 - 1) + 2 (4 - 1).
    expect(of([2, 1, 2])).toEqual({ gradient: [0, 0.5, 2, -2], sums: [8.125, 4, 0] });
    // Smooth, beta 4: 0 + 1/32 + 1/2 + (4 - 2).
    expect(of([4, 0.25, 1])).toEqual({ gradient: [0, 0.125, 0.5, -1], sums: [2.53125, 4, 0] });
  });

  test('a logit of 0 costs ln 2 for either label, a wrong one of 1000 costs 1000, a right one nothing', () => {
    const labels = input([0, 1, 0, 1], 'i32');
    const { gradient, sums: cells } = run('logisticLoss', 4, [
      input([0, 0, 1000, 1000]),
      labels,
      4,
      1,
      'sums',
      0,
      0,
      1,
    ]);
    expect(cells[0]).toBeCloseTo(2 * Math.LN2 + 1000, 12);
    // A logit of 0 says no: right for the first, wrong for the second.
    expect(cells.slice(1)).toEqual([4, 2]);
    expect(gradient).toEqual([0.5, -0.5, 1, 0]);
  });

  test('posWeight multiplies what a target of 1 costs, and an unsure target takes part of both', () => {
    const args = [input([0, 0]), input([1, 0.25]), 1, 2, 'sums' as const, 0, input([3, 2]), 0];
    const { gradient, sums: cells } = run('logisticLoss', 2, args);
    expect(cells[0]).toBeCloseTo(Math.LN2 * (3 + 0.75 + 0.5), 14);
    expect(gradient).toEqual([-1.5, 0.125]);
  });

  test('the divergence of a distribution from itself is 0, and impossible outcomes cost nothing', () => {
    const x = input([-Math.LN2, -Math.LN2, -Infinity]);
    const { gradient, sums: cells } = run('klDivergence', 3, [x, input([0.5, 0.5, 0]), 3, 1, 'sums', 0]);
    expect(cells[0]).toBeCloseTo(0, 7); // ln 2 is rounded to f32
    expect(cells.slice(1)).toEqual([1, 0]);
    expect(gradient).toEqual([-0.5, -0.5, -0]);
    const certain = run('klDivergence', 2, [input([-2, -0.125]), input([1, 0]), 2, 1, 'sums', 0]);
    expect(certain.sums).toEqual([2, 1, 0]);
  });
});
