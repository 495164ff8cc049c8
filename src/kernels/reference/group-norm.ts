// Group norm and its gradients, one group after the other; any thread.
import { inverseDeviation, momentsOf, sumEightLanes } from './lane-sums.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type GroupNormName = 'groupNorm' | 'groupNormBackward' | 'groupNormWeightGradient';

/** The normalisations of groups of channels over `views`. */
export function groupNormKernels({ f32 }: Views): Kernels<GroupNormName> {
  /** Calls `visit` for every group of every sample with where its channels' runs begin, relative to x. */
  function forGroups(
    x: number,
    [samples, channels, spatial, groups, eps]: number[],
    visit: (group: { mean: number; rstd: number; n: number; runs: { channel: number; at: number }[] }) => void,
  ): void {
    const members = channels / groups;
    for (let g = 0; g < samples * groups; g++) {
      const [first, at] = [(g % groups) * members, g * members * spatial];
      const [mean, variance] = momentsOf(f32, x / 4 + at, members * spatial);
      const runs = Array.from({ length: members }, (_, c) => ({ channel: first + c, at: at + c * spatial }));
      visit({ mean, rstd: inverseDeviation(variance, eps), n: members * spatial, runs });
    }
  }
  const loadOr = (array: number, index: number, other: number): number =>
    array === 0 ? other : f32[array / 4 + index];

  function groupNorm(out: number, x: number, weight: number, bias: number, ...shape: number[]): void {
    forGroups(x, shape, ({ mean, rstd, runs }) => {
      for (const { channel, at } of runs) {
        const scale = fround(rstd * loadOr(weight, channel, 1));
        for (let i = at; i < at + shape[2]; i++) {
          f32[out / 4 + i] = fround(fround(f32[x / 4 + i] - mean) * scale) + loadOr(bias, channel, 0);
        }
      }
    });
  }

  function groupNormBackward(dx: number, dy: number, x: number, weight: number, ...shape: number[]): void {
    forGroups(x, shape, ({ mean, rstd, n, runs }) => {
      let [a, b] = [0, 0];
      for (const { channel, at } of runs) {
        const [sum, product] = gradientSums(f32, dy / 4 + at, x / 4 + at, mean, rstd, shape[2]);
        const w = loadOr(weight, channel, 1);
        a = fround(a + fround(w * sum));
        b = fround(b + fround(w * product));
      }
      [a, b] = [fround(a / n), fround(b / n)];
      for (const { channel, at } of runs) {
        for (let i = at; i < at + shape[2]; i++) {
          const g = fround(f32[dy / 4 + i] * loadOr(weight, channel, 1));
          const normal = fround(fround(f32[x / 4 + i] - mean) * rstd);
          f32[dx / 4 + i] = rstd * fround(fround(g - a) - fround(normal * b));
        }
      }
    });
  }

  function groupNormWeightGradient(dWeight: number, dy: number, x: number, ...rest: number[]): void {
    const [, channels, spatial, , , accumulate] = rest;
    if (!accumulate) f32.fill(0, dWeight / 4, dWeight / 4 + channels);
    forGroups(x, rest, ({ mean, rstd, runs }) => {
      for (const { channel, at } of runs) {
        f32[dWeight / 4 + channel] += gradientSums(f32, dy / 4 + at, x / 4 + at, mean, rstd, spatial)[1];
      }
    });
  }

  return {
    groupNorm: withoutResult(groupNorm),
    groupNormBackward: withoutResult(groupNormBackward),
    groupNormWeightGradient: withoutResult(groupNormWeightGradient),
  };
}

/** The sums of dy and of dy (x - mean) rstd over a run of n; dy and x as elements. */
export function gradientSums(
  f32: Float32Array,
  dy: number,
  x: number,
  mean: number,
  rstd: number,
  n: number,
): [sum: number, product: number] {
  const normal = (i: number): number => fround(fround(f32[x + i] - mean) * rstd);
  return [sumEightLanes(n, (i) => f32[dy + i]), sumEightLanes(n, (i) => fround(f32[dy + i] * normal(i)))];
}
