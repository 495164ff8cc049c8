// The options of the step engine: how a global batch is cut, who computes it, what ends a run early. Coordinator only.
import { z } from 'zod';
import { mapping, number, numberAbove0, numberFrom, oneOf, wholeNumber, wordOr } from '../config/scalars.schema.ts';

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

const STEP_COUNTS = 'steps with counts such as { 500: 3 }';

/** `workersAt`: from which step on how many threads compute; never part of the mathematics. */
export const workersAtSchema = z
  .record(z.string().regex(/^(0|[1-9]\d{0,11})$/, { error: STEP_COUNTS }), wholeNumber(1, 1024), { error: STEP_COUNTS })
  .optional()
  .describe('from which step on how many threads compute; decides no bit');

/** `recovery`: how many workers may be lost, and when one is called stuck; never part of the mathematics. */
export const recoverySchema = mapping({
  maxRestarts: wholeNumber(0, 1_000_000)
    .default(20)
    .describe('so many workers may be lost in a window; one more ends the run'),
  windowSeconds: numberAbove0().default(60).describe('the length of that window'),
  deadlineSeconds: wordOr('auto', numberAbove0(), 'a number above 0')
    .default('auto')
    .describe('a worker without a sign of life for so long is replaced; auto: 20 median steps, 2 s at least'),
})
  .prefault({})
  .describe('how a run bears the loss of workers; decides no bit');

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
