// Two samples and a share → their mixture, or one with a piece of the other; who they are, and the share; every worker thread runs it.
// Zhang et al. 2018, "mixup", arXiv:1710.09412; Yun et al. 2019, "CutMix", arXiv:1905.04899.
//
// A sample's draws are the words of the Philox blocks with the counters (0, epoch, sample id, purpose) and (1, …): who its partner is (word 0),
// the share before a piece is cut to whole pixels (1), the middle of the piece (2, and word 0 of block 1), and whether anything is mixed
// (3, below `threshold`). `table` (1025) f32 holds the share's quantiles at i / 1024.
import { loadLanes, storeLanes } from './lanes';
import { below, drawBlock, unitOf, word0, word1, word2, word3 } from './philox';

const POINTS: f64 = 1024;

/** out (rows) u32 = each sample's partner: one of the `count` ids of the global batch at `batchIds`, itself among them. */
export function mixPartners(
  out: usize, ids: usize, rows: usize, batchIds: usize, count: usize, epoch: u32, purpose: u32, key0: u32, key1: u32,
): void {
  for (let r: usize = 0; r < rows << 2; r += 4) {
    drawBlock(0, epoch, load<u32>(ids + r), purpose, key0, key1);
    store<u32>(out + r, load<u32>(batchIds + (<usize>below(word0, count) << 2)));
  }
}

/** Of the last `drawMix`: the sample's own share, and the piece that is its partner's. */
let share: f32 = 1;
let top: isize = 0, bottom: isize = 0, left: isize = 0, right: isize = 0;

function drawMix(
  id: u32, height: usize, width: usize, epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, table: usize, isCut: i32,
): void {
  drawBlock(0, epoch, id, purpose, key0, key1);
  share = 1;
  top = bottom = left = right = 0;
  if (!(<f64>word3 < threshold)) return;
  const place = unitOf(word1) * POINTS;
  const from = table + (<usize>place << 2);
  const low = <f64>load<f32>(from);
  const drawn = low + (<f64>load<f32>(from, 4) - low) * (place - floor<f64>(place));
  if (!isCut) {
    share = <f32>drawn;
    return;
  }
  const side = sqrt<f64>(1 - drawn);
  const pieceRows = <isize>(<f64>height * side), pieceColumns = <isize>(<f64>width * side);
  const y = below(word2, height) - (pieceRows >> 1);
  drawBlock(1, epoch, id, purpose, key0, key1);
  const c = below(word0, width) - (pieceColumns >> 1);
  top = max<isize>(0, y);
  bottom = min<isize>(height, y + pieceRows);
  left = max<isize>(0, c);
  right = min<isize>(width, c + pieceColumns);
  share = <f32>(1 - <f64>((bottom - top) * (right - left)) / <f64>(height * width));
}

/** out (rows) f32 = each sample's own share of its mixture; of pieces: of the pixels. */
export function mixShares(
  out: usize, ids: usize, rows: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, table: usize, isCut: i32,
): void {
  for (let r: usize = 0; r < rows << 2; r += 4) {
    drawMix(load<u32>(ids + r), height, width, epoch, purpose, key0, key1, threshold, table, isCut);
    store<f32>(out + r, share);
  }
}

/** x (rows, channels, height, width) = share x + (1 - share) others, in place; where isCut: the partner's values in the piece. */
export function mixRows(
  x: usize, ids: usize, rows: usize, others: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, table: usize, isCut: i32,
): void {
  const n = channels * height * width;
  for (let r: usize = 0; r < rows; ++r) {
    drawMix(load<u32>(ids + (r << 2)), height, width, epoch, purpose, key0, key1, threshold, table, isCut);
    if (isCut) pastePiece(x, others, channels, height, width);
    else if (share != 1) {
      const own = f32x4.splat(share), rest = f32x4.splat(1 - share);
      for (let i: usize = 0; i < n; i += 4) {
        const at = i << 2, tail: usize = i + 4 <= n ? 0 : n - i;
        const y = f32x4.add(f32x4.mul(own, loadLanes(x + at, tail)), f32x4.mul(rest, loadLanes(others + at, tail)));
        storeLanes(x + at, y, tail);
      }
    }
    x += n << 2;
    others += n << 2;
  }
}

function pastePiece(x: usize, other: usize, channels: usize, height: usize, width: usize): void {
  if (right <= left) return;
  for (let channel: usize = 0; channel < channels; ++channel) {
    for (let row = top; row < bottom; ++row) {
      const at = ((channel * height + <usize>row) * width + <usize>left) << 2;
      memory.copy(x + at, other + at, <usize>(right - left) << 2);
    }
  }
}
