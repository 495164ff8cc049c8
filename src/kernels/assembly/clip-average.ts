// Gradients → gradients within a limit; averages of one generation + its new parameters → those of the next; every worker thread runs it.
import { loadLanes, storeLanes } from './lanes';

/** x = its value within [-limit, limit], in place; the f64 sum of the squares, in the order of scaleSquareSum. A NaN stays one. */
export function clampSquareSum(x: usize, limit: f32, n: usize): f64 {
  const most = f32x4.splat(limit), least = f32x4.splat(-limit);
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    const rest = n - i < 4 ? n - i : 0;
    const at = x + (i << 2);
    // The lanes behind a tail are 0, and so are their squares.
    const y = f32x4.max(f32x4.min(loadLanes(at, rest), most), least);
    storeLanes(at, y, rest);
    const a = f64x2.promote_low_f32x4(y);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i32>(y, y, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * averageNew (n) = decay · averageOld + (1 - decay) · p, as a step from the nearer of the two: what has come to rest stays there. Products with
 * decay and 1 - decay, each rounded to f32, do not: their sum is not 1, and over many steps 0.9999 moved a constant by up to 1.7e-4 of it.
 */
export function movingAverage(averageNew: usize, averageOld: usize, p: usize, n: usize, decay: f64): void {
  const isNearOld = <f32>(1 - decay) < 0.5;
  const share = f32x4.splat(isNearOld ? <f32>(1 - decay) : -<f32>decay);
  const nearer = isNearOld ? averageOld : p;
  for (let i: usize = 0; i < n; i += 4) {
    const rest = n - i < 4 ? n - i : 0;
    const at = i << 2;
    const distance = f32x4.sub(loadLanes(p + at, rest), loadLanes(averageOld + at, rest));
    storeLanes(averageNew + at, f32x4.add(loadLanes(nearer + at, rest), f32x4.mul(share, distance)), rest);
  }
}
