// The options of faults of workers, for tests: what shall go wrong, where, how often. Coordinator only.
import type { z } from 'zod';
import { mapping, numberFrom, oneOf, wholeNumber, wordOr } from '../config/scalars.schema.ts';

/** The ways in which a worker's thread fails or is slow. */
export const WORKER_FAULT_KINDS = ['throw', 'exit', 'hang', 'slow', 'outOfMemory', 'trap', 'kill'] as const;

/** Where in a worker's life a fault happens: while it starts, when it parks, in a phase of the step protocol. */
export const FAULT_PHASES = ['boot', 'gate', 'shards', 'norm', 'update', 'validate', 'test'] as const;

/** Claimed and nothing done; between two kernel calls; done and not yet published or marked done. */
export const FAULT_MOMENTS = ['begin', 'middle', 'end'] as const;

/** A run has at most so many: each has a bit in shared memory that says whether it has happened. */
export const MOST_FAULTS = 1024;

/** An item of `faults` that is of a worker. */
export const workerFaultSchema = mapping({
  kind: oneOf([...WORKER_FAULT_KINDS, 'any']).describe('what goes wrong; any: drawn from the seed'),
  worker: wordOr('any', wholeNumber(0, 1023), 'a whole number from 0 to 1023')
    .optional()
    .describe('the seat; any: whoever comes there first; drawn from the seed where nothing is said'),
  step: wholeNumber(0).optional().describe('the first step in which it may happen; drawn where nothing is said'),
  phase: oneOf(FAULT_PHASES).optional().describe('drawn from shards, norm, update and gate where nothing is said'),
  shard: wholeNumber(0).optional().describe('in this shard alone'),
  range: wholeNumber(0).optional().describe('in this range (or evaluation chunk) alone'),
  moment: oneOf(FAULT_MOMENTS).optional().describe('drawn where nothing is said'),
  ms: numberFrom(0).default(10).describe('how much longer each shard takes, for slow'),
  count: wholeNumber(1, MOST_FAULTS).default(1).describe('so many of them'),
  seed: wholeNumber(0, 2 ** 32 - 1)
    .default(0)
    .describe('what is drawn is a function of it'),
});

export type WorkerFaultConfig = z.output<typeof workerFaultSchema>;
