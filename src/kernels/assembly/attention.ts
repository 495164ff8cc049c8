// Queries, keys and values of a sample's tokens → what each token gathers from those it sees, and the gradient; every worker thread runs it.
// Vaswani et al. 2017, "Attention is all you need", arXiv:1706.03762, eq. 1 and section 3.2.2: softmax(Q Kᵀ / √size) V for each head.
//
// qkv (samples, tokens, 3, heads, size); out (samples, tokens, heads, size). With isCausal token i sees tokens 0..i only, and no number
// of the others reaches it. One head of one sample is in scratch at a time, packed for tiles: its keys and values, and the scores
// of 8 queries, backward those of BLOCK_QUERIES. All sums are f32: over size and over tokens in order, whatever the blocks; a softmax
// row's exponentials and the products of the gradient's rows as attention-softmax.ts says.
import {
  BLOCK_QUERIES, copyRow, gatherTile, packEight, packPanels, packRows, paddedBytes, scatterTile,
} from './attention-tiles';
import { clearColumns, exponentials, hide, softmaxBackward } from './attention-softmax';
import { mapWith } from './lanes';

class Mul { @inline apply(x: v128, y: v128): v128 { return f32x4.mul(x, y); } }
class Div { @inline apply(x: v128, y: v128): v128 { return f32x4.div(x, y); } }

// @ts-ignore: decorator
@inline
function aligned(scratch: usize): usize {
  return (scratch + 15) & ~15;
}

// @ts-ignore: decorator
@inline
function wholeRows(n: usize): usize {
  return (n + 3) & ~3;
}

/**
 * Reads a number of each cache line, for the prefetcher: a head's rows lie in pieces that are too far apart for it, and in a run they are
 * in none of the near caches. `sink` takes what was read, else the compiler leaves it out.
 */
function touch(from: usize, bytes: usize, sink: usize): void {
  let x: u32 = 0;
  for (let i: usize = 0; i < bytes; i += 64) x |= load<u32>(from + i);
  store<u32>(sink, x);
}

/** Scores (keys, 8) of 8 queries' panel and panels of 4 keys. */
function multiplyKeys(scores: usize, rowBytes: usize, keys: usize, panel: usize, rows: usize, size: usize): void {
  const panelBytes = size << 4;
  for (let j: usize = 0; j < rows; j += 4) {
    gatherTile(keys, 16, panel, 32, size, scores, rowBytes, false);
    keys += panelBytes;
    scores += rowBytes << 2;
  }
}

/** Rows of results: for each of `count` queries from token i on the sum over the keys it sees of its factor times the key's row. */
function gatherRows(
  results: usize, factors: usize, rowBytes: usize, rows: usize, sizeBytes: usize, i: usize, count: usize, tokens: usize, isCausal: bool,
): void {
  for (let r: usize = 0; r < count; r += 4) {
    const common = isCausal ? i + r + 1 : tokens;
    for (let c: usize = 0; c < sizeBytes; c += 32) {
      gatherTile(factors + (r << 2), rowBytes, rows + c, sizeBytes, common, results + c, sizeBytes, isCausal);
    }
    results += sizeBytes << 2;
  }
}

/** out = the attention of every sample and head; scratch as attention-scratch.ts says. */
export function selfAttention(
  out: usize, qkv: usize, samples: usize, tokens: usize, heads: usize, size: usize, isCausal: i32, scratch: usize,
): void {
  const headBytes = size << 2, outBytes = heads * headBytes, strideBytes = outBytes * 3;
  const sizeBytes = paddedBytes(size), paddedTokens = wholeRows(tokens);
  const scale: f32 = 1 / sqrt<f32>(<f32>size);
  const keys = aligned(scratch), values = keys + paddedTokens * headBytes, scores = values + paddedTokens * sizeBytes;
  const panel = scores + (paddedTokens << 5), results = panel + (size << 5), sums = results + (sizeBytes << 3);
  for (let s: usize = 0; s < samples * heads; ++s) {
    const sample = s / heads, head = (s - sample * heads) * headBytes;
    const q = qkv + sample * tokens * strideBytes + head;
    if (head == 0) {
      touch(q, tokens * strideBytes, sums);
      touch(out + sample * tokens * outBytes, tokens * outBytes, sums);
    }
    packPanels(keys, q + outBytes, strideBytes, tokens, size);
    packRows(values, q + 2 * outBytes, strideBytes, tokens, size);
    let to = out + sample * tokens * outBytes + head;
    for (let i: usize = 0; i < tokens; i += 8) {
      const count = min<usize>(8, tokens - i);
      const rows = isCausal ? wholeRows(i + count) : paddedTokens;
      packEight(panel, q + i * strideBytes, strideBytes, count, size);
      multiplyKeys(scores, 32, keys, panel, rows, size);
      exponentials(scores, 32, rows, i, tokens, isCausal != 0, scale, sums);
      gatherRows(results, scores, 32, values, sizeBytes, i, count, tokens, isCausal != 0);
      for (let r: usize = 0; r < count; ++r) {
        mapWith<Div>(to, results + r * sizeBytes, v128.load32_splat(sums + (r << 2)), size);
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
  const headBytes = size << 2, outBytes = heads * headBytes, strideBytes = outBytes * 3;
  const sizeBytes = paddedBytes(size), paddedTokens = wholeRows(tokens);
  const rowBytes = BLOCK_QUERIES << 2;
  const scale: f32 = 1 / sqrt<f32>(<f32>size);
  const factor = f32x4.splat(scale);
  const keys = aligned(scratch), values = keys + paddedTokens * headBytes;
  const keyRows = values + paddedTokens * headBytes, dKeys = keyRows + paddedTokens * sizeBytes, dValues = dKeys + paddedTokens * sizeBytes;
  const p = dValues + paddedTokens * sizeBytes, dScores = p + paddedTokens * rowBytes;
  const qRows = dScores + paddedTokens * rowBytes, dOutRows = qRows + BLOCK_QUERIES * sizeBytes;
  const panel = dOutRows + BLOCK_QUERIES * sizeBytes, results = panel + (size << 5), sums = results + (sizeBytes << 3);
  for (let s: usize = 0; s < samples * heads; ++s) {
    const sample = s / heads, head = (s - sample * heads) * headBytes;
    const q = qkv + sample * tokens * strideBytes + head;
    if (head == 0) {
      touch(q, tokens * strideBytes, sums);
      touch(dOut + sample * tokens * outBytes, tokens * outBytes, sums);
      touch(dQkv + sample * tokens * strideBytes, tokens * strideBytes, sums);
    }
    const dQ = dQkv + sample * tokens * strideBytes + head;
    const d = dOut + sample * tokens * outBytes + head;
    packPanels(keys, q + outBytes, strideBytes, tokens, size);
    packPanels(values, q + 2 * outBytes, strideBytes, tokens, size);
    packRows(keyRows, q + outBytes, strideBytes, tokens, size);
    for (let block: usize = 0; block < tokens; block += BLOCK_QUERIES) {
      const queries = min(BLOCK_QUERIES, tokens - block);
      for (let i = block; i < block + queries; i += 8) {
        const count = min<usize>(8, tokens - i);
        const rows = isCausal ? wholeRows(i + count) : paddedTokens;
        const p8 = p + ((i - block) << 2), dScores8 = dScores + ((i - block) << 2);
        packEight(panel, q + i * strideBytes, strideBytes, count, size);
        multiplyKeys(p8, rowBytes, keys, panel, rows, size);
        packEight(panel, d + i * outBytes, outBytes, count, size);
        multiplyKeys(dScores8, rowBytes, values, panel, rows, size);
        hide(dScores8, rowBytes, rows, i, tokens, isCausal != 0, false);
        exponentials(p8, rowBytes, rows, i, tokens, isCausal != 0, scale, sums);
        softmaxBackward(dScores8, p8, rowBytes, rows, sums);
        if (count < 8) {
          clearColumns(p8, rowBytes, rows, count);
          clearColumns(dScores8, rowBytes, rows, count);
        }
        gatherRows(results, dScores8, rowBytes, keyRows, sizeBytes, i, count, tokens, isCausal != 0);
        for (let r: usize = 0; r < count; ++r) mapWith<Mul>(dQ + (i + r) * strideBytes, results + r * sizeBytes, factor, size);
      }
      packRows(qRows, q + block * strideBytes, strideBytes, queries, size);
      packRows(dOutRows, d + block * outBytes, outBytes, queries, size);
      const seen = isCausal ? block + queries : tokens;
      for (let j: usize = 0; j < seen; j += 4) {
        // The first query that sees key j is token j, and the keys behind it are each seen from a query later on.
        const isDiagonal = isCausal != 0 && j >= block;
        const first = isDiagonal ? j - block : 0;
        const hasBefore = isCausal ? !isDiagonal : block > 0;
        const at = j * rowBytes + (first << 2), from = first * sizeBytes, to = j * sizeBytes;
        for (let c: usize = 0; c < sizeBytes; c += 32) {
          scatterTile(p + at, dOutRows + from + c, queries - first, dValues + to + c, sizeBytes, hasBefore, isDiagonal);
          scatterTile(dScores + at, qRows + from + c, queries - first, dKeys + to + c, sizeBytes, hasBefore, isDiagonal);
        }
      }
    }
    for (let j: usize = 0; j < tokens; ++j) {
      const to = dQ + j * strideBytes + outBytes;
      mapWith<Mul>(to, dKeys + j * sizeBytes, factor, size);
      copyRow(to + outBytes, dValues + j * sizeBytes, size);
    }
  }
}
