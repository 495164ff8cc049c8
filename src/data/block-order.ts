// (seed, epoch) → the order of samples that lie in blocks on a disk: blocks permuted, then samples inside windows of blocks. Pure; any thread.

import { PURPOSE } from '../kernels/purpose.ts';
import { identity, permute } from './permutation.ts';

/** All that decides the order. Blocks are runs of neighbouring samples that are read at once. */
export interface BlockOrder {
  seed: number;
  isShuffled: boolean;
  /** Blocks whose samples are shuffled together. */
  windowBlocks: number;
  /** Samples of each block. */
  counts: Uint32Array;
}

/** One epoch, cut into windows: window w is the blocks `blocks[w · windowBlocks …]`, and holds the positions from `starts[w]` to `starts[w + 1]`. */
export interface EpochWindows {
  epoch: number;
  blocks: Uint32Array;
  starts: Float64Array;
}

/** Windows of every epoch; the last one may have fewer blocks. */
export function windowsPerEpoch({ counts, windowBlocks }: BlockOrder): number {
  return Math.ceil(counts.length / windowBlocks);
}

/** The order of the blocks in an epoch, and where its windows begin. */
export function epochWindows(order: BlockOrder, epoch: number): EpochWindows {
  const { seed, isShuffled, windowBlocks, counts } = order;
  const blocks = new Uint32Array(counts.length);
  if (isShuffled) permute(blocks, seed, PURPOSE.blocks, epoch);
  else identity(blocks);
  const starts = new Float64Array(windowsPerEpoch(order) + 1);
  for (const [i, block] of blocks.entries()) starts[Math.floor(i / windowBlocks) + 1] += counts[block];
  for (let w = 1; w < starts.length; w++) starts[w] += starts[w - 1];
  return { epoch, blocks, starts };
}

/** The blocks of a window, in the order in which they lie one after the other in memory. */
export function windowBlocksOf({ windowBlocks }: BlockOrder, { blocks }: EpochWindows, window: number): Uint32Array {
  return blocks.subarray(window * windowBlocks, (window + 1) * windowBlocks);
}

/** Where each position of a window is found: the index of its sample among those of the window's blocks, one after the other. */
export function windowPositions(order: BlockOrder, { epoch, starts }: EpochWindows, window: number): Uint32Array {
  const out = new Uint32Array(starts[window + 1] - starts[window]);
  if (order.isShuffled) permute(out, order.seed, PURPOSE.windows, epoch, window);
  else identity(out);
  return out;
}

/** The window that holds a position of the epoch. */
export function windowAt({ starts }: EpochWindows, position: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle] <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Samples of the largest window that any epoch can have. */
export function mostWindowSamples({ counts, windowBlocks }: BlockOrder): number {
  const largest = counts.slice().sort().reverse().subarray(0, windowBlocks);
  return largest.reduce((sum, count) => sum + count, 0);
}

/** The most windows that `count` positions in a row can touch in any epoch: the last window may be short, the others have whole numbers of blocks. */
export function mostWindowsTouched(order: BlockOrder, count: number): number {
  const smallest = order.counts.slice().sort().subarray(0, order.windowBlocks);
  const least = smallest.reduce((sum, samples) => sum + samples, 0);
  const inner = count < 2 ? -1 : Math.floor((count - 2) / least);
  return Math.min(windowsPerEpoch(order), inner + 2);
}
