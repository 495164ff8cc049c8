// The options of sources of text. Coordinator only.
import { z } from 'zod';
import { betweenKeys, mapping, oneOf, wholeNumber } from '../config/scalars.schema.ts';
import { common, leavesTraining, leavesTrainingIssue, path, test } from './common.schema.ts';

const textOptions = {
  length: wholeNumber(1, 65_536)
    .optional()
    .describe('characters or tokens of a sample; of lines: the longest needs so many'),
  stride: wholeNumber(1).optional().describe('from one window to the next; length where nothing is said'),
};

export const textSchema = mapping({
  source: z.literal('text'),
  file: path(),
  unit: oneOf(['windows', 'lines'])
    .default('windows')
    .describe('windows: the parts are stretches of the text; lines: each is a sample'),
  tokenizer: path()
    .optional()
    .describe('a tokenizer.json of byte-level BPE; a token is a character where nothing is said'),
  ...textOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ unit, tokenizer }) => tokenizer === undefined || unit === 'windows',
    betweenKeys('tokenizer', 'none where unit is lines'),
  );

export const mobyDickSchema = mapping({ source: z.literal('mobyDick'), ...textOptions, ...common, test }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

export const firstNamesSchema = mapping({ source: z.literal('firstNames'), ...common, test }).refine(
  leavesTraining,
  leavesTrainingIssue,
);
