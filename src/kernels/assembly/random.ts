// (key, counter) → uniform f32 numbers by Philox 4x32-10; every worker thread runs it.
// Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011), doi:10.1145/2063384.2063405.

const M0: u64 = 0xd2511f53, M1: u64 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9, W1: u32 = 0xbb67ae85;

// @ts-ignore: decorator
@inline
function uniformOf(word: u32, low: f32, span: f32): f32 {
  return low + <f32>(word >> 8) * 5.9604644775390625e-8 * span;
}

/** out[i] = low + u (high - low), u = (word i & 3 of Philox at counter (i >> 2, counter1, counter2, counter3) >>> 8) 2^-24. */
export function uniform(
  out: usize, n: usize, key0: u32, key1: u32, counter1: u32, counter2: u32, counter3: u32, low: f32, high: f32,
): void {
  const span = high - low;
  for (let block: usize = 0; block << 2 < n; ++block) {
    let c0 = <u32>block, c1 = counter1, c2 = counter2, c3 = counter3;
    let k0 = key0, k1 = key1;
    for (let round = 0; round < 10; ++round) {
      const p0 = M0 * <u64>c0, p1 = M1 * <u64>c2;
      c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
      c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
      c1 = <u32>p1;
      c3 = <u32>p0;
      k0 += W0;
      k1 += W1;
    }
    const rest = n - (block << 2);
    store<f32>(out, uniformOf(c0, low, span));
    if (rest > 1) store<f32>(out, uniformOf(c1, low, span), 4);
    if (rest > 2) store<f32>(out, uniformOf(c2, low, span), 8);
    if (rest > 3) store<f32>(out, uniformOf(c3, low, span), 12);
    out += 16;
  }
}
