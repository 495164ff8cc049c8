// How long each worker's shards took → the one that is slower than the others, where there is one. Coordinator; pure.
import type { ShardTimes } from '../engine/engine-spec.ts';

/** A worker whose shards take clearly longer than those of the others. */
export interface Straggler {
  worker: number;
  /** Mean ms of its shards. */
  shardMs: number;
  /** Median of the means of the other workers. */
  othersMs: number;
}

/** The same that makes a shard late. */
const SLOWER_TIMES = 1.5;
/** Fewer shards tell little, and what cost less than this in all is not worth a line. */
const FEWEST_SHARDS = 8;
const LEAST_LOST_MS = 250;

/** The slowest worker, where it is slower than the others by half; undefined where none is, or too little is known. */
export function findStraggler(times: readonly ShardTimes[]): Straggler | undefined {
  const known = times.filter(({ shards }) => shards >= FEWEST_SHARDS);
  const means = known.map(({ worker, shards, totalMs }) => ({ worker, shardMs: totalMs / shards }));
  means.sort((a, b) => a.shardMs - b.shardMs);
  const slowest = means.pop();
  if (slowest === undefined || means.length === 0) return undefined;
  const othersMs = means[(means.length - 1) >> 1].shardMs;
  const { shards } = known.find(({ worker }) => worker === slowest.worker)!;
  const isSlow = slowest.shardMs > SLOWER_TIMES * othersMs && shards * (slowest.shardMs - othersMs) >= LEAST_LOST_MS;
  return isSlow ? { ...slowest, othersMs } : undefined;
}
