// The bits of f32 arrays → a sum that tells arrays apart, element by element and place by place; every worker thread runs it.
//
// An array is lines of 16 elements. y = the bits of an element, the upper 9 xored into the lower ones: else a difference of signs or
// exponents alone would have zeros where products lose their upper bits. A line is two sums of 32 bits for each of its four lanes,
// Σ y · a and Σ y · b with odd keys, side by side in 64 bits, and the lanes' sum. The hash is Σ over lines of that times B(line) mod 2^64, B
// from splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", fig. 16), made odd.
//
// It is a sum: parts of an array add up in any order, whoever hashed them. One changed element always changes it, as odd factors have
// inverses; several cancel as often as a random number of 64 bits is 0, or of 48 where they share a line and differ in their signs alone.
import { loadTail } from './lanes';

/** a, then b: the halves of the first 16 numbers of splitmix64 from "lockstep" in ASCII, made odd. */
const KEYS = memory.data<u32>([
  0x45591009, 0x313f6f5f, 0x0d905011, 0x5ce72791, 0xd959dfd7, 0x2d1700cf, 0x80de756b, 0x72f9dddb,
  0x278dca9b, 0x1568bc3d, 0x2afc1c7f, 0x54695659, 0xfbc5c919, 0x3d9e5875, 0xa66f68cd, 0xe6d95799,
  0x2a039f45, 0xdc0bc1ea, 0x48e6333d, 0xa7dbb53a, 0x17f19375, 0xfa4dac47, 0xab39904a, 0xca136211,
  0xcbf1673f, 0x298dceed, 0x07e514ec, 0x2628a2dd, 0x50c9c314, 0x9a16580a, 0x31e9bf03, 0x2d386a6a,
]);

/** B: depends on no data, so that it is ready when the line's sum is. */
// @ts-ignore: decorator
@inline
function lineKey(line: u64): u64 {
  let z = (line + 1) * 0x9e3779b97f4a7c15;
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

/** Four elements of a line that has `count` elements left at `address`, zeros behind them. */
// @ts-ignore: decorator
@inline
function lanesWithin(address: usize, count: isize): v128 {
  if (count >= 4) return v128.load(address);
  return count > 0 ? loadTail(address, <usize>count) : i32x4.splat(0);
}

/** The sum of a line of four times four elements. */
// @ts-ignore: decorator
@inline
function hashLine(x0: v128, x1: v128, x2: v128, x3: v128): u64 {
  const y0 = spread(x0), y1 = spread(x1), y2 = spread(x2), y3 = spread(x3);
  const low = i32x4.add(
    i32x4.add(i32x4.mul(y0, v128.load(KEYS)), i32x4.mul(y1, v128.load(KEYS, 16))),
    i32x4.add(i32x4.mul(y2, v128.load(KEYS, 32)), i32x4.mul(y3, v128.load(KEYS, 48))));
  const high = i32x4.add(
    i32x4.add(i32x4.mul(y0, v128.load(KEYS, 64)), i32x4.mul(y1, v128.load(KEYS, 80))),
    i32x4.add(i32x4.mul(y2, v128.load(KEYS, 96)), i32x4.mul(y3, v128.load(KEYS, 112))));
  const sum = i64x2.add(v128.shuffle<i32>(low, high, 0, 4, 1, 5), v128.shuffle<i32>(low, high, 2, 6, 3, 7));
  return <u64>i64x2.extract_lane(sum, 0) + <u64>i64x2.extract_lane(sum, 1);
}

/** -1 in the lanes that are finite: a comparison with NaN is false. */
// @ts-ignore: decorator
@inline
function isFinite4(x: v128, infinity: v128): v128 {
  return f32x4.lt(f32x4.abs(x), infinity);
}

/**
 * The hash of x (n), whose first element is element `position` (a multiple of 16) of its array: the u64 at `out` is assigned, or added
 * to. Returns how many elements are NaN or infinite, as countNotFinite does, in the same pass: with a NaN the hash means nothing, as the
 * bits of one are not defined.
 */
export function positionHash(out: usize, x: usize, position: usize, n: usize, accumulate: i32): f64 {
  const infinity = f32x4.splat(Infinity);
  let hash: u64 = accumulate ? load<u64>(out) : 0;
  let finite = i32x4.splat(0);
  let line = <u64>(position >> 4);
  let at = x;
  const end = x + ((n & ~15) << 2);
  for (; at != end; at += 64, ++line) {
    const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
    finite = i32x4.add(finite, i32x4.add(
      i32x4.add(isFinite4(x0, infinity), isFinite4(x1, infinity)), i32x4.add(isFinite4(x2, infinity), isFinite4(x3, infinity))));
    hash += hashLine(x0, x1, x2, x3) * lineKey(line);
  }
  const rest = <isize>(n & 15);
  if (rest) {
    const x0 = lanesWithin(at, rest), x1 = lanesWithin(at + 16, rest - 4);
    const x2 = lanesWithin(at + 32, rest - 8), x3 = lanesWithin(at + 48, rest - 12);
    finite = i32x4.add(finite, i32x4.add(
      i32x4.add(isFinite4(x0, infinity), isFinite4(x1, infinity)), i32x4.add(isFinite4(x2, infinity), isFinite4(x3, infinity))));
    hash += hashLine(x0, x1, x2, x3) * lineKey(line);
  }
  store<u64>(out, hash);
  const lanes = i32x4.extract_lane(finite, 0) + i32x4.extract_lane(finite, 1) +
    i32x4.extract_lane(finite, 2) + i32x4.extract_lane(finite, 3);
  // The zeros behind the last element are finite.
  return <f64>(<i32>((n + 15) & ~15) + lanes);
}
