// exp, log, tanh and the logistic function of four f32 lanes, by our own polynomials in plain multiply and add: the
// same bits on every engine and in both builds; every worker thread runs them.
//
// NaN in, NaN out, everywhere. Bounds are in units in the last place of the exact result; test/kernels/math.test.ts holds them.
// Constants are broadcast from a table in memory, one instruction each: V8 rebuilds v128
// constants inside loops (exp 1.4 ns an element with them, 0.86 without).
import { loadLanes, storeLanes } from './lanes';

const TABLE = memory.data<f32>([
  1.4426950408889634, // 0: log2(e)
  -0.693359375, // 1: -ln 2, upper part: 9 bits, exact times any exponent
  2.12194440054690583e-4, // 2: -ln 2, rest
  89, // 3: exp overflows below this
  -104, // 4: exp is 0 above this
  1, // 5
  0.5, // 6
  0.16666667, // 7
  0.041666668, // 8
  0.008333334, // 9
  0.0013888889, // 10
  0.00019841270, // 11
  2, // 12
  0.6666667, // 13: 2/3
  0.4, // 14: 2/5
  0.2857143, // 15: 2/7
  0.22222222, // 16: 2/9
  0.18181818, // 17: 2/11
  0.693359375, // 18
  -2.12194440054690583e-4, // 19
  0.625, // 20
  -0.3333328068256378, // 21 tanh x = x + x³ p(x²) below 0.625: minimax in relative error (Remez), 2^-28 before rounding
  0.13331441581249237, // 22
  -0.05373971164226532, // 23
  0.020639078691601753, // 24
  -0.005704977549612522, // 25
  8388608, // 26 2^23
  12582912, // 27: 1.5 · 2^23: a sum with it is a whole number, in its lowest bits
  -0.0, // 28: the sign alone
  0.044715, // 29 GELU's constants, for activations.ts
  1.5957692, // 30: 2 √(2/π)
  0.21406446, // 31
  15, // 32
  -15, // 33
]);

// @ts-ignore: decorator
@inline
export function constant(index: usize): v128 {
  return v128.load32_splat(TABLE + (index << 2));
}

/**
 * e^x; error < 1.1 ulp, also where the result is subnormal. Cody and Waite's reduction, Taylor's terms to r^7.
 * The whole number n = round(x / ln 2) and its bits come of one addition: V8 makes six instructions of a conversion to integers.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, constant(3)), constant(4));
  const whole = f32x4.add(f32x4.mul(bounded, constant(0)), constant(27));
  const n = f32x4.sub(whole, constant(27));
  const r = f32x4.add(f32x4.add(bounded, f32x4.mul(n, constant(1))), f32x4.mul(n, constant(2)));
  let p = f32x4.add(f32x4.mul(constant(11), r), constant(10));
  p = f32x4.add(f32x4.mul(p, r), constant(9));
  p = f32x4.add(f32x4.mul(p, r), constant(8));
  p = f32x4.add(f32x4.mul(p, r), constant(7));
  p = f32x4.add(f32x4.mul(p, r), constant(6));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r);
  p = f32x4.add(p, constant(5));
  // Two factors, as 2^n alone may be subnormal or overflow. The bits of 1 are the bias of an exponent.
  const exponent = i32x4.sub(whole, constant(27));
  const half = i32x4.shr_s(exponent, 1);
  const first = i32x4.add(i32x4.shl(half, 23), constant(5));
  const second = i32x4.add(i32x4.shl(i32x4.sub(exponent, half), 23), constant(5));
  return f32x4.mul(f32x4.mul(p, first), second);
}

/**
 * out (8) = op.after(x, y, e) with e = e^op.before(x, y), of two vectors at a time: a single exponential is one long chain of dependent
 * instructions, and a core's window of them holds no second one (AMD Zen 3: exp takes 2.2 ns an element alone, 1.6 in pairs). Bits are exp4's.
 */
// @ts-ignore: decorator
@inline
export function expPair<Op>(op: Op, out: usize, x0: v128, y0: v128, x1: v128, y1: v128): void {
  const most = constant(3), least = constant(4);
  const b0 = f32x4.pmax(f32x4.pmin(op.before(x0, y0), most), least);
  const b1 = f32x4.pmax(f32x4.pmin(op.before(x1, y1), most), least);
  const perOctave = constant(0), magic = constant(27);
  const w0 = f32x4.add(f32x4.mul(b0, perOctave), magic), w1 = f32x4.add(f32x4.mul(b1, perOctave), magic);
  const n0 = f32x4.sub(w0, magic), n1 = f32x4.sub(w1, magic);
  const upper = constant(1), lower = constant(2);
  const r0 = f32x4.add(f32x4.add(b0, f32x4.mul(n0, upper)), f32x4.mul(n0, lower));
  const r1 = f32x4.add(f32x4.add(b1, f32x4.mul(n1, upper)), f32x4.mul(n1, lower));
  let c = constant(11), d = constant(10);
  let p0 = f32x4.add(f32x4.mul(c, r0), d), p1 = f32x4.add(f32x4.mul(c, r1), d);
  c = constant(9);
  p0 = f32x4.add(f32x4.mul(p0, r0), c);
  p1 = f32x4.add(f32x4.mul(p1, r1), c);
  c = constant(8);
  p0 = f32x4.add(f32x4.mul(p0, r0), c);
  p1 = f32x4.add(f32x4.mul(p1, r1), c);
  c = constant(7);
  p0 = f32x4.add(f32x4.mul(p0, r0), c);
  p1 = f32x4.add(f32x4.mul(p1, r1), c);
  c = constant(6);
  p0 = f32x4.add(f32x4.mul(p0, r0), c);
  p1 = f32x4.add(f32x4.mul(p1, r1), c);
  const one = constant(5);
  p0 = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p0, r0), r0), r0), one);
  p1 = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p1, r1), r1), r1), one);
  const i0 = i32x4.sub(w0, magic), i1 = i32x4.sub(w1, magic);
  const h0 = i32x4.shr_s(i0, 1), h1 = i32x4.shr_s(i1, 1);
  const f0 = i32x4.add(i32x4.shl(h0, 23), one), f1 = i32x4.add(i32x4.shl(h1, 23), one);
  const s0 = i32x4.add(i32x4.shl(i32x4.sub(i0, h0), 23), one), s1 = i32x4.add(i32x4.shl(i32x4.sub(i1, h1), 23), one);
  const e0 = f32x4.mul(f32x4.mul(p0, f0), s0), e1 = f32x4.mul(f32x4.mul(p1, f1), s1);
  const z0 = op.after(x0, y0, e0), z1 = op.after(x1, y1, e1);
  v128.store(out, z0);
  v128.store(out, z1, 16);
}

/** out[i] = op.after(x[i], y[i], e) with e = e^op.before(x[i], y[i]). An output may be one of the inputs. */
// @ts-ignore: decorator
@inline
export function zipExp<Op>(out: usize, x: usize, y: usize, n: usize): void {
  const op = changetype<Op>(0);
  const pairBytes = (n & ~7) << 2;
  let i: usize = 0;
  for (; i < pairBytes; i += 32) {
    expPair<Op>(op, out + i, v128.load(x + i), v128.load(y + i), v128.load(x + i, 16), v128.load(y + i, 16));
  }
  for (let left: isize = n & 7; left > 0; left -= 4) {
    const rest = left < 4 ? left : 0;
    const x4 = loadLanes(x + i, rest), y4 = loadLanes(y + i, rest);
    storeLanes(out + i, op.after(x4, y4, exp4(op.before(x4, y4))), rest);
    i += 16;
  }
}

/** out[i] = op.after(x[i], y, e) with e = e^op.before(x[i], y), y the same for all. */
// @ts-ignore: decorator
@inline
export function mapExp<Op>(out: usize, x: usize, y: v128, n: usize): void {
  const op = changetype<Op>(0);
  const pairBytes = (n & ~7) << 2;
  let i: usize = 0;
  for (; i < pairBytes; i += 32) expPair<Op>(op, out + i, v128.load(x + i), y, v128.load(x + i, 16), y);
  for (let left: isize = n & 7; left > 0; left -= 4) {
    const rest = left < 4 ? left : 0;
    const x4 = loadLanes(x + i, rest);
    storeLanes(out + i, op.after(x4, y, exp4(op.before(x4, y))), rest);
    i += 16;
  }
}

/** ln x; -inf at ±0, NaN below 0; error < 1 ulp. 2 atanh(f / (2 + f)) in Tang's arrangement, which keeps f exact. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const isSubnormal = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, constant(26)), x, isSubnormal);
  const shift = v128.and(isSubnormal, i32x4.splat(23));
  // Bits of sqrt(1/2) are 0x3f3504f3: the mantissa then lies in [sqrt(1/2), sqrt(2)).
  const offset = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(offset, 23), shift));
  const mantissa = i32x4.add(v128.and(offset, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(mantissa, constant(5));
  const s = f32x4.div(f, f32x4.add(f, constant(12)));
  const z = f32x4.mul(s, s);
  let q = f32x4.add(f32x4.mul(constant(17), z), constant(16));
  q = f32x4.add(f32x4.mul(q, z), constant(15));
  q = f32x4.add(f32x4.mul(q, z), constant(14));
  q = f32x4.add(f32x4.mul(q, z), constant(13));
  q = f32x4.mul(q, z);
  const h = f32x4.mul(f32x4.mul(f, f), constant(6));
  const low = f32x4.add(f32x4.mul(s, f32x4.add(h, q)), f32x4.mul(e, constant(19)));
  const result = f32x4.add(f32x4.mul(e, constant(18)), f32x4.sub(f, f32x4.sub(h, low)));
  const special = v128.not(f32x4.lt(v128.and(x, i32x4.splat(0x7fffffff)), f32x4.splat(Infinity)));
  const isNegative = f32x4.lt(x, f32x4.splat(0));
  const isZero = f32x4.eq(x, f32x4.splat(0));
  let y = v128.bitselect(x, result, special);
  y = v128.bitselect(f32x4.splat(-Infinity), y, isZero);
  return v128.bitselect(f32x4.splat(NaN), y, isNegative);
}

/** tanh x through e^(2|x|); error < 2 ulp. */
export class TanhOf {
  @inline before(x: v128, y: v128): v128 {
    const a = f32x4.abs(x);
    return f32x4.add(a, a);
  }
  @inline after(x: v128, y: v128, e: v128): v128 {
    const one = constant(5);
    const large = f32x4.sub(one, f32x4.div(constant(12), f32x4.add(e, one)));
    const z = f32x4.mul(x, x);
    let p = f32x4.add(f32x4.mul(constant(25), z), constant(24));
    p = f32x4.add(f32x4.mul(p, z), constant(23));
    p = f32x4.add(f32x4.mul(p, z), constant(22));
    p = f32x4.add(f32x4.mul(p, z), constant(21));
    const small = f32x4.add(x, f32x4.mul(f32x4.mul(p, z), x));
    // The sign is x's in both, also for -0.
    return v128.bitselect(x, v128.bitselect(small, large, f32x4.lt(f32x4.abs(x), constant(20))), constant(28));
  }
}

/** 1 / (1 + e^-x) through e^-|x|, so that neither end overflows; error < 2.5 ulp. */
export class Logistic {
  @inline before(x: v128, y: v128): v128 { return v128.or(x, constant(28)); }
  @inline after(x: v128, y: v128, e: v128): v128 {
    const one = constant(5);
    // By the sign bit: at both zeros e is 1.
    return f32x4.div(v128.bitselect(e, one, i32x4.shr_s(x, 31)), f32x4.add(one, e));
  }
}

// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const op = changetype<TanhOf>(0);
  return op.after(x, x, exp4(op.before(x, x)));
}

// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const op = changetype<Logistic>(0);
  return op.after(x, x, exp4(op.before(x, x)));
}

const LN2_HIGH: f64 = 0.6931471803691238, LN2_LOW: f64 = 1.9082149292705877e-10;

/** ln x of one f64, normal, finite and > 0, or NaN; error < 1 ulp. Operation by operation the `log` of ../scalar.ts, so the same bits. */
export function log1(x: f64): f64 {
  if (!(x == x)) return x;
  const bits = reinterpret<i64>(x);
  // 0x3fe6a09e are the high bits of sqrt(1/2): the mantissa then lies in [sqrt(1/2), sqrt(2)).
  const octaves = (bits - 0x3fe6a09e00000000) >> 52;
  const f = reinterpret<f64>(bits - (octaves << 52)) - 1;
  const s = f / (2 + f);
  const z = s * s;
  const half = f * f * 0.5;
  let q: f64 = 2.0 / 23.0;
  q = q * z + 2.0 / 21.0;
  q = q * z + 2.0 / 19.0;
  q = q * z + 2.0 / 17.0;
  q = q * z + 2.0 / 15.0;
  q = q * z + 2.0 / 13.0;
  q = q * z + 2.0 / 11.0;
  q = q * z + 2.0 / 9.0;
  q = q * z + 2.0 / 7.0;
  q = q * z + 2.0 / 5.0;
  q = q * z + 2.0 / 3.0;
  q *= z;
  const e = <f64>octaves;
  return e * LN2_HIGH - (half - (s * (half + q) + e * LN2_LOW) - f);
}
