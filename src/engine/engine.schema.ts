// The options of the step engine: how a global batch is cut, who computes it, what ends a run early. Coordinator only.
import { z } from 'zod';
import { mapping, number, numberFrom, oneOf, wholeNumber, wordOr } from '../config/scalars.schema.ts';

/** `shards`: V, the fixed parts of a global batch; part of the mathematics. 65535 is what a word of the step protocol counts. */
export const shardsSchema = wholeNumber(1, 65535)
  .default(8)
  .describe('fixed parts of a global batch; decides the bits');

/** `workers`: how many threads compute; never part of the mathematics. */
export const workersSchema = wordOr('auto', wholeNumber(1, 1024), 'a whole number from 1 to 1024')
  .default('auto')
  .describe('threads that compute; decides no bit');

/** `maxWorkers`: for how many threads memory is laid out. */
export const maxWorkersSchema = wordOr('auto', wholeNumber(1, 1024), 'a whole number from 1 to 1024')
  .default('auto')
  .describe('threads for which memory is laid out');

/** `numerics`: the same bits everywhere, or the fastest kernels of this machine. */
export const numericsSchema = oneOf(['auto', 'portable', 'fast'])
  .default('auto')
  .describe('portable: the same bits on every machine; fast: the fastest kernels of this one');

/** `microBatch`: the most samples of one forward and backward inside a shard. */
export const microBatchSchema = wordOr('auto', wholeNumber(1), 'a whole number of 1 or more')
  .default('auto')
  .describe('most samples of one forward and backward inside a shard');

/** `recompute`: whether backward computes activations again instead of keeping them; never part of the mathematics. */
export const recomputeSchema = z
  .union([z.boolean(), wholeNumber(2)], { error: 'true, false or a whole number of 2 or more' })
  .optional()
  .describe('true, or in how many segments: backward computes activations again, for less memory; decides no bit');

/** `until`: what ends a run before its length is over. The step that meets it is the last one. */
export const untilSchema = mapping({
  loss: number().optional().describe('the training loss of a step is at most this'),
  gradNorm: numberFrom(0).optional().describe("the 2-norm of a step's gradient, before clipping, is at most this"),
  plateau: mapping({
    steps: wholeNumber(1).describe('so many steps in a row did not lower the least training loss'),
    minDelta: numberFrom(0).default(0).describe('by more than this'),
  })
    .optional()
    .describe('the training loss does not fall any more'),
}).optional();
