// Counters and a key → random words of Philox 4x32-10, a block or four at a time; every worker thread runs it. No kernels.
// Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405.

const M0: u32 = 0xd2511f53, M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9, W1: u32 = 0xbb67ae85;

/** The words of the last `drawBlock`: globals of the module's instance, so a thread's own. */
export let word0: u32 = 0, word1: u32 = 0, word2: u32 = 0, word3: u32 = 0;

/** One block of Philox with the counter (block, step, id, purpose), to `word0` to `word3`. */
export function drawBlock(block: u32, step: u32, id: u32, purpose: u32, key0: u32, key1: u32): void {
  let c0 = block, c1 = step, c2 = id, c3 = purpose;
  for (let round = 0; round < 10; ++round) {
    const p0 = <u64>M0 * <u64>c0, p1 = <u64>M1 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ key0;
    c2 = <u32>(p0 >> 32) ^ c3 ^ key1;
    c1 = <u32>p1;
    c3 = <u32>p0;
    key0 += W0;
    key1 += W1;
  }
  word0 = c0;
  word1 = c1;
  word2 = c2;
  word3 = c3;
}

/** A word as a number in [0, 1). */
// @ts-ignore: decorator
@inline
export function unitOf(word: u32): f64 {
  return <f64>word * 2.3283064365386963e-10;
}

/** A word as a whole number in [0, n): its product's upper half, with a bias below n / 2^32. */
// @ts-ignore: decorator
@inline
export function below(word: u32, n: usize): isize {
  return <isize>((<u64>word * <u64>n) >> 32);
}

/** Four registers of random words, one block of Philox a lane, turned so that each register is a block: to `words` (64 bytes). */
// @ts-ignore: decorator
@inline
export function fourBlocks(words: usize, block: u32, step: u32, id: u32, purpose: u32, key0: u32, key1: u32): void {
  const m0 = i32x4.splat(M0), m1 = i32x4.splat(M1);
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3)), c1 = i32x4.splat(step);
  let c2 = i32x4.splat(id), c3 = i32x4.splat(purpose);
  for (let round = 0; round < 10; ++round) {
    const low0 = i64x2.extmul_low_i32x4_u(c0, m0), high0 = i64x2.extmul_high_i32x4_u(c0, m0);
    const low1 = i64x2.extmul_low_i32x4_u(c2, m1), high1 = i64x2.extmul_high_i32x4_u(c2, m1);
    // Upper words of the products are odd lanes, lower words even ones.
    c0 = v128.xor(v128.xor(v128.shuffle<i32>(low1, high1, 1, 3, 5, 7), c1), i32x4.splat(key0));
    c2 = v128.xor(v128.xor(v128.shuffle<i32>(low0, high0, 1, 3, 5, 7), c3), i32x4.splat(key1));
    c1 = v128.shuffle<i32>(low1, high1, 0, 2, 4, 6);
    c3 = v128.shuffle<i32>(low0, high0, 0, 2, 4, 6);
    key0 += W0;
    key1 += W1;
  }
  const low01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
  v128.store(words, v128.shuffle<i32>(low01, low23, 0, 1, 4, 5));
  v128.store(words, v128.shuffle<i32>(low01, low23, 2, 3, 6, 7), 16);
  v128.store(words, v128.shuffle<i32>(high01, high23, 0, 1, 4, 5), 32);
  v128.store(words, v128.shuffle<i32>(high01, high23, 2, 3, 6, 7), 48);
}
