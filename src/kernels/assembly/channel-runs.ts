// One channel of one sample, a run of neighbours, normalised or differentiated: what group norm and batch norm share; every worker
// thread runs it. An output may be an input.
import { loadTail, storeTail } from './lanes';

/** out = (x - mean) scale + shift. */
export function normalizeRun(out: usize, x: usize, mean: f32, scale: f32, shift: f32, n: usize): void {
  const centre = f32x4.splat(mean), scales = f32x4.splat(scale), shifts = f32x4.splat(shift);
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    v128.store(out + i, f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + i), centre), scales), shifts));
  }
  if (rest) storeTail(out + i, f32x4.add(f32x4.mul(f32x4.sub(loadTail(x + i, rest), centre), scales), shifts), rest);
}

// @ts-ignore: decorator
@inline
function differentiate(dy: v128, x: v128, mean: v128, scale: v128, shift: v128, tilt: v128): v128 {
  return f32x4.mul(scale, f32x4.sub(f32x4.sub(dy, shift), f32x4.mul(f32x4.sub(x, mean), tilt)));
}

/** dx = scale ((dy - shift) - (x - mean) tilt). */
export function differentiateRun(
  dx: usize, dy: usize, x: usize, mean: f32, scale: f32, shift: f32, tilt: f32, n: usize,
): void {
  const m = f32x4.splat(mean), s = f32x4.splat(scale), t = f32x4.splat(shift), k = f32x4.splat(tilt);
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(dx + i, differentiate(v128.load(dy + i), v128.load(x + i), m, s, t, k));
  if (rest) storeTail(dx + i, differentiate(loadTail(dy + i, rest), loadTail(x + i, rest), m, s, t, k), rest);
}

/** dx = rstd ((dy weight - a) - (x - mean) rstd b). */
export function differentiateGroupRun(
  dx: usize, dy: usize, x: usize, mean: f32, rstd: f32, weight: f32, a: f32, b: f32, n: usize,
): void {
  const m = f32x4.splat(mean), s = f32x4.splat(rstd), w = f32x4.splat(weight), t = f32x4.splat(a), k = f32x4.splat(b);
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    const normal = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
    v128.store(dx + i, f32x4.mul(s, f32x4.sub(f32x4.sub(f32x4.mul(v128.load(dy + i), w), t), f32x4.mul(normal, k))));
  }
  if (rest) {
    const normal = f32x4.mul(f32x4.sub(loadTail(x + i, rest), m), s);
    storeTail(dx + i, f32x4.mul(s, f32x4.sub(f32x4.sub(f32x4.mul(loadTail(dy + i, rest), w), t), f32x4.mul(normal, k))), rest);
  }
}

/** differentiateRun where neighbours are of different channels: mean, scale, shift, tilt (n). */
export function differentiateRow(
  dx: usize, dy: usize, x: usize, mean: usize, scale: usize, shift: usize, tilt: usize, n: usize,
): void {
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    v128.store(dx + i, differentiate(
      v128.load(dy + i), v128.load(x + i), v128.load(mean + i), v128.load(scale + i), v128.load(shift + i), v128.load(tilt + i),
    ));
  }
  if (rest) {
    storeTail(dx + i, differentiate(
      loadTail(dy + i, rest), loadTail(x + i, rest), loadTail(mean + i, rest),
      loadTail(scale + i, rest), loadTail(shift + i, rest), loadTail(tilt + i, rest),
    ), rest);
  }
}
