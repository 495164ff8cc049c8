// Element-wise arithmetic on f32 arrays in shared memory: copies, sums, products, ReLU; every worker thread runs it.
// An output may be one of the inputs. n counts elements.
import { map, mapWith, zip } from './lanes';

// @ts-nocheck: operators are classes without state, see lanes.ts
class Add { @inline apply(a: v128, b: v128): v128 { return f32x4.add(a, b); } }
class Sub { @inline apply(a: v128, b: v128): v128 { return f32x4.sub(a, b); } }
class Mul { @inline apply(a: v128, b: v128): v128 { return f32x4.mul(a, b); } }
class Div { @inline apply(a: v128, b: v128): v128 { return f32x4.div(a, b); } }
class Negate { @inline apply(x: v128): v128 { return f32x4.neg(x); } }
class Square { @inline apply(x: v128): v128 { return f32x4.mul(x, x); } }
class Sqrt { @inline apply(x: v128): v128 { return f32x4.sqrt(x); } }

/** max(x, 0) with relu(NaN) = NaN and relu(-0) = -0: pmax keeps its first operand unless that is smaller. */
class Relu { @inline apply(x: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); } }

/** dy where y > 0, else 0; where y is NaN dy passes, so that no NaN is hidden. */
class ReluBackward { @inline apply(dy: v128, y: v128): v128 { return v128.andnot(dy, f32x4.le(y, f32x4.splat(0))); } }

/** dy (1 - y²). */
class TanhBackward {
  @inline apply(dy: v128, y: v128): v128 { return f32x4.mul(dy, f32x4.sub(f32x4.splat(1), f32x4.mul(y, y))); }
}

/** dy y (1 - y). */
class SigmoidBackward {
  @inline apply(dy: v128, y: v128): v128 { return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y))); }
}

/** out = x; the arrays may overlap. */
export function copy(out: usize, x: usize, n: usize): void {
  memory.copy(out, x, n << 2);
}

/** out[i] = value. */
export function fill(out: usize, value: f32, n: usize): void {
  const lanes = f32x4.splat(value);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, lanes);
  for (; i < n << 2; i += 4) store<f32>(out + i, value);
}

/** out = x, or out += x where isAccumulating. */
export function accumulate(out: usize, x: usize, n: usize, isAccumulating: i32): void {
  if (isAccumulating) zip<Add>(out, out, x, n);
  else memory.copy(out, x, n << 2);
}

export function add(out: usize, a: usize, b: usize, n: usize): void { zip<Add>(out, a, b, n); }
export function sub(out: usize, a: usize, b: usize, n: usize): void { zip<Sub>(out, a, b, n); }
export function mul(out: usize, a: usize, b: usize, n: usize): void { zip<Mul>(out, a, b, n); }
export function div(out: usize, a: usize, b: usize, n: usize): void { zip<Div>(out, a, b, n); }

export function scale(out: usize, x: usize, alpha: f32, n: usize): void { mapWith<Mul>(out, x, f32x4.splat(alpha), n); }
export function addScalar(out: usize, x: usize, alpha: f32, n: usize): void { mapWith<Add>(out, x, f32x4.splat(alpha), n); }
export function negate(out: usize, x: usize, n: usize): void { map<Negate>(out, x, n); }
export function square(out: usize, x: usize, n: usize): void { map<Square>(out, x, n); }
export function sqrtOf(out: usize, x: usize, n: usize): void { map<Sqrt>(out, x, n); }
export function relu(out: usize, x: usize, n: usize): void { map<Relu>(out, x, n); }
export function reluBackward(dx: usize, dy: usize, y: usize, n: usize): void { zip<ReluBackward>(dx, dy, y, n); }
export function tanhBackward(dx: usize, dy: usize, y: usize, n: usize): void { zip<TanhBackward>(dx, dy, y, n); }
export function sigmoidBackward(dx: usize, dy: usize, y: usize, n: usize): void { zip<SigmoidBackward>(dx, dy, y, n); }
