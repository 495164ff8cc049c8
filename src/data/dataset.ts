// The options of a data source and a seed → a checked dataset: its spec, the ids of its parts, a way to fill memory; coordinator.

import { resolve } from 'node:path';
import { checkAugmentation } from './augmentation.ts';
import { openCsv } from './csv.ts';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import { openDigits } from './digits.ts';
import { EMBEDDED_TABLES, EMBEDDED_TEXTS } from './embedded.ts';
import { type IdxPaths, openIdxSource } from './idx.ts';
import { imageOptions, openImages } from './images.ts';
import { openFashionMnist, openMnist } from './mnist.ts';
import { type DatasetSpec, type Inputs, type Parts, type Source, sampleBytes, type Targets } from './source.ts';
import { splitBy } from './split.ts';
import { openSynthetic } from './synthetic.ts';
import { openSyntheticTokens } from './synthetic-tokens.ts';
import { openText } from './text.ts';

export type { DatasetSpec } from './source.ts';

/** An opened dataset: all that can be wrong with it was checked, and no memory was taken for its samples yet. */
export interface Dataset {
  spec: DatasetSpec;
  /** Sample ids, ascending in each part; every id below `spec.samples` is in exactly one part. */
  parts: Parts;
  /** What is probably not meant, a line each. */
  warnings: readonly string[];
  /** How many cells of each column are missing, of those that miss any. */
  missing?: readonly { column: string; count: number }[];
  /** What people call the classes; their numbers where nothing is said. */
  classNames?: readonly string[];
  /** How raw data became inputs and targets: plain data, stored with the model. */
  preprocessing: object;
  /** Where a sample comes from, such as `flowers.csv:17`. */
  sampleName(id: number): string;
  /**
   * Writes all samples in the order of their ids: `inputs` (samples × elements of `spec.input.shape`), `targets` (samples, or
   * samples × elements of `spec.target.shape`), of the types that the spec's storages name. Both may be views of shared memory.
   *
   * @throws DataError where a file was changed since it was opened
   */
  fill(inputs: Inputs, targets: Targets): void;
}

// The workers' ids and samples lie in one WebAssembly memory.
const MOST_SHARED_BYTES = 2 ** 32;
const ID_BYTES = 4;

/**
 * Opens the source that `options` name and splits it.
 *
 * @param baseDir absolute; relative paths in `options` start there
 * @throws DataError for anything that cannot be trained on, before memory is taken for the samples
 */
export function openDataset(options: DataOptions, seed: number, baseDir: string): Dataset {
  const source = openSource(options, seed, baseDir);
  const spec: DatasetSpec = {
    name: source.name,
    samples: source.splitSamples + source.testSamples,
    input: source.input,
    target: source.target,
  };
  if (options.augment !== undefined) {
    checkAugmentation(options.augment, spec, options.batchSize);
    spec.augment = options.augment;
  }
  checkSize(spec);
  const parts = splitParts(source, options, seed);
  const fit = source.fit?.(parts.train);
  return {
    spec,
    parts,
    warnings: [...(source.warnings ?? []), ...classWarnings(source, parts)],
    missing: source.missing,
    classNames: source.classNames,
    preprocessing: { source: source.name, input: spec.input, target: spec.target, ...fit?.preprocessing },
    sampleName: (id) => source.sampleName?.(id) ?? `sample ${id}`,
    fill: source.fill,
  };
}

/** A class that is not trained on can only be guessed wrong. */
function classWarnings({ target, labelOf, classNames }: Source, { train, validation, test }: Parts): string[] {
  if (labelOf === undefined || target.kind !== 'class') return [];
  const counts = (ids: Uint32Array) => {
    const count = new Uint32Array(target.classes);
    for (const id of ids) count[labelOf(id)]++;
    return count;
  };
  const [trained, validated, tested] = [train, validation, test].map(counts);
  const missing = Array.from(trained.keys()).filter((c) => trained[c] === 0 && validated[c] + tested[c] > 0);
  return missing.map((c) => {
    const name = classNames === undefined ? `${c}` : JSON.stringify(classNames[c]);
    const others = `${validated[c]} to validate and ${tested[c]} to test`;
    return `data: no sample of class ${name} to train on, ${others}; set data.split: stratified, or another seed`;
  });
}

function openSource(options: DataOptions, seed: number, baseDir: string): Source {
  switch (options.source) {
    case 'mnist':
      return openMnist(options.dir === undefined ? undefined : resolve(baseDir, options.dir));
    case 'digits':
      return openDigits();
    case 'synthetic':
      return openSynthetic(options, seed);
    case 'syntheticTokens':
      return openSyntheticTokens(options, seed);
    case 'fashionMnist':
      return openFashionMnist(options.dir === undefined ? undefined : resolve(baseDir, options.dir));
    case 'breastCancer':
    case 'diabetes':
    case 'iris':
    case 'penguins':
    case 'wine': {
      const { path, target } = EMBEDDED_TABLES[options.source];
      const table = { ...options, target: options.target ?? target, delimiter: ',' };
      return openCsv(path, table, options.source);
    }
    case 'mobyDick':
      return openText('mobyDick', EMBEDDED_TEXTS.mobyDick, { ...options, unit: 'windows' });
    case 'firstNames':
      return openText('firstNames', EMBEDDED_TEXTS.firstNames, { ...options, unit: 'lines' });
    case 'text':
      return openText('text', resolve(baseDir, options.file), options);
    case 'csv':
      return openCsv(resolve(baseDir, options.file), options);
    case 'images':
      return openImages(imageOptions(options, baseDir));
    case 'idx': {
      const { divisor, classes } = options;
      return openIdxSource(absolutePaths(options, baseDir), { name: 'idx', divisor, classes });
    }
  }
}

function absolutePaths({ images, labels, testImages, testLabels }: IdxPaths, baseDir: string): IdxPaths {
  const paths: IdxPaths = { images: resolve(baseDir, images), labels: resolve(baseDir, labels) };
  if (testImages !== undefined) paths.testImages = resolve(baseDir, testImages);
  if (testLabels !== undefined) paths.testLabels = resolve(baseDir, testLabels);
  return paths;
}

/** Refuses what no shared memory could hold, so that not even an array of its ids is made. */
function checkSize(spec: DatasetSpec): void {
  const { input, target } = sampleBytes(spec);
  const bytes = spec.samples * (input + target + ID_BYTES);
  if (bytes <= MOST_SHARED_BYTES) return;
  const gib = (bytes / 2 ** 30).toFixed(1);
  const most = Math.floor(MOST_SHARED_BYTES / (input + target + ID_BYTES));
  const got = `${spec.samples} samples of ${gib} GiB`;
  throw new DataError(
    `data.source ${spec.name}`,
    'at most 4 GiB of samples and ids',
    got,
    `use at most ${most} samples`,
  );
}

/** Where the source keeps test samples of its own, those are the test part, and `test` is not an option. */
function splitParts(source: Source, options: DataOptions, seed: number): Parts {
  if (source.parts !== undefined) return source.parts;
  const { splitSamples: samples, testSamples, labelOf, splitKeys: keys } = source;
  const test = 'test' in options ? options.test : 0;
  const kind = 'split' in options ? options.split : 'random';
  const isStratified = kind === 'stratified' && labelOf !== undefined;
  const labels = isStratified ? Array.from({ length: samples }, (_, id) => labelOf(id)) : undefined;
  const parts = splitBy(samples, { kind, seed, validation: options.validation, test, labels, keys });
  if (testSamples > 0) parts.test = Uint32Array.from({ length: testSamples }, (_, i) => samples + i);
  return parts;
}
