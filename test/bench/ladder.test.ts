import { expect, test } from 'vitest';
import { buildRungs } from '../../bench/ladder/rungs.mjs';

const MIB = 2 ** 20;
const memory = new WebAssembly.Memory({ initial: 128, maximum: 128, shared: true });
const [a, b, c, scratch] = [MIB, 2 * MIB, 3 * MIB, 4 * MIB];
const floats = new Float32Array(memory.buffer);
const rungs = buildRungs(memory, scratch);

test.each([
  [8, 8, 1],
  [4, 16, 33],
  [64, 24, 512],
])('every rung of the ladder gives the product %i × %i over %i, and the exact ones the same bits', (m, n, k) => {
  for (let i = 0; i < m * k; i++) floats[a / 4 + i] = Math.fround(Math.sin(i));
  for (let i = 0; i < k * n; i++) floats[b / 4 + i] = Math.fround(Math.cos(i * 1.7));
  const results = rungs.map(({ multiply }) => {
    floats.fill(Number.NaN, c / 4, c / 4 + m * n);
    multiply(m, n, k, a, b, c);
    return floats.slice(c / 4, c / 4 + m * n);
  });
  const exact = Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += floats[a / 4 + Math.floor(at / n) * k + p] * floats[b / 4 + p * n + (at % n)];
    return sum;
  });
  rungs.forEach(({ name, isExact }, i) => {
    if (isExact) expect(results[i], name).toEqual(results[0]);
    results[i].forEach((value, at) => {
      expect(Math.abs(value - exact[at]), `${name} at ${at}`).toBeLessThan(1e-5 * k + 1e-6);
    });
  });
});
