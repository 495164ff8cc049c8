// Loops over f32 arrays four lanes at a time, the last one to three elements included; every worker thread runs them.
//
// The tail goes through the same vector code as the rest, in the low lanes of a register, so an element's bits do not
// depend on where it stands. An operation is a class with an inlined `apply`; `changetype<Op>(0)` makes a receiver
// without allocating one. Addresses are bytes and need 4-byte alignment only; byte indices run from 0, so an array may
// end at the very end of a 4 GiB memory.

/** The lowest `count` (1 to 3) floats at `address`, zeros above; reads nothing beyond them. */
// @ts-ignore: decorator
@inline
export function loadTail(address: usize, count: usize): v128 {
  if (count == 1) return v128.load32_zero(address);
  const low = v128.load64_zero(address);
  return count == 2 ? low : v128.load32_lane(address, low, 2, 8);
}

/** Writes the lowest `count` (1 to 3) lanes to `address`, nothing beyond them. */
// @ts-ignore: decorator
@inline
export function storeTail(address: usize, x: v128, count: usize): void {
  if (count == 1) {
    v128.store32_lane(address, x, 0);
    return;
  }
  v128.store64_lane(address, x, 0);
  if (count == 3) v128.store32_lane(address, x, 2, 8);
}

/** Four floats at `address`, or the last `rest` (1 to 3) of an array. */
// @ts-ignore: decorator
@inline
export function loadLanes(address: usize, rest: usize): v128 {
  return rest ? loadTail(address, rest) : v128.load(address);
}

/** Writes four floats to `address`, or the last `rest` (1 to 3) of an array. */
// @ts-ignore: decorator
@inline
export function storeLanes(address: usize, x: v128, rest: usize): void {
  if (rest) storeTail(address, x, rest);
  else v128.store(address, x);
}

/** out[i] = op(x[i]). */
// @ts-ignore: decorator
@inline
export function map<Op>(out: usize, x: usize, n: usize): void {
  const op = changetype<Op>(0);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, op.apply(v128.load(x + i)));
  const rest = n & 3;
  if (rest) storeTail(out + i, op.apply(loadTail(x + i, rest)), rest);
}

/** out[i] = op(x[i], y), y the same for all. */
// @ts-ignore: decorator
@inline
export function mapWith<Op>(out: usize, x: usize, y: v128, n: usize): void {
  const op = changetype<Op>(0);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, op.apply(v128.load(x + i), y));
  const rest = n & 3;
  if (rest) storeTail(out + i, op.apply(loadTail(x + i, rest), y), rest);
}

/** out[i] = op(a[i], b[i]). */
// @ts-ignore: decorator
@inline
export function zip<Op>(out: usize, a: usize, b: usize, n: usize): void {
  const op = changetype<Op>(0);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, op.apply(v128.load(a + i), v128.load(b + i)));
  const rest = n & 3;
  if (rest) storeTail(out + i, op.apply(loadTail(a + i, rest), loadTail(b + i, rest)), rest);
}
