// A file that a run was not trained on, and how the run's own data was prepared → a dataset whose samples are all tested on. Coordinator.
import { resolve } from 'node:path';
import { DataError } from '../data/data-error.ts';
import type { Dataset } from '../data/dataset.ts';
import { openIdxSource } from '../data/idx.ts';
import { openPreparedTable } from '../data/prepared-table.ts';
import { tableSchema, textSchema, tokenizedTextSchema } from '../data/preprocessing.schema.ts';
import type { Source } from '../data/source.ts';
import { openText } from '../data/text.ts';
import { openTokenizedText } from '../data/tokenized-text.ts';
import { restoreTokenizer } from '../data/tokenizer.ts';
import { checkPreprocessing, type StoredRun, StoredRunError } from './stored-run.ts';

/** What is evaluated in place of a part of the run's data. */
export interface OtherData {
  /** A CSV file with the target's column, a text, or the images of IDX. */
  file: string;
  /** The labels of IDX images. */
  labels?: string;
}

/** @throws DataError for what does not fit the run's preprocessing; StoredRunError where its source has no other files */
export function openOtherData(run: StoredRun, { file, labels }: OtherData): Dataset {
  const source = openOtherSource(run, resolve(file), labels);
  const { name, input, target, splitSamples: samples } = source;
  const ids = Uint32Array.from({ length: samples }, (_, id) => id);
  const none = new Uint32Array(0);
  const { preprocessing } = run;
  refuseOtherInputs(file, preprocessing.input.shape, input.shape);
  return {
    spec: { name, samples, input, target },
    // An engine has an order of training samples; nobody trains here.
    parts: { train: ids, validation: none, test: ids },
    warnings: [],
    classNames: source.classNames,
    preprocessing,
    sampleName: (id) => source.sampleName?.(id) ?? `sample ${id}`,
    fill: source.fill,
  };
}

function openOtherSource({ path, preprocessing, checkpoint }: StoredRun, file: string, labels?: string): Source {
  const { kind, input, source } = preprocessing;
  const stored = `${path}/preprocessing.json`;
  if (kind === 'table')
    return openPreparedTable(file, checkPreprocessing(tableSchema, preprocessing, stored), checkpoint.config.data);
  if (kind === 'text') {
    const { unit, length, vocabulary } = checkPreprocessing(textSchema, preprocessing, stored);
    return openText(source, file, { unit, length, vocabulary, validation: 0, test: 0 });
  }
  if (kind === 'tokenizedText') {
    const { length, tokenizer } = checkPreprocessing(tokenizedTextSchema, preprocessing, stored);
    const options = { unit: 'windows' as const, length, validation: 0, test: 0 };
    return openTokenizedText(file, restoreTokenizer(tokenizer, stored), options);
  }
  if (input.storage === 'u8') {
    if (labels !== undefined) {
      const options = { name: source, divisor: input.divisor, classes: preprocessing.target?.classes };
      return openIdxSource({ images: file, labels: resolve(labels) }, options);
    }
    throw new StoredRunError(`${file}: expected the labels of these images too, got none; name them with --labels`);
  }
  throw new StoredRunError(
    `${path}: expected a run on a table, a text or images to evaluate another file, got one on ${source}; evaluate a part of its data`,
  );
}

function refuseOtherInputs(file: string, expected: readonly number[], got: readonly number[]): void {
  if (expected.join() === got.join()) return;
  throw new DataError(
    file,
    `samples of ${expected.join('×')}, as in training`,
    got.join('×'),
    'name a file of the same kind',
  );
}
