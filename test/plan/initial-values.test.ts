// Oracles: exact properties (orthonormality, bounds, the definition by Philox words), and moments within their standard errors.
import { describe, expect, it } from 'vitest';
import { philox4x32 } from '#src/kernels/philox.js';
import { PURPOSE } from '#src/kernels/purpose.js';
import { type DrawnInitializer, drawValues } from '#src/plan/initial-values.js';

const COUNT = 40_000;

/** Mean and standard deviation. */
function momentsOf(values: ArrayLike<number>): [mean: number, std: number] {
  const list = Array.from(values);
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
  return [mean, Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length)];
}

describe('normal', () => {
  const values = drawValues({ kind: 'normal', mean: 3, std: 0.5 }, [COUNT], 7, 2);

  it('has its mean, its standard deviation and the normal share within one, two and three of them', () => {
    const [mean, std] = momentsOf(values);
    // Five standard errors: std/√n of the mean, std/√(2n) of the standard deviation.
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.5) / Math.sqrt(COUNT));
    expect(Math.abs(std - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(2 * COUNT));
    for (const [within, share] of [
      [1, 0.682689],
      [2, 0.9545],
      [3, 0.9973],
    ]) {
      const counted = values.filter((x) => Math.abs(x - 3) < 0.5 * within).length / COUNT;
      expect(Math.abs(counted - share), `within ${within}`).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / COUNT));
    }
  });

  it('has uncorrelated neighbours, those of one pair of words included', () => {
    for (const distance of [1, 2, 3, 4]) {
      let product = 0;
      for (let i = distance; i < COUNT; i++) product += ((values[i] - 3) / 0.5) * ((values[i - distance] - 3) / 0.5);
      expect(Math.abs(product / COUNT), `distance ${distance}`).toBeLessThan(5 / Math.sqrt(COUNT));
    }
  });

  it('is Box and Muller of the Philox words of (seed, parameter, element)', () => {
    const words = new Uint32Array(4);
    for (const i of [0, 1, 2, 3, 4, 39_999]) {
      philox4x32(i >>> 2, 0, 2, PURPOSE.initialisation, 7, 0, words);
      const [u, v] = [words[i & 2] + 0.5, words[(i & 2) + 1]].map((word) => word / 2 ** 32);
      const wave = i % 2 === 0 ? Math.cos(2 * Math.PI * v) : Math.sin(2 * Math.PI * v);
      // Math's functions and ours are a few ulp apart; a sine near 0 loses a few more.
      expect(values[i]).toBeCloseTo(3 + 0.5 * Math.sqrt(-2 * Math.log(u)) * wave, 12);
    }
  });

  it('depends on seed and parameter, and an element not on how many there are', () => {
    const draw = (count: number, seed: number, parameter: number) =>
      drawValues({ kind: 'normal', mean: 0, std: 1 }, [count], seed, parameter);
    expect(draw(5, 1, 0)).toEqual(draw(9, 1, 0).subarray(0, 5));
    expect(draw(5, 2, 0)).not.toEqual(draw(5, 1, 0));
    expect(draw(5, 1, 1)).not.toEqual(draw(5, 1, 0));
    expect(draw(5, 1 + 2 ** 32, 0)).not.toEqual(draw(5, 1, 0));
  });
});

describe('truncatedNormal', () => {
  // Moments of the truncated standard normal, from its density and distribution (Johnson, Kotz, Balakrishnan 1994, section 13.10).
  it.each<[string, DrawnInitializer & { low: number; high: number }, number, number]>([
    ['two std on both sides', { kind: 'truncatedNormal', mean: 0, std: 1, low: -2, high: 2 }, 0, 0.879626],
    ['one-sided', { kind: 'truncatedNormal', mean: 0, std: 1, low: 0, high: 40 }, 0.797885, 0.60281],
    ['narrower than two std', { kind: 'truncatedNormal', mean: 0, std: 1, low: -0.5, high: 1 }, 0.207299, 0.416957],
    ['two std away', { kind: 'truncatedNormal', mean: -4, std: 2, low: 0, high: 40 }, 0.746431, 0.674894],
  ])('%s: every number is inside, mean and standard deviation are right', (_title, initializer, mean, std) => {
    const values = drawValues(initializer, [COUNT], 3, 1);
    expect(values.every((x) => x >= initializer.low && x <= initializer.high)).toBe(true);
    const [gotMean, gotStd] = momentsOf(values);
    expect(Math.abs(gotMean - mean)).toBeLessThan((5 * std) / Math.sqrt(COUNT));
    // The fourth moment of these is at most nine times the squared variance: the error of the std is below √2 std/√n.
    expect(Math.abs(gotStd - std)).toBeLessThan((5 * Math.sqrt(2) * std) / Math.sqrt(COUNT));
  });
});

describe('orthogonal', () => {
  it.each([
    [[1, 1], 1],
    [[5, 5], 1],
    [[31, 7], 2],
    [[7, 31], 0.5],
    [[8, 3, 3, 3], 1],
    [[1, 9], 1],
  ])('%j with gain %d: the shorter side is orthogonal and of the gain as its norm', (shape, gain) => {
    const values = drawValues({ kind: 'orthogonal', gain }, shape, 11, 4);
    const rows = shape[0];
    const columns = values.length / rows;
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const at = (vector: number, e: number) =>
      rows < columns ? values[vector * columns + e] : values[e * columns + vector];
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let e = 0; e < length; e++) product += at(a, e) * at(b, e);
        expect(Math.abs(product - (a === b ? gain * gain : 0)), `${a}·${b}`).toBeLessThan(1e-14);
      }
    }
  });

  it('has either sign on its diagonal: a decomposition with one sign there would not be uniform', () => {
    const signs = Array.from({ length: 64 }, (_, parameter) =>
      Math.sign(drawValues({ kind: 'orthogonal', gain: 1 }, [3, 3], 1, parameter)[0]),
    );
    const positive = signs.filter((sign) => sign > 0).length;
    expect(positive).toBeGreaterThan(12);
    expect(positive).toBeLessThan(52);
  });
});
