// Numbers of shards and workers → how well they fit; pure, for the header of a run.

import type { Parallelism } from './events.ts';

/** Below this efficiency the header says which `shards` would lift it (DESIGN.md, invariant 1). */
const EFFICIENCY_WORTH_A_HINT = 0.9;

/**
 * How far `shards` bounds the speed-up of `workers`: a step takes ⌈V/N⌉ shards' time, so at most V / ⌈V/N⌉ times less than one worker's.
 * More shards than samples would only be empty, so nothing better is offered beyond `batchSize`.
 */
export function planParallelism(shards: number, workers: number, batchSize: number): Parallelism {
  const turns = Math.ceil(shards / workers);
  const efficiencyCeiling = shards / (workers * turns);
  const fullShards = workers * turns;
  const isHintWorthwhile = efficiencyCeiling < EFFICIENCY_WORTH_A_HINT && fullShards <= batchSize;
  return {
    ceiling: shards / turns,
    efficiencyCeiling,
    idleWorkers: Math.max(0, workers - shards),
    betterShards: isHintWorthwhile ? fullShards : null,
  };
}
