// Sizes of a program's buffers and of the largest shard → how many samples go through it at once. Pure; coordinator only.
import { placeBuffers } from './placement.ts';
import type { Program, ProgramBuffer } from './program.ts';

// Activations that stay in a core's second-level cache (1 MiB on the machines measured) are written and read there.
const CACHE_BYTES = 2 ** 20;
// Fewer rows than this leave gemm's packing and a call's fixed cost unpaid.
const LEAST_ROWS = 16;

/** How many samples a forward and backward pass takes: `auto`, or a number, and never more than the largest shard has. */
export function chooseMicroBatch(
  wanted: 'auto' | number,
  largestShardRows: number,
  { buffers }: Pick<Program, 'buffers'>,
): number {
  const most = wanted === 'auto' ? largestCachedRows(buffers, largestShardRows) : wanted;
  return Math.max(1, Math.min(most, largestShardRows));
}

/** The largest multiple of 16 rows, below `limit`, whose activations fit the cache; 16 where none does. */
function largestCachedRows(buffers: readonly ProgramBuffer[], limit: number): number {
  const fits = (rows: number): boolean => placeBuffers(buffers, rows).byteLength <= CACHE_BYTES;
  let low = 1;
  let high = Math.max(1, Math.ceil(limit / LEAST_ROWS));
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle * LEAST_ROWS)) low = middle;
    else high = middle - 1;
  }
  return low * LEAST_ROWS;
}
