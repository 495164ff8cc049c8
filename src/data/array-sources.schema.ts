// The options of sources of arrays: IDX files, npy, npz, and arrays from code. Coordinator only.
import { z } from 'zod';
import { betweenKeys, mapping, nonEmptyText, numberAbove0, oneOf, wholeNumber } from '../config/scalars.schema.ts';
import { common, leavesTraining, leavesTrainingIssue, path, split, test } from './common.schema.ts';
import { foldOptions } from './folds.schema.ts';

export const idxSchema = mapping({
  source: z.literal('idx'),
  images: path(),
  labels: path(),
  testImages: path().optional(),
  testLabels: path().optional(),
  divisor: numberAbove0().default(255).describe('bytes are divided by it'),
  classes: wholeNumber(2).optional(),
  ...common,
  test,
  split,
  ...foldOptions,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ testImages, folds }) => testImages === undefined || folds === undefined,
    betweenKeys('folds', 'no folds, as testImages is the test part'),
  )
  .refine(
    ({ testImages, testLabels }) => (testImages === undefined) === (testLabels === undefined),
    betweenKeys('testLabels', 'testImages and testLabels together, or neither'),
  )
  .refine(
    ({ testImages, test }) => testImages === undefined || test === 0,
    betweenKeys('test', 'no fraction, as testImages is the test part'),
  );

/** What all sources of arrays take. */
const arrayOptions = {
  shape: z
    .array(wholeNumber(1), { error: 'a shape such as [1, 28, 28]' })
    .min(1)
    .optional()
    .describe('of one sample; what the array says where nothing is said'),
  divisor: numberAbove0().default(1).describe('inputs are divided by it'),
  task: oneOf(['auto', 'classification', 'regression'])
    .default('auto')
    .describe('auto: whole numbers and truth values are classes'),
  classes: wholeNumber(2).optional(),
  tokens: wholeNumber(2, 0x7fff_ffff).optional().describe('inputs are ids of so many tokens'),
  ...common,
  test,
  split,
  ...foldOptions,
};

const hasBothTests = ({ testInputs, testTargets }: { testInputs?: unknown; testTargets?: unknown }) =>
  (testInputs === undefined) === (testTargets === undefined);
const hasOneTest = ({ testInputs, test }: { testInputs?: unknown; test?: unknown }) =>
  testInputs === undefined || test === 0;
const hasTestOrFolds = ({ testInputs, folds }: { testInputs?: unknown; folds?: unknown }) =>
  testInputs === undefined || folds === undefined;

export const npySchema = mapping({
  source: z.literal('npy'),
  inputs: path(),
  targets: path(),
  testInputs: path().optional(),
  testTargets: path().optional(),
  ...arrayOptions,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(hasBothTests, betweenKeys('testTargets', 'testInputs and testTargets together, or neither'))
  .refine(hasOneTest, betweenKeys('test', 'no fraction, as testInputs is the test part'))
  .refine(hasTestOrFolds, betweenKeys('folds', 'no folds, as testInputs is the test part'));

export const arraysSchema = mapping({ source: z.literal('arrays'), ...arrayOptions }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

const arrayName = () => nonEmptyText('the name of an array');

export const npzSchema = mapping({
  source: z.literal('npz'),
  file: path(),
  inputArray: arrayName().default('x').describe('the name of the array of inputs in the file'),
  targetArray: arrayName().default('y').describe('the name of the array of targets'),
  testInputArray: arrayName().optional(),
  testTargetArray: arrayName().optional(),
  ...arrayOptions,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ testInputArray, testTargetArray }) => hasBothTests({ testInputs: testInputArray, testTargets: testTargetArray }),
    betweenKeys('testTargetArray', 'testInputArray and testTargetArray together, or neither'),
  )
  .refine(
    ({ testInputArray, test }) => hasOneTest({ testInputs: testInputArray, test }),
    betweenKeys('test', 'no fraction, as testInputArray is the test part'),
  )
  .refine(
    ({ testInputArray, folds }) => hasTestOrFolds({ testInputs: testInputArray, folds }),
    betweenKeys('folds', 'no folds, as testInputArray is the test part'),
  );
