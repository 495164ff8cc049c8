// Sizes of a program's buffers and of the shards → how many samples go through it at once. Pure; coordinator only.
import type { Graph } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode } from '../graph/op.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { placeBuffers } from './placement.ts';
import type { Program, ProgramBuffer } from './program.ts';

// Activations that stay in a core's second-level cache (1 MiB on the machines measured) are written and read there.
const CACHE_BYTES = 2 ** 20;
// Fewer rows than this leave gemm's packing and a call's fixed cost unpaid.
const LEAST_ROWS = 16;

/** What the choice depends on: the config's `microBatch`, and the samples of the largest shard and of the smallest that has any. */
export interface ShardRows {
  microBatch: 'auto' | number;
  largestShardRows: number;
  smallestShardRows?: number;
}

/**
 * How many samples a forward and backward pass takes: `auto`, or a number, and never more than the largest shard has; the whole
 * shard where an op normalises over it.
 * @throws ModelError where the op cannot have the whole shard, or where a shard has one value a channel.
 */
export function chooseMicroBatch(shard: ShardRows, graph: Graph, { buffers }: Pick<Program, 'buffers'>): number {
  const { microBatch, largestShardRows } = shard;
  const mixing = graph.nodes.find(({ op }) => op.mixesSamples);
  if (mixing !== undefined) {
    refuseSmallShards(shard, mixing, graph);
    return Math.max(1, largestShardRows);
  }
  const most = microBatch === 'auto' ? largestCachedRows(buffers, largestShardRows) : microBatch;
  return Math.max(1, Math.min(most, largestShardRows));
}

function refuseSmallShards(
  { microBatch, largestShardRows, smallestShardRows = largestShardRows }: ShardRows,
  { layer, inputs }: GraphNode,
  { nodes }: Graph,
): void {
  if (microBatch !== 'auto' && microBatch < largestShardRows) {
    throw new ModelError(
      `${layer}: expected a micro-batch of the whole shard (${largestShardRows} samples), as ${layer} normalises over it, got microBatch: ${microBatch}; remove microBatch or raise shards`,
    );
  }
  const values = smallestShardRows * elementCount(nodes[inputs[0]].shape.slice(1));
  if (values > 1) return;
  throw new ModelError(
    `${layer}: expected at least 2 values a channel in every shard, got a shard of ${smallestShardRows} sample with 1; set fewer shards, a larger data.batchSize, or one that leaves a larger last batch`,
  );
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
