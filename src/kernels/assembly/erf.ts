// erf and the normal distribution of four f32 lanes, in plain multiply, add and divide: the same bits on every engine and in both
// builds; every worker thread runs them. NaN in, NaN out. Bounds in ulps of the exact result; test/kernels/activations.test.ts holds them.
import { exp4 } from './vector-math';

const TABLE = memory.data<f32>([
  // 0: (1 + 2a) e^(a²) erfc(a) by powers of (a - 2) / (a + 2), degree 11, within 2^-24.9: the form of Shepherd and Laframboise 1981,
  // "Chebyshev approximation of (1 + 2x) exp(x²) erfc x", with coefficients of our own (Chebyshev interpolation).
  1.2769783735275269, -0.0927637591958046, -0.1660310924053192, 0.16404946148395538, -0.05421195924282074, -0.008018963038921356,
  0.008689159527420998, 0.0012174105504527688, -0.0013957069022580981, -0.0003579204494599253, 0.0001608035818208009,
  0.00006336945807561278,
  // 12: erf(x) / x - 1 by powers of x² for |x| ≤ 1, degree 6, within 2^-26.
  0.12837916612625122, -0.3761262595653534, 0.11283597350120544, -0.02685432881116867, 0.005189312156289816, -0.0008018855005502701,
  0.00007882497448008507,
  1, // 19
  2, // 20
  0.5, // 21
  15, // 22: beyond it every tail here is 0 in f32
  0.16666667, // 23
  0.041666668, // 24
]);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(TABLE + (index << 2));
}

/** |x|, at most 15; NaN stays. */
// @ts-ignore: decorator
@inline
export function boundedAbs4(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), constant(22));
}

/**
 * e^(-scale a²) for 0 ≤ a ≤ 15, scale 1 or 1/2; error < 3 ulp. a² is split into an exact square and a small rest, as a rounded a²
 * would cost a² / 2 ulps.
 */
// @ts-ignore: decorator
@inline
export function gaussian4(a: v128, scale: v128): v128 {
  const high = v128.and(a, i32x4.splat(0xfffff000));
  const rest = f32x4.mul(f32x4.mul(f32x4.sub(a, high), f32x4.add(a, high)), scale);
  let p = f32x4.sub(constant(23), f32x4.mul(rest, constant(24)));
  p = f32x4.sub(constant(21), f32x4.mul(rest, p));
  p = f32x4.sub(constant(19), f32x4.mul(rest, p));
  p = f32x4.sub(constant(19), f32x4.mul(rest, p));
  return f32x4.mul(exp4(f32x4.neg(f32x4.mul(f32x4.mul(high, high), scale))), p);
}

/** e^(a²) erfc(a) for a ≥ 0; error < 3 ulp. */
// @ts-ignore: decorator
@inline
export function scaledErfc4(a: v128): v128 {
  const q = f32x4.div(f32x4.sub(a, constant(20)), f32x4.add(a, constant(20)));
  let p = f32x4.add(f32x4.mul(constant(11), q), constant(10));
  p = f32x4.add(f32x4.mul(p, q), constant(9));
  p = f32x4.add(f32x4.mul(p, q), constant(8));
  p = f32x4.add(f32x4.mul(p, q), constant(7));
  p = f32x4.add(f32x4.mul(p, q), constant(6));
  p = f32x4.add(f32x4.mul(p, q), constant(5));
  p = f32x4.add(f32x4.mul(p, q), constant(4));
  p = f32x4.add(f32x4.mul(p, q), constant(3));
  p = f32x4.add(f32x4.mul(p, q), constant(2));
  p = f32x4.add(f32x4.mul(p, q), constant(1));
  p = f32x4.add(f32x4.mul(p, q), constant(0));
  return f32x4.div(p, f32x4.add(constant(19), f32x4.add(a, a)));
}

/** erf x; error < 1.5 ulp. */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const a = boundedAbs4(x);
  const large = f32x4.sub(constant(19), f32x4.mul(gaussian4(a, constant(19)), scaledErfc4(a)));
  const z = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(constant(18), z), constant(17));
  p = f32x4.add(f32x4.mul(p, z), constant(16));
  p = f32x4.add(f32x4.mul(p, z), constant(15));
  p = f32x4.add(f32x4.mul(p, z), constant(14));
  p = f32x4.add(f32x4.mul(p, z), constant(13));
  p = f32x4.add(f32x4.mul(p, z), constant(12));
  const small = f32x4.add(x, f32x4.mul(x, p));
  // The sign is x's in both, also for -0.
  return v128.bitselect(x, v128.bitselect(small, large, f32x4.lt(a, constant(19))), i32x4.splat(0x80000000));
}

/** e^(-x²/2), error < 3 ulp. */
// @ts-ignore: decorator
@inline
export function bell4(x: v128): v128 {
  return gaussian4(boundedAbs4(x), constant(21));
}

/** The normal distribution (1 + erf(x/√2)) / 2, given bell = bell4(x); error < 6 ulp, also far below 0, where 1 + erf would cancel. */
// @ts-ignore: decorator
@inline
export function normal4(x: v128, bell: v128): v128 {
  const tail = f32x4.mul(f32x4.mul(constant(21), bell), scaledErfc4(f32x4.mul(boundedAbs4(x), f32x4.splat(0.70710677))));
  return v128.bitselect(tail, f32x4.sub(constant(19), tail), f32x4.lt(x, f32x4.splat(0)));
}
