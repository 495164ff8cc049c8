// Queries, keys and values of a sample's tokens → what each token gathers from those it sees, and the gradient; every worker thread runs it.
// Vaswani et al. 2017, "Attention is all you need", arXiv:1706.03762, eq. 1 and section 3.2.2: softmax(Q Kᵀ / √size) V for each head.
//
// qkv (samples, tokens, 3, heads, size); out (samples, tokens, heads, size). With isCausal token i sees tokens 0..i only, and no number
// of the others reaches it. One head of one sample is in scratch at a time: keys transposed and values padded to whole tiles, scores
// of four tokens. All sums are f32: over size and over tokens in order; a softmax row's exponentials and the products of the
// gradient's rows in lane j mod 4, then (0 + 2) + (1 + 3).
import { firstLanes, foldLanes } from './lane-sums';
import { loadTail, mapWith, storeTail } from './lanes';
import { exp } from './math';

class Mul { @inline apply(x: v128, y: v128): v128 { return f32x4.mul(x, y); } }
class Div { @inline apply(x: v128, y: v128): v128 { return f32x4.div(x, y); } }

/** A whole number of tiles, which are 8 floats wide; in bytes. */
// @ts-ignore: decorator
@inline
function paddedBytes(n: usize): usize {
  return ((n + 7) & ~7) << 2;
}

/** `width` floats, four at a time, as a call of memory.copy costs more than a head's row. */
// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize, width: usize): void {
  const vectorBytes = (width & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(to + i, v128.load(from + i));
  const rest = width & 3;
  if (rest) storeTail(to + i, loadTail(from + i, rest), rest);
}

/** to (n, padded width) = the strided rows at `from`, zeros behind each. */
function packRows(to: usize, from: usize, strideBytes: usize, n: usize, width: usize): void {
  const rowBytes = paddedBytes(width);
  for (let r: usize = 0; r < n; ++r) {
    copyRow(to, from, width);
    for (let i = width << 2; i < rowBytes; i += 4) store<f32>(to + i, 0);
    to += rowBytes;
    from += strideBytes;
  }
}

/** to (width, padded n) = the transpose of the strided rows at `from`, zeros behind each row. */
function packColumns(to: usize, from: usize, strideBytes: usize, n: usize, width: usize): void {
  const rowBytes = paddedBytes(n);
  const wholeRows = n & ~3, wholeColumns = width & ~3;
  for (let r: usize = 0; r < wholeRows; r += 4) {
    const x = from + r * strideBytes, y = x + strideBytes, z = y + strideBytes, w = z + strideBytes;
    for (let c: usize = 0; c < wholeColumns; c += 4) {
      const x4 = v128.load(x + (c << 2)), y4 = v128.load(y + (c << 2));
      const z4 = v128.load(z + (c << 2)), w4 = v128.load(w + (c << 2));
      const xyLow = v128.shuffle<i32>(x4, y4, 0, 4, 1, 5), xyHigh = v128.shuffle<i32>(x4, y4, 2, 6, 3, 7);
      const zwLow = v128.shuffle<i32>(z4, w4, 0, 4, 1, 5), zwHigh = v128.shuffle<i32>(z4, w4, 2, 6, 3, 7);
      const at = to + c * rowBytes + (r << 2);
      v128.store(at, v128.shuffle<i32>(xyLow, zwLow, 0, 1, 4, 5));
      v128.store(at + rowBytes, v128.shuffle<i32>(xyLow, zwLow, 2, 3, 6, 7));
      v128.store(at + (rowBytes << 1), v128.shuffle<i32>(xyHigh, zwHigh, 0, 1, 4, 5));
      v128.store(at + rowBytes * 3, v128.shuffle<i32>(xyHigh, zwHigh, 2, 3, 6, 7));
    }
  }
  for (let c: usize = 0; c < width; ++c) {
    const row = to + c * rowBytes, column = from + (c << 2);
    for (let r = c < wholeColumns ? wholeRows : 0; r < n; ++r) store<f32>(row + (r << 2), load<f32>(column + r * strideBytes));
    for (let r = n << 2; r < rowBytes; r += 4) store<f32>(row + r, 0);
  }
}

/** Four rows out[r][c] = the sum over k of a_r[k] b[k][c], in order; columns in tiles of 8: eight sums in registers. */
function multiplyFour(
  out: usize, outBytes: usize, a0: usize, a1: usize, a2: usize, a3: usize,
  b: usize, bBytes: usize, depth: usize, columnBytes: usize,
): void {
  const depthBytes = depth << 2;
  for (let c: usize = 0; c < columnBytes; c += 32) {
    let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
    let row = b + c;
    for (let k: usize = 0; k < depthBytes; k += 4) {
      const left = v128.load(row), right = v128.load(row, 16);
      let a = v128.load32_splat(a0 + k);
      s00 = f32x4.add(s00, f32x4.mul(a, left));
      s01 = f32x4.add(s01, f32x4.mul(a, right));
      a = v128.load32_splat(a1 + k);
      s10 = f32x4.add(s10, f32x4.mul(a, left));
      s11 = f32x4.add(s11, f32x4.mul(a, right));
      a = v128.load32_splat(a2 + k);
      s20 = f32x4.add(s20, f32x4.mul(a, left));
      s21 = f32x4.add(s21, f32x4.mul(a, right));
      a = v128.load32_splat(a3 + k);
      s30 = f32x4.add(s30, f32x4.mul(a, left));
      s31 = f32x4.add(s31, f32x4.mul(a, right));
      row += bBytes;
    }
    let to = out + c;
    v128.store(to, s00);
    v128.store(to, s01, 16);
    to += outBytes;
    v128.store(to, s10);
    v128.store(to, s11, 16);
    to += outBytes;
    v128.store(to, s20);
    v128.store(to, s21, 16);
    to += outBytes;
    v128.store(to, s30);
    v128.store(to, s31, 16);
  }
}

/** out += factor x over whole tiles. */
// @ts-ignore: decorator
@inline
function addTimes(out: usize, x: usize, factor: v128, bytes: usize): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    v128.store(out + c, f32x4.add(v128.load(out + c), f32x4.mul(factor, v128.load(x + c))));
  }
}

/** out (padded) += the sum over j from..to-1 of a[j] b[j], rows of b and out `bytes` long. */
function addRows(out: usize, a: usize, b: usize, from: usize, to: usize, bytes: usize): void {
  for (let j = from; j < to; ++j) addTimes(out, b + j * bytes, v128.load32_splat(a + (j << 2)), bytes);
}

/** Row j of out += a[j] x, for j from..to-1. */
function addOuter(out: usize, a: usize, x: usize, from: usize, to: usize, bytes: usize): void {
  for (let j = from; j < to; ++j) addTimes(out + j * bytes, x, v128.load32_splat(a + (j << 2)), bytes);
}

/** Row j of out += a_0[j] x_0, then a_1[j] x_1, a_2[j] x_2, a_3[j] x_3, for j < n: what four calls of addOuter give. */
function addOuterFour(out: usize, a: usize, aBytes: usize, x: usize, n: usize, bytes: usize): void {
  const a1 = a + aBytes, a2 = a1 + aBytes, a3 = a2 + aBytes;
  for (let c: usize = 0; c < bytes; c += 32) {
    const x0 = x + c, x1 = x0 + bytes, x2 = x1 + bytes, x3 = x2 + bytes;
    const l0 = v128.load(x0), l1 = v128.load(x1), l2 = v128.load(x2), l3 = v128.load(x3);
    const h0 = v128.load(x0, 16), h1 = v128.load(x1, 16), h2 = v128.load(x2, 16), h3 = v128.load(x3, 16);
    let to = out + c;
    for (let j: usize = 0; j < n << 2; j += 4) {
      let low = v128.load(to), high = v128.load(to, 16);
      let factor = v128.load32_splat(a + j);
      low = f32x4.add(low, f32x4.mul(factor, l0));
      high = f32x4.add(high, f32x4.mul(factor, h0));
      factor = v128.load32_splat(a1 + j);
      low = f32x4.add(low, f32x4.mul(factor, l1));
      high = f32x4.add(high, f32x4.mul(factor, h1));
      factor = v128.load32_splat(a2 + j);
      low = f32x4.add(low, f32x4.mul(factor, l2));
      high = f32x4.add(high, f32x4.mul(factor, h2));
      factor = v128.load32_splat(a3 + j);
      low = f32x4.add(low, f32x4.mul(factor, l3));
      high = f32x4.add(high, f32x4.mul(factor, h3));
      v128.store(to, low);
      v128.store(to, high, 16);
      to += bytes;
    }
  }
}

/** row (n) = e^((row - its largest) scale) in place; their sum. A NaN is passed over by the largest, not by the rest. */
function exponentials(row: usize, n: usize, scale: f32): f32 {
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let tops = f32x4.splat(-Infinity);
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) tops = f32x4.pmax(tops, v128.load(row + c));
  if (rest) tops = f32x4.pmax(tops, v128.bitselect(loadTail(row + c, rest), tops, firstLanes(rest)));
  tops = f32x4.pmax(tops, v128.shuffle<i32>(tops, tops, 2, 3, 0, 1));
  tops = f32x4.pmax(tops, v128.shuffle<i32>(tops, tops, 1, 0, 3, 2));
  const factor = f32x4.splat(scale);
  for (c = 0; c < vectorBytes; c += 16) v128.store(row + c, f32x4.mul(f32x4.sub(v128.load(row + c), tops), factor));
  if (rest) storeTail(row + c, f32x4.mul(f32x4.sub(loadTail(row + c, rest), tops), factor), rest);
  exp(row, row, n);
  let sums = f32x4.splat(0);
  for (c = 0; c < vectorBytes; c += 16) sums = f32x4.add(sums, v128.load(row + c));
  if (rest) sums = f32x4.add(sums, loadTail(row + c, rest));
  return foldLanes(sums);
}

/** d (n) = p (d - the sum of p d) in place: the gradient in front of a softmax row p. */
function softmaxBackward(d: usize, p: usize, n: usize): void {
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let sums = f32x4.splat(0);
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(p + c), v128.load(d + c)));
  if (rest) sums = f32x4.add(sums, f32x4.mul(loadTail(p + c, rest), loadTail(d + c, rest)));
  const sum = f32x4.splat(foldLanes(sums));
  for (c = 0; c < vectorBytes; c += 16) v128.store(d + c, f32x4.mul(v128.load(p + c), f32x4.sub(v128.load(d + c), sum)));
  if (rest) storeTail(d + c, f32x4.mul(loadTail(p + c, rest), f32x4.sub(loadTail(d + c, rest), sum)), rest);
}

// @ts-ignore: decorator
@inline
function aligned(scratch: usize): usize {
  return (scratch + 15) & ~15;
}

/** out = the attention of every sample and head; scratch as attention-scratch.ts says. */
export function selfAttention(
  out: usize, qkv: usize, samples: usize, tokens: usize, heads: usize, size: usize, isCausal: i32, scratch: usize,
): void {
  const headBytes = size << 2, outBytes = heads * headBytes, rowBytes = outBytes * 3;
  const tokenBytes = paddedBytes(tokens), sizeBytes = paddedBytes(size);
  const scale: f32 = 1 / sqrt<f32>(<f32>size);
  const keys = aligned(scratch), values = keys + size * tokenBytes;
  const scores = values + tokens * sizeBytes, results = scores + 4 * tokenBytes;
  const last = tokens - 1;
  for (let s: usize = 0; s < samples * heads; ++s) {
    const sample = s / heads, head = (s - sample * heads) * headBytes;
    const q = qkv + sample * tokens * rowBytes + head;
    packColumns(keys, q + outBytes, rowBytes, tokens, size);
    packRows(values, q + 2 * outBytes, rowBytes, tokens, size);
    let to = out + sample * tokens * outBytes + head;
    for (let i: usize = 0; i < tokens; i += 4) {
      const rows = min<usize>(4, tokens - i);
      // Rows beyond the last token repeat it, and nobody reads what they give.
      const q0 = q + i * rowBytes, q1 = q + min(i + 1, last) * rowBytes;
      const q2 = q + min(i + 2, last) * rowBytes, q3 = q + min(i + 3, last) * rowBytes;
      const seen = isCausal ? i + rows : tokens;
      // Tokens that all four rows see.
      const common = isCausal ? i + 1 : tokens;
      multiplyFour(scores, tokenBytes, q0, q1, q2, q3, keys, tokenBytes, size, paddedBytes(seen));
      for (let r: usize = 0; r < rows; ++r) {
        const sum = exponentials(scores + r * tokenBytes, isCausal ? i + r + 1 : tokens, scale);
        store<f32>(results + 4 * sizeBytes + (r << 2), sum);
      }
      const p1 = scores + tokenBytes, p2 = p1 + tokenBytes, p3 = p2 + tokenBytes;
      multiplyFour(results, sizeBytes, scores, p1, p2, p3, values, sizeBytes, common, sizeBytes);
      for (let r: usize = 0; r < rows; ++r) {
        const result = results + r * sizeBytes;
        if (isCausal) addRows(result, scores + r * tokenBytes, values, common, i + r + 1, sizeBytes);
        mapWith<Div>(to, result, v128.load32_splat(results + 4 * sizeBytes + (r << 2)), size);
        to += outBytes;
      }
    }
  }
}

/** dQkv from dOut and qkv, the softmax computed again; scratch as attention-scratch.ts says. */
export function selfAttentionBackward(
  dQkv: usize, dOut: usize, qkv: usize,
  samples: usize, tokens: usize, heads: usize, size: usize, isCausal: i32, scratch: usize,
): void {
  const headBytes = size << 2, outBytes = heads * headBytes, rowBytes = outBytes * 3;
  const tokenBytes = paddedBytes(tokens), sizeBytes = paddedBytes(size);
  const scale: f32 = 1 / sqrt<f32>(<f32>size);
  const factor = f32x4.splat(scale);
  const keys = aligned(scratch), values = keys + size * tokenBytes;
  const keyRows = values + size * tokenBytes, dKeys = keyRows + tokens * sizeBytes, dValues = dKeys + tokens * sizeBytes;
  const p = dValues + tokens * sizeBytes, dScores = p + 4 * tokenBytes;
  const qRows = dScores + 4 * tokenBytes, dOutRows = qRows + 4 * sizeBytes, dQueries = dOutRows + 4 * sizeBytes;
  const last = tokens - 1;
  for (let s: usize = 0; s < samples * heads; ++s) {
    const sample = s / heads, head = (s - sample * heads) * headBytes;
    const q = qkv + sample * tokens * rowBytes + head;
    const dQ = dQkv + sample * tokens * rowBytes + head;
    const d = dOut + sample * tokens * outBytes + head;
    packColumns(keys, q + outBytes, rowBytes, tokens, size);
    packColumns(values, q + 2 * outBytes, rowBytes, tokens, size);
    packRows(keyRows, q + outBytes, rowBytes, tokens, size);
    memory.fill(dKeys, 0, 2 * tokens * sizeBytes);
    for (let i: usize = 0; i < tokens; i += 4) {
      const rows = min<usize>(4, tokens - i);
      const i1 = min(i + 1, last), i2 = min(i + 2, last), i3 = min(i + 3, last);
      const seenBytes = paddedBytes(isCausal ? i + rows : tokens);
      const common = isCausal ? i + 1 : tokens;
      multiplyFour(p, tokenBytes, q + i * rowBytes, q + i1 * rowBytes, q + i2 * rowBytes, q + i3 * rowBytes, keys, tokenBytes, size, seenBytes);
      multiplyFour(dScores, tokenBytes, d + i * outBytes, d + i1 * outBytes, d + i2 * outBytes, d + i3 * outBytes, values, tokenBytes, size, seenBytes);
      for (let r: usize = 0; r < rows; ++r) {
        const row = p + r * tokenBytes;
        const n = isCausal ? i + r + 1 : tokens;
        mapWith<Div>(row, row, f32x4.splat(exponentials(row, n, scale)), n);
        softmaxBackward(dScores + r * tokenBytes, row, n);
      }
      const s1 = dScores + tokenBytes, s2 = s1 + tokenBytes, s3 = s2 + tokenBytes;
      multiplyFour(dQueries, sizeBytes, dScores, s1, s2, s3, keyRows, sizeBytes, common, sizeBytes);
      packRows(qRows, q + i * rowBytes, rowBytes, rows, size);
      packRows(dOutRows, d + i * outBytes, outBytes, rows, size);
      if (rows == 4) {
        addOuterFour(dValues, p, tokenBytes, dOutRows, common, sizeBytes);
        addOuterFour(dKeys, dScores, tokenBytes, qRows, common, sizeBytes);
      }
      const from = rows == 4 ? common : 0;
      for (let r: usize = 0; r < rows; ++r) {
        const n = isCausal ? i + r + 1 : tokens;
        const row = dScores + r * tokenBytes;
        addOuter(dValues, p + r * tokenBytes, dOutRows + r * sizeBytes, from, n, sizeBytes);
        addOuter(dKeys, row, qRows + r * sizeBytes, from, n, sizeBytes);
        addRows(dQueries + r * sizeBytes, row, keyRows, common, n, sizeBytes);
        mapWith<Mul>(dQ + (i + r) * rowBytes, dQueries + r * sizeBytes, factor, size);
      }
    }
    for (let j: usize = 0; j < tokens; ++j) {
      const to = dQ + j * rowBytes + outBytes;
      mapWith<Mul>(to, dKeys + j * sizeBytes, factor, size);
      copyRow(to + outBytes, dValues + j * sizeBytes, size);
    }
  }
}
