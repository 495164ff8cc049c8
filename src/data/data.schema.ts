// `data` of a config: one of the sources, each with its own options. Coordinator only.
import { z } from 'zod';
import type { Frozen } from '../config/scalars.schema.ts';
import { arraysSchema, idxSchema, npySchema, npzSchema } from './array-sources.schema.ts';
import { withFolds } from './folds.schema.ts';
import { digitsSchema, fashionMnistSchema, imagesSchema, mnistSchema } from './image-sources.schema.ts';
import { flightsSchema, parquetSchema, shardsSchema } from './streamed-sources.schema.ts';
import { syntheticSchema, syntheticTokensSchema } from './synthetic-sources.schema.ts';
import { arrowSchema, csvSchema, embeddedTableSchema, jsonlSchema } from './table-sources.schema.ts';
import { firstNamesSchema, mobyDickSchema, textSchema } from './text-sources.schema.ts';

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
