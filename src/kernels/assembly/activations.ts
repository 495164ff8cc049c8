// Smooth activations and their gradients by the input, each in one pass over f32 arrays; every worker thread runs them.
// An output may be one of the inputs. n counts elements. NaN in, NaN out. Bits are the same in both builds.
import { bell4, erf4, normal4 } from './erf';
import { loadLanes, loadTail, map, storeLanes, storeTail, zip } from './lanes';
import { constant, exp4, Logistic, log4, mapExp, sigmoid4, zipExp } from './vector-math';

class Erf { @inline apply(x: v128): v128 { return erf4(x); } }

/** x Φ(x), Φ the normal distribution. Hendrycks & Gimpel 2016, arXiv:1606.08415. */
class Gelu { @inline apply(x: v128): v128 { return f32x4.mul(x, normal4(x, bell4(x))); } }

/** dy (Φ(x) + x e^(-x²/2) / √(2π)). */
class GeluBackward {
  @inline apply(dy: v128, x: v128): v128 {
    const bell = bell4(x);
    const slope = f32x4.mul(x, f32x4.mul(bell, f32x4.splat(0.3989423)));
    return f32x4.mul(dy, f32x4.add(normal4(x, bell), slope));
  }
}

/** 2√(2/π) (x + 0.044715 x³): x (1 + tanh u) / 2 is x times the logistic function of 2u, which keeps small results exact. */
// @ts-ignore: decorator
@inline
function tanhArgument(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(f32x4.mul(x, x), x), constant(29));
  return f32x4.mul(f32x4.add(x, cube), constant(30));
}

/** The form of GELU with tanh: the same paper, section 2. */
class GeluTanh {
  @inline before(x: v128, y: v128): v128 { return v128.or(tanhArgument(x), constant(28)); }
  // The argument's sign is x's.
  @inline after(x: v128, y: v128, e: v128): v128 { return f32x4.mul(x, changetype<Logistic>(0).after(x, y, e)); }
}

// @ts-ignore: decorator
@inline
function bounded15(x: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, constant(32)), constant(33));
}

/** dy (s + x s (1 - s) u'), s the logistic function of u = tanhArgument(x). Beyond ±15 the second term is 0. */
class GeluTanhBackward {
  @inline before(dy: v128, x: v128): v128 { return v128.or(tanhArgument(bounded15(x)), constant(28)); }
  @inline after(dy: v128, x: v128, e: v128): v128 {
    const b = bounded15(x), one = constant(5);
    const s = changetype<Logistic>(0).after(b, b, e);
    const slope = f32x4.add(constant(30), f32x4.mul(f32x4.mul(b, b), constant(31)));
    const rise = f32x4.mul(f32x4.mul(s, f32x4.sub(one, s)), f32x4.mul(b, slope));
    return f32x4.mul(dy, f32x4.add(s, rise));
  }
}

/** e^-|u| of the slope's argument, which differs from the result's beyond ±15 only, where both give 0 and 1. */
class GeluTanhExponent {
  @inline before(x: v128, y: v128): v128 { return v128.or(tanhArgument(bounded15(x)), constant(28)); }
  @inline after(x: v128, y: v128, e: v128): v128 { return e; }
}

/** x / (1 + e^-x). */
class Silu {
  @inline before(x: v128, y: v128): v128 { return v128.or(x, constant(28)); }
  @inline after(x: v128, y: v128, e: v128): v128 { return f32x4.mul(x, changetype<Logistic>(0).after(x, y, e)); }
}

/** dy s (1 + x (1 - s)). */
class SiluBackward {
  @inline before(dy: v128, x: v128): v128 { return v128.or(x, constant(28)); }
  @inline after(dy: v128, x: v128, e: v128): v128 {
    const s = changetype<Logistic>(0).after(x, x, e), one = constant(5);
    return f32x4.mul(dy, f32x4.mul(s, f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s)))));
  }
}

/**
 * ln(1 + e^x) = max(x, 0) + ln(1 + u), u = e^-|x|; from 20 on (PyTorch's threshold) that is x in f32.
 * ln(1 + u) = u ln(w) / (w - 1) with w = 1 + u rounded: the rounding of w cancels (Higham 2002, section 1.14.1).
 */
class Softplus {
  @inline apply(x: v128): v128 {
    const one = f32x4.splat(1);
    const u = exp4(f32x4.neg(f32x4.abs(x)));
    const w = f32x4.add(one, u);
    const quotient = f32x4.div(f32x4.mul(u, log4(w)), f32x4.sub(w, one));
    const rest = v128.bitselect(u, quotient, f32x4.eq(w, one));
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), rest);
  }
}

class SoftplusBackward { @inline apply(dy: v128, x: v128): v128 { return f32x4.mul(dy, sigmoid4(x)); } }

/** x / (1 + |x|). Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks". */
class Softsign { @inline apply(x: v128): v128 { return f32x4.div(x, f32x4.add(f32x4.splat(1), f32x4.abs(x))); } }

/** dy / (1 + |x|)²; squared after the division, so that nothing overflows. */
class SoftsignBackward {
  @inline apply(dy: v128, x: v128): v128 {
    const share = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), f32x4.abs(x)));
    return f32x4.mul(dy, f32x4.mul(share, share));
  }
}

/**
 * x tanh(softplus(x)), Misra 2019, arXiv:1908.08681. tanh(ln(1 + e^x)) = (e² + 2e) / (e² + 2e + 2), e = e^x; above 0 both are
 * divided by e², so that nothing overflows.
 */
class Mish {
  @inline apply(x: v128): v128 {
    const u = exp4(f32x4.neg(f32x4.abs(x)));
    const isNegative = f32x4.lt(x, f32x4.splat(0));
    const square = f32x4.mul(u, u), twice = f32x4.add(u, u);
    const numerator = v128.bitselect(f32x4.add(square, twice), f32x4.add(f32x4.splat(1), twice), isNegative);
    const rest = f32x4.mul(f32x4.splat(2), v128.bitselect(f32x4.splat(1), square, isNegative));
    return f32x4.mul(x, f32x4.div(numerator, f32x4.add(numerator, rest)));
  }
}

/** dy (t + x t'), t' = 4 e (1 + e) / (e² + 2e + 2)², above 0 with numerator and denominator divided by e⁴. */
class MishBackward {
  @inline apply(dy: v128, x: v128): v128 {
    const u = exp4(f32x4.neg(f32x4.abs(x)));
    const isNegative = f32x4.lt(x, f32x4.splat(0));
    const square = f32x4.mul(u, u), twice = f32x4.add(u, u);
    const numerator = v128.bitselect(f32x4.add(square, twice), f32x4.add(f32x4.splat(1), twice), isNegative);
    const rest = f32x4.mul(f32x4.splat(2), v128.bitselect(f32x4.splat(1), square, isNegative));
    const denominator = f32x4.add(numerator, rest);
    const steep = f32x4.mul(v128.bitselect(u, square, isNegative), f32x4.add(f32x4.splat(1), u));
    const slope = f32x4.div(f32x4.mul(f32x4.splat(4), steep), f32x4.mul(denominator, denominator));
    return f32x4.mul(dy, f32x4.add(f32x4.div(numerator, denominator), f32x4.mul(x, slope)));
  }
}

/** e^x - 1 for x ≤ 0; error < 2 ulp. The reduction of exp4, the 1 taken off the power of two, where it is exact. */
// @ts-ignore: decorator
@inline
function expMinusOneBelow4(x: v128): v128 {
  const bounded = f32x4.pmax(x, f32x4.splat(-30));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.4426950408889634)));
  const r = f32x4.add(
    f32x4.add(bounded, f32x4.mul(n, f32x4.splat(-0.693359375))), f32x4.mul(n, f32x4.splat(2.12194440054690583e-4)),
  );
  let p = f32x4.add(f32x4.mul(f32x4.splat(0.00019841270), r), f32x4.splat(0.0013888889));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.008333334));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.041666668));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.16666667));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r);
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.add(f32x4.mul(power, p), f32x4.sub(power, f32x4.splat(1)));
}

/** x above · for x > 0, below (e^x - 1) else: ELU (Clevert 2015, arXiv:1511.07289) and SELU (Klambauer 2017, arXiv:1706.02515). */
// @ts-ignore: decorator
@inline
function elu4(x: v128, above: v128, below: v128): v128 {
  return v128.bitselect(f32x4.mul(x, above), f32x4.mul(below, expMinusOneBelow4(x)), f32x4.gt(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function eluBackward4(dy: v128, x: v128, above: v128, below: v128): v128 {
  return f32x4.mul(dy, v128.bitselect(above, f32x4.mul(below, exp4(x)), f32x4.gt(x, f32x4.splat(0))));
}

export function erf(out: usize, x: usize, n: usize): void { map<Erf>(out, x, n); }
export function gelu(out: usize, x: usize, n: usize): void { map<Gelu>(out, x, n); }
export function geluBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<GeluBackward>(dx, dy, x, n); }
export function geluTanh(out: usize, x: usize, n: usize): void { mapExp<GeluTanh>(out, x, f32x4.splat(0), n); }
export function geluTanhBackward(dx: usize, dy: usize, x: usize, n: usize): void { zipExp<GeluTanhBackward>(dx, dy, x, n); }
/** out = gelu(x) and slopes = its derivative at x, bit for bit what gelu and geluBackward of dy = 1 give. out may be x. */
export function geluWithSlope(out: usize, slopes: usize, x: usize, n: usize): void {
  const root = f32x4.splat(0.3989423);
  let i: usize = 0;
  for (let left = n; left > 0; left -= min(left, 4)) {
    const rest = left < 4 ? left : 0;
    const x4 = loadLanes(x + i, rest), bell = bell4(x4), normal = normal4(x4, bell);
    storeLanes(slopes + i, f32x4.add(normal, f32x4.mul(x4, f32x4.mul(bell, root))), rest);
    storeLanes(out + i, f32x4.mul(x4, normal), rest);
    i += 16;
  }
}

/** Elements of which the exponentials are in L1 when the rest is computed of them: two short loops overlap better than a long one. */
const SLOPE_BLOCK: usize = 1024;

/** The same for the form with tanh. */
export function geluTanhWithSlope(out: usize, slopes: usize, x: usize, n: usize): void {
  for (let done: usize = 0; done < n; done += SLOPE_BLOCK) {
    const count = min(n - done, SLOPE_BLOCK);
    mapExp<GeluTanhExponent>(slopes, x, f32x4.splat(0), count);
    const end = count << 2;
    for (let i: usize = 0; i < end; i += 16) {
      const rest = end - i < 16 ? (end - i) >> 2 : 0;
      const x4 = loadLanes(x + i, rest), b = bounded15(x4), one = constant(5);
      const s = changetype<Logistic>(0).after(b, b, loadLanes(slopes + i, rest));
      const slope = f32x4.add(constant(30), f32x4.mul(f32x4.mul(b, b), constant(31)));
      const rise = f32x4.mul(f32x4.mul(s, f32x4.sub(one, s)), f32x4.mul(b, slope));
      storeLanes(slopes + i, f32x4.add(s, rise), rest);
      storeLanes(out + i, f32x4.mul(x4, s), rest);
    }
    out += end;
    slopes += end;
    x += end;
  }
}

export function silu(out: usize, x: usize, n: usize): void { mapExp<Silu>(out, x, f32x4.splat(0), n); }
export function siluBackward(dx: usize, dy: usize, x: usize, n: usize): void { zipExp<SiluBackward>(dx, dy, x, n); }
export function softplus(out: usize, x: usize, n: usize): void { map<Softplus>(out, x, n); }
export function softplusBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<SoftplusBackward>(dx, dy, x, n); }
export function softsign(out: usize, x: usize, n: usize): void { map<Softsign>(out, x, n); }
export function softsignBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<SoftsignBackward>(dx, dy, x, n); }
export function mish(out: usize, x: usize, n: usize): void { map<Mish>(out, x, n); }
export function mishBackward(dx: usize, dy: usize, x: usize, n: usize): void { zip<MishBackward>(dx, dy, x, n); }

/** out = above · x where x > 0, else below (e^x - 1). */
export function elu(out: usize, x: usize, above: f32, below: f32, n: usize): void {
  const a = f32x4.splat(above), b = f32x4.splat(below);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, elu4(v128.load(x + i), a, b));
  const rest = n & 3;
  if (rest) storeTail(out + i, elu4(loadTail(x + i, rest), a, b), rest);
}

/** dx = dy above where x > 0, else dy below e^x. */
export function eluBackward(dx: usize, dy: usize, x: usize, above: f32, below: f32, n: usize): void {
  const a = f32x4.splat(above), b = f32x4.splat(below);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(dx + i, eluBackward4(v128.load(dy + i), v128.load(x + i), a, b));
  const rest = n & 3;
  if (rest) storeTail(dx + i, eluBackward4(loadTail(dy + i, rest), loadTail(x + i, rest), a, b), rest);
}
