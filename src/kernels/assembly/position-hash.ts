// The bits of f32 arrays → a sum that tells arrays apart, element by element and place by place; every worker thread runs it.
//
// An array, or a part of one, is lines of 64 elements, the last one filled up with zeros. y = the bits of an element, the upper 9 xored into
// the lower ones: else a difference of signs or exponents alone would have zeros where products lose their upper bits. A line is two sums
// of 32 bits for each of four lanes, Σ y · a and Σ y · b with odd keys, side by side in 64 bits, and the lanes' sum. The hash is
// Σ over lines of that times B(place) mod 2^64, B from splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
// generators", fig. 16), made odd, the place being the line's first element.
//
// Parts add up in any order, whoever hashed them. One changed element always changes the hash, as odd factors have inverses; several
// cancel as often as a random number of 64 bits is 0, or of 48 where they share a line and differ in their signs alone.
import { loadTail } from './lanes';

/** a, then b: the halves of the first 64 numbers of splitmix64 from "lockstep" in ASCII, made odd. */
const KEYS = memory.data<u32>([
  0x45591009, 0x313f6f5f, 0x0d905011, 0x5ce72791, 0xd959dfd7, 0x2d1700cf, 0x80de756b, 0x72f9dddb,
  0x278dca9b, 0x1568bc3d, 0x2afc1c7f, 0x54695659, 0xfbc5c919, 0x3d9e5875, 0xa66f68cd, 0xe6d95799,
  0x7533da41, 0x0eb515bf, 0x63e7419d, 0x3264cfa7, 0x52123a91, 0xe3d86cf5, 0x8cb27487, 0x0eb3a10b,
  0xeec26dc1, 0x6d3e68a1, 0x552a13bd, 0x869d6863, 0x65586939, 0x6edf405d, 0x26296143, 0xbaac49d5,
  0x1c5c7947, 0xc3b03f05, 0xa5c22573, 0xcb674045, 0xad2b9a1b, 0x23d5ae7b, 0x360bdbb3, 0xe68ffb87,
  0x4b4ee6a7, 0x96947579, 0x8133d8d5, 0x2e4febfb, 0xaccfdd0d, 0x33e29707, 0xdfdac30b, 0x013389e7,
  0x100c5721, 0x15c83aa5, 0xecaf48b7, 0x1ac4d6dd, 0x02a9baab, 0xcb71d81f, 0x26126437, 0xbe28be57,
  0x36d71953, 0x5d6619ef, 0x8aa12385, 0x93076793, 0xc2c12211, 0xf5e804db, 0x5e49f255, 0xc4b7b93b,
  0x2a039f45, 0xdc0bc1eb, 0x48e6333d, 0xa7dbb53b, 0x17f19375, 0xfa4dac47, 0xab39904b, 0xca136211,
  0xcbf1673f, 0x298dceed, 0x07e514ed, 0x2628a2dd, 0x50c9c315, 0x9a16580b, 0x31e9bf03, 0x2d386a6b,
  0xce1f4121, 0xa4e35417, 0x67f982a1, 0x692661e3, 0x6a874a3b, 0x8469366b, 0x296b9d8b, 0xd649664f,
  0xdc949f39, 0x555a27a7, 0x4a68e295, 0x6617989f, 0x66f65b43, 0x625d9269, 0x3b491b85, 0xe6fc22e7,
  0x1bc8ad23, 0xb2c00131, 0x7d839f73, 0x91d067b5, 0xb913347d, 0x9d21544d, 0xb115dc77, 0xa7c12039,
  0x7753465f, 0x1372e839, 0x779d71cd, 0x64d79669, 0x15b36fff, 0xbabf096f, 0x4ead880f, 0xfc2e2acd,
  0x4f19f743, 0xe4a08b41, 0xbe36de97, 0xdfe97425, 0xaf8a5a05, 0x37977319, 0x2a3ec233, 0xf7834637,
  0xf1da2559, 0x57cc4efb, 0x4110178b, 0x39b44b2f, 0x25073a03, 0xb565c1b3, 0x36314727, 0x9d5f44e7,
]);
const UPPER: usize = 256;

/** B: depends on no data, so that it is ready when the line's sum is. */
// @ts-ignore: decorator
@inline
function placeKey(place: u64): u64 {
  let z = (place + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return (z ^ (z >> 31)) | 1;
}

/** y of four elements. */
// @ts-ignore: decorator
@inline
function spread(x: v128): v128 {
  return v128.xor(x, i32x4.shr_u(x, 23));
}

// @ts-ignore: decorator
@inline
function joinLanes(low: v128, high: v128): u64 {
  const sum = i64x2.add(v128.shuffle<i32>(low, high, 0, 4, 1, 5), v128.shuffle<i32>(low, high, 2, 6, 3, 7));
  return <u64>i64x2.extract_lane(sum, 0) + <u64>i64x2.extract_lane(sum, 1);
}

/**
 * The hash of x (n), whose first element is element `position` (a multiple of 16) of its array: the u64 at `out` is assigned, or added
 * to. Returns 1 where an element is NaN or infinite, else 0: with a NaN the hash means nothing, as the bits of one are not defined.
 */
export function positionHash(out: usize, x: usize, position: usize, n: usize, accumulate: i32): f64 {
  let hash: u64 = accumulate ? load<u64>(out) : 0;
  // The largest magnitude as an integer: in that order infinity comes behind every number, NaN behind infinity.
  let largest = i32x4.splat(0);
  const magnitude = i32x4.splat(0x7fffffff);
  let place = <u64>(position >> 4);
  let at = x;
  const end = x + ((n & ~63) << 2);
  for (; at != end; at += 256, place += 4) {
    let low0 = i32x4.splat(0), low1 = low0, high0 = low0, high1 = low0;
    for (let k: usize = 0; k < 256; k += 32) {
      const x0 = v128.load(at + k), x1 = v128.load(at + k, 16);
      largest = i32x4.max_s(largest, i32x4.max_s(v128.and(x0, magnitude), v128.and(x1, magnitude)));
      const y0 = spread(x0), y1 = spread(x1);
      low0 = i32x4.add(low0, i32x4.mul(y0, v128.load(KEYS + k)));
      low1 = i32x4.add(low1, i32x4.mul(y1, v128.load(KEYS + k, 16)));
      high0 = i32x4.add(high0, i32x4.mul(y0, v128.load(KEYS + k, UPPER)));
      high1 = i32x4.add(high1, i32x4.mul(y1, v128.load(KEYS + k, UPPER + 16)));
    }
    hash += joinLanes(i32x4.add(low0, low1), i32x4.add(high0, high1)) * placeKey(place);
  }
  const rest = n & 63;
  if (rest) {
    let low = i32x4.splat(0), high = low;
    for (let k: usize = 0; k < rest; k += 4) {
      const x0 = rest - k < 4 ? loadTail(at + (k << 2), rest - k) : v128.load(at + (k << 2));
      largest = i32x4.max_s(largest, v128.and(x0, magnitude));
      const y0 = spread(x0);
      low = i32x4.add(low, i32x4.mul(y0, v128.load(KEYS + (k << 2))));
      high = i32x4.add(high, i32x4.mul(y0, v128.load(KEYS + (k << 2), UPPER)));
    }
    hash += joinLanes(low, high) * placeKey(place);
  }
  store<u64>(out, hash);
  return v128.any_true(i32x4.ge_s(largest, i32x4.splat(0x7f800000))) ? 1 : 0;
}
