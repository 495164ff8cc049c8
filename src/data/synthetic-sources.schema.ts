// The options of sources of made-up samples. Coordinator only.
import { z } from 'zod';
import { betweenKeys, fraction, mapping, numberFrom, wholeNumber } from '../config/scalars.schema.ts';
import { common, leavesTraining, leavesTrainingIssue, split, test } from './common.schema.ts';
import { foldOptions } from './folds.schema.ts';

const SHAPE_PHRASE = 'a whole number of 1 or more, or a shape such as [1, 28, 28]';

export const syntheticSchema = mapping({
  source: z.literal('synthetic'),
  samples: wholeNumber(1, 0xffff_ffff),
  features: z.union([wholeNumber(1), z.array(wholeNumber(1)).min(1, { abort: true })], { error: SHAPE_PHRASE }),
  classes: wholeNumber(2).optional(),
  outputs: wholeNumber(1).optional(),
  noise: numberFrom(0).default(0.1).describe('standard deviation'),
  ...common,
  test,
  split,
  ...foldOptions,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ classes, outputs }) => (classes === undefined) !== (outputs === undefined),
    betweenKeys('classes', 'either classes (to classify) or outputs (to regress), one of the two'),
  );

export const syntheticTokensSchema = mapping({
  source: z.literal('syntheticTokens'),
  samples: wholeNumber(1, 0xffff_ffff),
  length: wholeNumber(1, 65_536).describe('tokens of a sample; the target of each is the next one'),
  vocabulary: wholeNumber(2, 65_536).describe('different tokens'),
  noise: fraction().default(0.1).describe('fraction of tokens that follow no rule'),
  ...common,
  test,
}).refine(leavesTraining, leavesTrainingIssue);
