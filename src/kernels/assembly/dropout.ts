// Elements of samples → the same, some of them dropped at random; every worker thread runs it.
// Srivastava et al. 2014, "Dropout", JMLR 15; the rest is scaled up in training, as PyTorch does.
//
// The random word of element i of a sample is word i mod 4 of the Philox 4x32-10 block with counter (⌊i / 4⌋, step, sample id, purpose)
// and the seed as its key (Salmon et al. 2011, doi:10.1145/2063384.2063405): a function of these alone, so nothing is stored for backward.
import { loadTail, storeTail } from './lanes';

const M0: u32 = 0xd2511f53, M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9, W1: u32 = 0xbb67ae85;

/** Four registers of random words, one block of Philox a lane, turned so that each register is a block: to `words` (64 bytes). */
// @ts-ignore: decorator
@inline
function fourBlocks(words: usize, block: u32, step: u32, id: u32, purpose: u32, key0: u32, key1: u32): void {
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

/**
 * out (rows, n) = x scale where the element's random word, unsigned, is at least `threshold`, else 0; out may be x.
 * ids (rows) u32; scratch: 64 bytes.
 */
export function dropout(
  out: usize, x: usize, ids: usize, rows: usize, n: usize,
  step: u32, purpose: u32, key0: u32, key1: u32, threshold: u32, scale: f32, scratch: usize,
): void {
  const factor = f32x4.splat(scale), least = i32x4.splat(threshold);
  for (let r: usize = 0; r < rows; ++r) {
    const id = load<u32>(ids + (r << 2));
    for (let i: usize = 0; i < n; i += 16) {
      fourBlocks(scratch, <u32>(i >> 2), step, id, purpose, key0, key1);
      const count = min<usize>(16, n - i);
      const rest = count & 3;
      let at: usize = 0;
      for (; at < (count & ~3) << 2; at += 16) {
        const isKept = i32x4.ge_u(v128.load(scratch + at), least);
        v128.store(out + at, v128.and(f32x4.mul(v128.load(x + at), factor), isKept));
      }
      if (rest) {
        const isKept = i32x4.ge_u(v128.load(scratch + at), least);
        storeTail(out + at, v128.and(f32x4.mul(loadTail(x + at, rest), factor), isKept), rest);
      }
      out += count << 2;
      x += count << 2;
    }
  }
}
