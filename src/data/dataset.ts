// The options of a data source and a seed → a checked dataset: its spec, the ids of its parts, a way to fill memory; coordinator.

import { resolve } from 'node:path';
import { type ArrayOptions, type ArrayPair, openArrays } from './array-source.ts';
import { openArrow } from './arrow.ts';
import { checkAugmentation } from './augmentation.ts';
import { openCsv } from './csv.ts';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import { checkDataPaths } from './data-path.ts';
import { openDigits } from './digits.ts';
import { EMBEDDED_TABLES, EMBEDDED_TEXTS } from './embedded.ts';
import { foldParts } from './folds.ts';
import { type IdxPaths, openIdxSource } from './idx.ts';
import { imageOptions, openImages } from './images.ts';
import { openJsonl } from './jsonl.ts';
import { memoryArray, type TrainArrays } from './memory-array.ts';
import { openFashionMnist, openMnist } from './mnist.ts';
import { openNpy, openNpz } from './npy-file.ts';
import { openParquet } from './parquet.ts';
import type { SampleStream } from './sample-stream.ts';
import { openShards } from './sharded.ts';
import {
  type DatasetSpec,
  type Inputs,
  type LeftOut,
  type Parts,
  type Source,
  sampleBytes,
  type Targets,
} from './source.ts';
import { splitBy } from './split.ts';
import { openSynthetic } from './synthetic.ts';
import { openSyntheticTokens } from './synthetic-tokens.ts';
import { openText } from './text.ts';
import { openTokenizedText } from './tokenized-text.ts';
import { openTokenizer } from './tokenizer.ts';

export type { DatasetSpec } from './source.ts';

/** An opened dataset: all that can be wrong with it was checked, and no memory was taken for its samples yet. */
export interface Dataset {
  spec: DatasetSpec;
  /** Sample ids, ascending in each part; every id below `spec.samples` is in exactly one part. */
  parts: Parts;
  /** Where the training part is read while it is trained on; absent where all samples are in memory. */
  stream?: SampleStream;
  /** What is probably not meant, a line each. */
  warnings: readonly string[];
  /** Of each sample in the loss, where `spec.hasWeights`. */
  weights?: Float32Array;
  /** How many rows there were and were not taken; absent where the source has no rows to leave out. */
  leftOut?: LeftOut;
  /** How many cells of each column are missing, of those that miss any. */
  missing?: readonly { column: string; count: number }[];
  /** What people call the classes; their numbers where nothing is said. */
  classNames?: readonly string[];
  /** The class of a sample; absent where a sample has not exactly one. */
  labelOf?(id: number): number;
  /** How raw data became inputs and targets: plain data, stored with the model. */
  preprocessing: object;
  /** Where a sample comes from, such as `flowers.csv:17`. */
  sampleName(id: number): string;
  /**
   * Writes all samples in the order of their ids: `inputs` (samples × elements of `spec.input.shape`), `targets` (samples, or
   * samples × elements of `spec.target.shape`), of the types that the spec's storages name. Both may be views of shared memory. Of a
   * stream the validation part alone, then the test part, in the order of their ids.
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
 * @param arrays of `source: arrays`
 * @throws DataError for anything that cannot be trained on, before memory is taken for the samples
 */
export function openDataset(options: DataOptions, seed: number, baseDir: string, arrays?: TrainArrays): Dataset {
  checkDataPaths(options, baseDir);
  if (options.source === 'shards') return openShards(options, seed, baseDir);
  if (options.source === 'parquet' || options.source === 'flights') return openParquet(options, seed, baseDir);
  const source = options.source === 'arrays' ? openMemory(options, arrays) : openSource(options, seed, baseDir);
  const spec: DatasetSpec = {
    name: source.name,
    samples: source.splitSamples + source.testSamples,
    input: source.input,
    target: source.target,
    ...(source.weights && { hasWeights: true }),
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
    warnings: [...(source.warnings ?? []), ...classWarnings(source, parts, options)],
    leftOut: source.leftOut,
    missing: source.missing,
    ...(source.weights && { weights: checkWeights(source, parts) }),
    classNames: source.classNames,
    ...(source.target.kind === 'class' && source.labelOf && { labelOf: (id: number) => source.labelOf!(id) }),
    preprocessing: {
      source: source.name,
      input: spec.input,
      target: spec.target,
      ...(source.classNames !== undefined && { classNames: source.classNames }),
      ...fit?.preprocessing,
    },
    sampleName: (id) => source.sampleName?.(id) ?? `sample ${id}`,
    fill: source.fill,
  };
}

/** @throws DataError for a weight that is none, and for a part whose samples all weigh nothing: its mean loss would be 0 / 0. */
function checkWeights({ weights = [], sampleName }: Source, parts: Parts): Float32Array {
  const checked = Float32Array.from(weights);
  const wrong = checked.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (wrong >= 0) {
    const where = sampleName?.(wrong) ?? `sample ${wrong}`;
    throw new DataError(where, 'a weight of 0 or more', `${weights[wrong]}`, 'correct it');
  }
  for (const [part, ids] of Object.entries(parts) as [keyof Parts, Uint32Array][]) {
    if (ids.length === 0 || ids.some((id) => checked[id] > 0)) continue;
    const got = `${ids.length} samples of weight 0 in the ${part} part`;
    throw new DataError('data.weight', 'a sample of each part to weigh something', got, 'correct the weights');
  }
  return checked;
}

/** A class that is not trained on can only be guessed wrong. */
function classWarnings(
  { target, labelOf, classNames }: Source,
  { train, validation, test }: Parts,
  options: DataOptions,
): string[] {
  if (labelOf === undefined || target.kind !== 'class') return [];
  const counts = (ids: Uint32Array) => {
    const count = new Uint32Array(target.classes);
    for (const id of ids) count[labelOf(id)]++;
    return count;
  };
  const [trained, validated, tested] = [train, validation, test].map(counts);
  const missing = Array.from(trained.keys()).filter((c) => trained[c] === 0 && validated[c] + tested[c] > 0);
  const isStratified = 'split' in options && options.split === 'stratified';
  // Of a class of one sample that sample is held out, whatever the seed.
  const advice = isStratified ? 'add samples of it, or leave it out' : 'set data.split: stratified, or another seed';
  return missing.map((c) => {
    const name = classNames === undefined ? `${c}` : JSON.stringify(classNames[c]);
    const others = `${validated[c]} to validate and ${tested[c]} to test`;
    return `data: no sample of class ${name} to train on, ${others}; ${advice}`;
  });
}

type Opened = Exclude<DataOptions, { source: 'arrays' | 'shards' | 'parquet' | 'flights' }>;

function openSource(options: Opened, seed: number, baseDir: string): Source {
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
      return options.tokenizer === undefined
        ? openText('text', resolve(baseDir, options.file), options)
        : openTokenizedText(
            resolve(baseDir, options.file),
            openTokenizer(resolve(baseDir, options.tokenizer)),
            options,
          );
    case 'csv':
      return openCsv(resolve(baseDir, options.file), options);
    case 'arrow':
      return openArrow(resolve(baseDir, options.file), options);
    case 'jsonl':
      return openJsonl(resolve(baseDir, options.file), options);
    case 'npy': {
      const open = (path: string) => openNpy(resolve(baseDir, path));
      const { inputs, targets, testInputs, testTargets } = options;
      const pairs: ArrayPair[] = [{ inputs: open(inputs), targets: open(targets) }];
      if (testInputs !== undefined && testTargets !== undefined)
        pairs.push({ inputs: open(testInputs), targets: open(testTargets) });
      return openArrays('npy', pairs, options);
    }
    case 'npz': {
      const { file, inputArray, targetArray, testInputArray, testTargetArray } = options;
      const names = [inputArray, targetArray, testInputArray, testTargetArray].flatMap((name) => name ?? []);
      const [inputs, targets, testInputs, testTargets] = openNpz(resolve(baseDir, file), names);
      const pairs: ArrayPair[] = [{ inputs, targets }];
      if (testInputs !== undefined) pairs.push({ inputs: testInputs, targets: testTargets });
      return openArrays('npz', pairs, options);
    }
    case 'images':
      return openImages(imageOptions(options, baseDir));
    case 'idx': {
      const { divisor, classes } = options;
      return openIdxSource(absolutePaths(options, baseDir), { name: 'idx', divisor, classes });
    }
  }
}

function openMemory(options: ArrayOptions & { test: number }, arrays: TrainArrays | undefined): Source {
  if (arrays === undefined) {
    const advice = 'call train(config, { arrays: { inputs, targets } }), or use source: npy';
    throw new DataError('data.source arrays', 'arrays from the program that trains', 'none', advice);
  }
  const { testInputs, testTargets } = arrays;
  const open = (key: keyof TrainArrays) => memoryArray(`arrays.${key}`, arrays[key] ?? { values: undefined as never });
  const pairs: ArrayPair[] = [{ inputs: open('inputs'), targets: open('targets') }];
  if (testInputs !== undefined || testTargets !== undefined) {
    pairs.push({ inputs: open('testInputs'), targets: open('testTargets') });
    if (options.test > 0)
      throw new DataError('data.test', '0, as arrays.testInputs is the test part', `${options.test}`, 'remove it');
  }
  return openArrays('arrays', pairs, options);
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

/**
 * Where the source keeps test samples of its own, those are the test part, and `test` is not an option. Where there are folds and none is
 * named, the parts are the first one's.
 */
function splitParts(source: Source, options: DataOptions, seed: number): Parts {
  if (source.parts !== undefined) return source.parts;
  const { splitSamples: samples, testSamples, labelOf, splitKeys: keys } = source;
  const test = 'test' in options ? options.test : 0;
  const kind = 'split' in options ? options.split : 'random';
  const isStratified = kind === 'stratified' && labelOf !== undefined;
  const labels = isStratified ? Array.from({ length: samples }, (_, id) => labelOf(id)) : undefined;
  const spec = { kind, seed, validation: options.validation, labels, keys };
  const { folds, fold = 1 } = 'folds' in options ? options : {};
  if (folds !== undefined) return foldParts(samples, { ...spec, folds }, fold - 1);
  const parts = splitBy(samples, { ...spec, test });
  if (testSamples > 0) parts.test = Uint32Array.from({ length: testSamples }, (_, i) => samples + i);
  return parts;
}
