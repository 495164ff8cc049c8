// What every data source takes. Coordinator only.
import { betweenKeys, flag, fraction, nonEmptyText, oneOf, wholeNumber, wordOr } from '../config/scalars.schema.ts';
import { augmentSchema } from './augment.schema.ts';

/** A path of a file or folder. */
export const path = () => nonEmptyText('a path');
/** What every source takes. 64 samples a global batch are 8 rows in each of the default 8 shards. */
export const common = {
  batchSize: wordOr('full', wholeNumber(1), 'a whole number of 1 or more')
    .default(64)
    .describe('samples of one step, the global batch; full: all'),
  validation: fraction().default(0).describe('fraction set aside to validate'),
  shuffle: flag().default(true).describe('another order in every epoch'),
  sampling: oneOf(['balanced'])
    .optional()
    .describe('each class equally often in every epoch, in place of each sample once'),
  augment: augmentSchema,
  allowOutside: flag()
    .optional()
    .describe("relative paths may lead out of the config's folder and the working directory; decides no bit"),
};

/** For sources that bring no test part: the fraction set aside, before the validation part is taken from the rest. */
export const test = fraction().default(0).describe('fraction set aside to test');

/** How samples with a class each may be split. */
export const split = oneOf(['random', 'stratified'])
  .default('random')
  .describe('stratified: each part has its share of each class');

/** Whether anything is left to train on. */
export const leavesTraining = ({ validation, test }: { validation: unknown; test: unknown }) =>
  typeof validation !== 'number' || typeof test !== 'number' || validation + test < 1;
export const leavesTrainingIssue = betweenKeys('test', 'validation and test to sum to less than 1');
