// Activations and functions made of straight pieces, and their gradients by the input; every worker thread runs them.
// An output may be one of the inputs. n counts elements. NaN in, NaN out.
import { loadTail, map, mapWith, storeTail, zip } from './lanes';

class Abs { @inline apply(x: v128): v128 { return f32x4.abs(x); } }

/** dy with the sign of x, 0 where x is 0. */
class AbsBackward {
  @inline apply(dy: v128, x: v128): v128 {
    const signed = v128.xor(dy, v128.and(x, i32x4.splat(0x80000000)));
    return v128.andnot(signed, f32x4.eq(x, f32x4.splat(0)));
  }
}

class Reciprocal { @inline apply(x: v128): v128 { return f32x4.div(f32x4.splat(1), x); } }

/** -dy y². */
class ReciprocalBackward {
  @inline apply(dy: v128, y: v128): v128 { return f32x4.neg(f32x4.mul(dy, f32x4.mul(y, y))); }
}

/** min(max(x + 3, 0), 6). */
// @ts-ignore: decorator
@inline
function shifted(x: v128): v128 {
  return f32x4.min(f32x4.max(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0)), f32x4.splat(6));
}

/** x min(max(x + 3, 0), 6) / 6. Howard et al. 2019, arXiv:1905.02244, section 5.2. */
class Hardswish { @inline apply(x: v128): v128 { return f32x4.div(f32x4.mul(x, shifted(x)), f32x4.splat(6)); } }

/** 0 up to -3, dy from 3 on, dy (x/3 + 1/2) between. */
class HardswishBackward {
  @inline apply(dy: v128, x: v128): v128 {
    const inner = f32x4.mul(dy, f32x4.add(f32x4.div(x, f32x4.splat(3)), f32x4.splat(0.5)));
    const upper = v128.bitselect(dy, inner, f32x4.ge(x, f32x4.splat(3)));
    return v128.andnot(upper, f32x4.le(x, f32x4.splat(-3)));
  }
}

class Hardsigmoid { @inline apply(x: v128): v128 { return f32x4.div(shifted(x), f32x4.splat(6)); } }

/** dy / 6 between -3 and 3, else 0. */
class HardsigmoidBackward {
  @inline apply(dy: v128, x: v128): v128 {
    const outside = v128.or(f32x4.le(x, f32x4.splat(-3)), f32x4.ge(x, f32x4.splat(3)));
    return v128.andnot(f32x4.div(dy, f32x4.splat(6)), outside);
  }
}

class LeakyRelu {
  @inline apply(x: v128, slope: v128): v128 {
    return v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, f32x4.splat(0)));
  }
}

export function abs(out: usize, x: usize, n: usize): void { map<Abs>(out, x, n); }
export function absBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<AbsBackward>(dx, dy, x, n); }
export function reciprocal(out: usize, x: usize, n: usize): void { map<Reciprocal>(out, x, n); }
export function reciprocalBackward(dx: usize, dy: usize, y: usize, n: usize): void { zip<ReciprocalBackward>(dx, dy, y, n); }
export function hardswish(out: usize, x: usize, n: usize): void { map<Hardswish>(out, x, n); }
export function hardswishBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<HardswishBackward>(dx, dy, x, n); }
export function hardsigmoid(out: usize, x: usize, n: usize): void { map<Hardsigmoid>(out, x, n); }
export function hardsigmoidBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<HardsigmoidBackward>(dx, dy, x, n); }

/** out = x where x > 0, else slope x. Maas et al. 2013, "Rectifier nonlinearities improve neural network acoustic models". */
export function leakyRelu(out: usize, x: usize, slope: f32, n: usize): void {
  mapWith<LeakyRelu>(out, x, f32x4.splat(slope), n);
}

// @ts-ignore: decorator
@inline
function leakyBackward4(dy: v128, x: v128, slope: v128): v128 {
  return v128.bitselect(dy, f32x4.mul(dy, slope), f32x4.gt(x, f32x4.splat(0)));
}

export function leakyReluBackward(dx: usize, dy: usize, x: usize, slope: f32, n: usize): void {
  const s = f32x4.splat(slope);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(dx + i, leakyBackward4(v128.load(dy + i), v128.load(x + i), s));
  const rest = n & 3;
  if (rest) storeTail(dx + i, leakyBackward4(loadTail(dy + i, rest), loadTail(x + i, rest), s), rest);
}

// @ts-ignore: decorator
@inline
function clamp4(x: v128, low: v128, high: v128): v128 {
  return f32x4.min(f32x4.max(x, low), high);
}

/** out = min(max(x, low), high); bounds: two floats, which may be infinite. */
export function clamp(out: usize, x: usize, bounds: usize, n: usize): void {
  const low = v128.load32_splat(bounds), high = v128.load32_splat(bounds, 4);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, clamp4(v128.load(x + i), low, high));
  const rest = n & 3;
  if (rest) storeTail(out + i, clamp4(loadTail(x + i, rest), low, high), rest);
}

// @ts-ignore: decorator
@inline
function clampBackward4(dy: v128, x: v128, low: v128, high: v128): v128 {
  return v128.andnot(dy, v128.or(f32x4.lt(x, low), f32x4.gt(x, high)));
}

/** dx = dy where low ≤ x ≤ high, else 0; where x is NaN dy passes. */
export function clampBackward(dx: usize, dy: usize, x: usize, bounds: usize, n: usize): void {
  const low = v128.load32_splat(bounds), high = v128.load32_splat(bounds, 4);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(dx + i, clampBackward4(v128.load(dy + i), v128.load(x + i), low, high));
  const rest = n & 3;
  if (rest) storeTail(dx + i, clampBackward4(loadTail(dy + i, rest), loadTail(x + i, rest), low, high), rest);
}
