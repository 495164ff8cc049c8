// Elements of samples → the same, some of them dropped at random; every worker thread runs it.
// Srivastava et al. 2014, "Dropout", JMLR 15; the rest is scaled up in training, as PyTorch does.
//
// The random word of element i of a sample is word i mod 4 of the Philox 4x32-10 block with counter (⌊i / 4⌋, step, sample id, purpose)
// and the seed as its key (Salmon et al. 2011, doi:10.1145/2063384.2063405): a function of these alone, so nothing is stored for backward.
import { loadTail, storeTail } from './lanes';
import { fourBlocks } from './philox';

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
