// One table of cases for all backends. The oracle is reference.ts: bit-equal where only + - * / and the square root are in play.
import { describe, expect, test } from 'vitest';
import { treeSumScratchBytes } from '#src/kernels/gemm-scratch.js';
import type { KernelName } from '#src/kernels/kernel-set.js';
import { BACKENDS, type Bench, numbers, openBackend, ulpsBetween } from './backends.ts';

const COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 17, 1023, 10_007];
const FAST = BACKENDS.filter((name) => name !== 'reference');

/** Runs the same on the reference and on `name`; `ulps` 0 asks for the same bits. */
function compare(name: Bench['name'], ulps: number, run: (bench: Bench) => ArrayLike<number>[]): void {
  const [expected, got] = (['reference', name] as const).map((backend) => {
    const bench = openBackend(backend);
    const outputs = run(bench).map((output) => Array.from(output));
    bench.checkGuards();
    return outputs;
  });
  got.forEach((output, i) => {
    if (ulps === 0) expect(output).toEqual(expected[i]);
    else expect(ulpsBetween(output, expected[i])).toBeLessThanOrEqual(ulps);
  });
}

describe.each(FAST)('%s', (name) => {
  describe.each(COUNTS)('%d elements', (n) => {
    test.each(['add', 'sub', 'mul', 'div', 'reluBackward', 'tanhBackward', 'sigmoidBackward'] as const)(
      '%s',
      (kernel) => {
        compare(name, 0, ({ kernels, place }) => {
          const [out, a, b] = [place(new Float32Array(n)), place(numbers(n)), place(numbers(n, 2))];
          kernels[kernel](out.byteOffset, a.byteOffset, b.byteOffset, n);
          // In place over either input gives the same.
          kernels[kernel](a.byteOffset, a.byteOffset, b.byteOffset, n);
          expect([...a]).toEqual([...out]);
          return [out];
        });
      },
    );

    test.each([
      ['negate', 0],
      ['square', 0],
      ['sqrt', 0],
      ['relu', 0],
      ['copy', 0],
      // Our vector polynomials against the f64 functions rounded once; the bounds are those of vector-math.ts.
      ['exp', 2],
      ['log', 2],
      ['tanh', 6],
      ['sigmoid', 3],
    ] as [KernelName, number][])('%s within %d ulp', (kernel, ulps) => {
      compare(name, ulps, ({ kernels, place }) => {
        const [out, x] = [
          place(new Float32Array(n)),
          place(numbers(n, 3, 8).map(kernel === 'log' || kernel === 'sqrt' ? Math.abs : Number)),
        ];
        kernels[kernel](out.byteOffset, x.byteOffset, n);
        return [out];
      });
    });

    test('scale, addScalar, fill, accumulate', () => {
      compare(name, 0, ({ kernels, place }) => {
        const x = place(numbers(n));
        const outs = [0, 1, 2, 3].map(() => place(numbers(n, 5)));
        kernels.scale(outs[0].byteOffset, x.byteOffset, 1.1, n);
        kernels.addScalar(outs[1].byteOffset, x.byteOffset, 0.3, n);
        kernels.fill(outs[2].byteOffset, 0.1, n);
        kernels.accumulate(outs[3].byteOffset, x.byteOffset, n, 1);
        kernels.accumulate(outs[0].byteOffset, outs[3].byteOffset, n, 0);
        return outs;
      });
    });

    test('scaleSquareSum', () => {
      compare(name, 0, ({ kernels, place }) => {
        const x = place(numbers(n, 9));
        const sum = kernels.scaleSquareSum(x.byteOffset, 1 / 3, n);
        return [x, [sum]];
      });
    });

    test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 33])('treeSum of %d slots', (count) => {
      compare(name, 0, ({ kernels, place }) => {
        const slots = Array.from({ length: count }, (_, i) => place(numbers(n + 3, i + 1)));
        const table = place(Uint32Array.from(slots.map(({ byteOffset }) => byteOffset)));
        const [out, scratch] = [place(new Float32Array(n)), place(new Uint8Array(treeSumScratchBytes(count)))];
        kernels.treeSum(out.byteOffset, table.byteOffset, count, 12, n, scratch.byteOffset);
        return [out];
      });
    });

    test('sgd and adam, which read the old generation only', () => {
      compare(name, 0, ({ kernels, place }) => {
        const old = [0, 1, 2].map((i) => place(numbers(n, i + 1).map(i === 2 ? Math.abs : Number)));
        const gradient = place(numbers(n, 7));
        const next = [0, 1, 2, 3, 4].map(() => place(new Float32Array(n)));
        const at = ({ byteOffset }: Float32Array): number => byteOffset;
        const before = old.map((array) => [...array]);
        kernels.sgd(at(next[0]), at(old[0]), at(gradient), at(next[1]), at(old[1]), n, 0.1, 0.9, 0.1, 0, 0.01, 0);
        kernels.sgd(at(next[2]), at(old[0]), at(gradient), at(next[1]), at(old[1]), n, 0.1, 0.9, 0, 1, 0, 1);
        kernels.adam(
          at(next[3]),
          at(old[0]),
          at(gradient),
          at(next[4]),
          at(old[1]),
          at(next[0]),
          at(old[2]),
          n,
          0.001,
          0.9,
          0.999,
          1e-8,
          0.01,
          1,
          0.1,
          0.03,
        );
        expect(old.map((array) => [...array])).toEqual(before);
        return next;
      });
    });

    test('uniform, in its half-open interval', () => {
      compare(name, 0, ({ kernels, place }) => {
        const out = place(new Float32Array(n));
        kernels.uniform(out.byteOffset, n, 0xdeadbeef, 7, 1, 2, 3, -0.25, 0.75);
        expect(out.every((x) => x >= -0.25 && x < 0.75)).toBe(true);
        return [out];
      });
    });
  });

  test.each([
    [0, 3],
    [1, 1],
    [3, 5],
    [5, 10],
    [64, 10],
    [33, 129],
  ])('rows × columns %d × %d: sums, losses, gathering', (rows, cols) => {
    // The loss and its gradient go through exp and a sum of `cols` terms: 4 ulp of the largest share, 1.
    compare(name, 1e6, ({ kernels, place }) => {
      const logits = place(numbers(rows * cols, 3, 5));
      const labels = place(Int32Array.from({ length: rows }, (_, r) => (r * 7) % cols));
      const dLogits = place(new Float32Array(rows * cols));
      const sums = place(new Float64Array(3).fill(1));
      kernels.softmaxCrossEntropy(
        dLogits.byteOffset,
        logits.byteOffset,
        labels.byteOffset,
        rows,
        cols,
        sums.byteOffset,
        1,
      );
      expect(sums[1]).toBe(1 + rows);
      for (let r = 0; r < rows; r++) {
        const row = dLogits.subarray(r * cols, (r + 1) * cols);
        expect(Math.abs(row.reduce((sum, x) => sum + x, 0))).toBeLessThan(1e-5);
        const top = Math.max(...logits.subarray(r * cols, (r + 1) * cols));
        const powers = [...logits.subarray(r * cols, (r + 1) * cols)].map((x) => Math.exp(x - top));
        const total = powers.reduce((sum, x) => sum + x, 0);
        const expected = powers.map((power, c) => power / total - (c === labels[r] ? 1 : 0));
        for (let c = 0; c < cols; c++) expect(Math.abs(row[c] - expected[c])).toBeLessThan(1e-6);
      }
      return [[sums[2]]];
    });
    compare(name, 0, ({ kernels, place }) => {
      const x = place(numbers(rows * cols));
      const target = place(numbers(rows * cols, 2));
      const [out, dPrediction] = [place(numbers(cols, 4)), place(new Float32Array(rows * cols))];
      const sums = place(new Float64Array([1, 2, 3]));
      kernels.sumRows(out.byteOffset, x.byteOffset, rows, cols, 1);
      kernels.meanSquaredError(dPrediction.byteOffset, x.byteOffset, target.byteOffset, rows, cols, sums.byteOffset, 0);
      const bytes = place(Uint8Array.from({ length: 40 * cols }, (_, i) => i * 37));
      const ids = place(Uint32Array.from({ length: rows }, (_, r) => (r * 11) % 40));
      const [gathered, floats] = [place(new Float32Array(rows * cols)), place(numbers(40 * cols))];
      kernels.gatherBytes(gathered.byteOffset, bytes.byteOffset, ids.byteOffset, rows, cols, 255);
      const copies = place(new Float32Array(rows * cols));
      kernels.gatherFloats(copies.byteOffset, floats.byteOffset, ids.byteOffset, rows, cols);
      const rowSums = place(new Float32Array(rows * cols));
      kernels.addRow(rowSums.byteOffset, x.byteOffset, out.byteOffset, rows, cols);
      const [byteLabels, intLabels] = [place(new Int32Array(rows)), place(new Int32Array(rows))];
      const ints = place(Int32Array.from({ length: 40 }, (_, i) => i * 1000));
      kernels.gatherByteLabels(byteLabels.byteOffset, bytes.byteOffset, ids.byteOffset, rows);
      kernels.gatherIntLabels(intLabels.byteOffset, ints.byteOffset, ids.byteOffset, rows);
      return [out, dPrediction, sums, gathered, copies, rowSums, byteLabels, intLabels];
    });
  });

  test('copyStrided and sumStrided transpose and broadcast', () => {
    compare(name, 0, ({ kernels, place }) => {
      const [rows, p, q] = [3, 5, 7];
      const x = place(numbers(rows * p * q));
      const transposed = place(new Float32Array(rows * p * q));
      const meta = place(Int32Array.of(q, p, 1, q));
      kernels.copyStrided(transposed.byteOffset, x.byteOffset, rows, p * q, 2, meta.byteOffset);
      expect(transposed[1]).toBe(x[q]);
      const row = place(numbers(q, 5));
      const broadcastMeta = place(Int32Array.of(p, q, 0, 1));
      kernels.sumStrided(row.byteOffset, x.byteOffset, rows, 0, 2, broadcastMeta.byteOffset, 1, q);
      return [transposed, row];
    });
  });

  test('NaN in, NaN out; no NaN is hidden by ReLU or its gradient', () => {
    const { kernels, place } = openBackend(name);
    const x = place(Float32Array.of(Number.NaN, -1, 1, Number.NaN, -0));
    const out = place(new Float32Array(5));
    for (const kernel of ['exp', 'log', 'tanh', 'sigmoid', 'relu', 'sqrt'] as const) {
      kernels[kernel](out.byteOffset, x.byteOffset, 5);
      expect([out[0], out[3]], kernel).toEqual([Number.NaN, Number.NaN]);
    }
    kernels.reluBackward(out.byteOffset, place(Float32Array.of(1, 1, 1, Number.NaN, 1)).byteOffset, x.byteOffset, 5);
    expect([...out]).toEqual([1, 0, 1, Number.NaN, 0]);
  });

  test.each([
    ['exp', -104, 89, Math.exp, 2],
    ['tanh', -12, 12, Math.tanh, 6],
    ['sigmoid', -30, 30, (x: number) => 1 / (1 + Math.exp(-x)), 3],
    ['log', 2 ** -140, 3e38, Math.log, 2],
  ] as const)('%s from %d to %d is within its bound of the f64 function', (kernel, low, high, f, ulps) => {
    const { kernels, place } = openBackend(name);
    const n = 200_001;
    const isLog = kernel === 'log';
    const at = (i: number): number => (isLog ? low * (high / low) ** (i / n) : low + ((high - low) * i) / n);
    const x = place(Float32Array.from({ length: n }, (_, i) => at(i)));
    const out = place(new Float32Array(n));
    kernels[kernel](out.byteOffset, x.byteOffset, n);
    // Rounded to f32: what overflows there is infinite.
    const expected = Array.from(x, (value) =>
      Number.isFinite(Math.fround(f(value))) ? f(value) : Math.fround(f(value)),
    );
    expect(ulpsBetween(out, expected)).toBeLessThanOrEqual(ulps);
  });
});
