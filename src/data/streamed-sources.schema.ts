// The options of sources that may be larger than memory: shards, and Parquet once it is converted to them. Coordinator only.
import { z } from 'zod';
import { mapping, numberAbove0, wholeNumber, wordOr } from '../config/scalars.schema.ts';
import { common, leavesTraining, leavesTrainingIssue, path, test } from './common.schema.ts';
import { column, splitHasKey, splitKeyIssue, tableOptions } from './table.schema.ts';

/** How a part that is larger than memory is read. */
const streamOptions = {
  block: wordOr('auto', wholeNumber(1), 'a whole number of 1 or more')
    .default('auto')
    .describe('neighbouring samples that are read at once; auto: half a MiB of them'),
  window: wholeNumber(1).default(64).describe('blocks that are shuffled together, and lie in memory together'),
  prefetch: wholeNumber(1, 64).default(1).describe('windows that are read ahead; decides no bit'),
};

export const shardsSchema = mapping({
  source: z.literal('shards'),
  dir: path().describe('a folder of inputs-00000.npy, targets-00000.npy, …'),
  divisor: numberAbove0()
    .optional()
    .describe('inputs are divided by it; 255 for bytes, 1 for floats where nothing is said'),
  vocabulary: wholeNumber(2).optional().describe('the inputs are tokens below it'),
  classes: wholeNumber(2)
    .optional()
    .describe('of whole-number targets; found by reading all of them where nothing is said'),
  ...streamOptions,
  ...common,
  test,
}).refine(leavesTraining, leavesTrainingIssue);

const cache = path()
  .optional()
  .describe('a folder for converted tables; ~/.cache/lockstep/tables where nothing is said');

export const parquetSchema = mapping({
  source: z.literal('parquet'),
  file: path(),
  target: column().describe('the column to predict, by name or index'),
  ...tableOptions,
  cache,
  ...streamOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

export const flightsSchema = mapping({
  source: z.literal('flights'),
  target: column()
    .optional()
    .describe('the column to predict; distance, by origin and destination, where nothing is said'),
  ...tableOptions,
  cache,
  ...streamOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);
