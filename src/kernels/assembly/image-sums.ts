// Sums over the positions of images, plane by plane; every worker thread runs them.
import { loadTail } from './lanes';

/** The sum of n floats: float i in lane i mod 4, then lanes (0 + 2) + (1 + 3). */
function sumPlane(x: usize, n: usize): f32 {
  let sum = f32x4.splat(0);
  const end = x + ((n & ~3) << 2);
  for (; x < end; x += 16) sum = f32x4.add(sum, v128.load(x));
  const rest = n & 3;
  if (rest) sum = f32x4.add(sum, loadTail(x, rest));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2) + (f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3));
}

/** out (channels) = [out +] the sums over positions of x (images, channels, positions), images in their order: a bias's gradient. */
export function channelSum(
  out: usize, x: usize, images: usize, channels: usize, positions: usize, accumulate: i32,
): void {
  if (!accumulate) for (let c: usize = 0; c < channels; ++c) store<f32>(out + (c << 2), 0);
  for (let n: usize = 0; n < images; ++n) {
    for (let c: usize = 0; c < channels; ++c) {
      const to = out + (c << 2);
      store<f32>(to, load<f32>(to) + sumPlane(x, positions));
      x += positions << 2;
    }
  }
}

/** out (planes) = the means of the rows of x (planes, positions). */
export function planeMean(out: usize, x: usize, planes: usize, positions: usize): void {
  for (let p: usize = 0; p < planes; ++p) {
    store<f32>(out + (p << 2), sumPlane(x, positions) / <f32>positions);
    x += positions << 2;
  }
}
