// Blocks of the three parts → a dataset: the training part is brought by a loader, the others are filled into memory; coordinator.

import type { Augmentation } from './augment.schema.ts';
import { checkAugmentation, isMixture } from './augmentation.ts';
import { BlockReader } from './block-reader.ts';
import { DataError } from './data-error.ts';
import type { Dataset } from './dataset.ts';
import { type BlockTable, blockSampleIds, type SampleStream } from './sample-stream.ts';
import { type DatasetSpec, type Parts, sampleElements, targetElements } from './source.ts';
import type { TableEncoding } from './table-blocks.ts';

/** How the samples of a stream are ordered and read. */
export interface StreamOptions {
  shuffle: boolean;
  /** Blocks that are shuffled together. */
  window: number;
  /** Windows that are read ahead. */
  prefetch: number;
  batchSize: number | 'full';
  augment?: readonly Augmentation[];
  /** What only samples in memory can have. */
  sampling?: unknown;
  folds?: unknown;
  weight?: unknown;
}

/** The parts, as blocks of the same pairs of files. */
export interface StreamedParts extends Pick<SampleStream, 'pairs' | 'input' | 'target' | 'sha256'> {
  name: string;
  train: BlockTable;
  validation: BlockTable;
  test: BlockTable;
  /** Where they are not those of the blocks. */
  ids?: Parts;
  table?: TableEncoding;
  options: StreamOptions;
  seed: number;
}

/**
 * Makes the dataset; `more` is what its source knows beside.
 * @throws DataError for options that want every sample at hand
 */
export function streamedDataset(parts: StreamedParts, more: Partial<Dataset> = {}): Dataset {
  const { name, pairs, input, target, sha256, train, options, seed } = parts;
  const samples = pairs.reduce((sum, pair) => sum + pair.samples, 0);
  refuseInMemoryOptions(options);
  const spec: DatasetSpec = { name, samples, input, target, isStreamed: true };
  if (options.augment !== undefined) {
    checkAugmentation(options.augment, spec, options.batchSize);
    spec.augment = options.augment;
  }
  const ids = parts.ids ?? blockIds(parts);
  const table = parts.table ?? null;
  const order = { seed, isShuffled: options.shuffle, windowBlocks: options.window, counts: train.count };
  return {
    spec,
    parts: ids,
    stream: { pairs, input, target, table, blocks: train, ids: ids.train, order, prefetch: options.prefetch, sha256 },
    warnings: [],
    preprocessing: { source: name, input, target },
    sampleName: (id) => nameOf(pairs, id),
    fill(inputs, targets) {
      const reader = new BlockReader({ pairs, input, target, table });
      const [inputSize, targetSize] = [sampleElements(input.shape), targetElements(target)];
      let done = 0;
      for (const part of ['validation', 'test'] as const) {
        const { [part]: blocks } = parts;
        let first = 0;
        for (const [block, count] of blocks.count.entries()) {
          const to = inputs.subarray(done * inputSize, (done + count) * inputSize);
          const targetsOf = targets.subarray(done * targetSize, (done + count) * targetSize);
          reader.read(blocks, block, ids[part].subarray(first, first + count), to, targetsOf);
          done += count;
          first += count;
        }
      }
    },
    ...more,
  };
}

function refuseInMemoryOptions({ augment = [], ...options }: StreamOptions): void {
  for (const key of ['sampling', 'folds', 'weight'] as const) {
    if (options[key] === undefined) continue;
    throw new DataError(
      `data.${key}`,
      'nothing, as the samples are streamed',
      `${options[key]}`,
      'remove it, or read the samples into memory by another source',
    );
  }
  const mixture = augment.find(isMixture);
  if (mixture === undefined) return;
  const got = Object.keys(mixture)[0];
  throw new DataError('data.augment', 'no mixtures, as the samples are streamed', got, `remove ${got}`);
}

function blockIds({ train, validation, test }: StreamedParts): Parts {
  return { train: blockSampleIds(train), validation: blockSampleIds(validation), test: blockSampleIds(test) };
}

/** `inputs-00002.npy: sample 17`. */
function nameOf(pairs: SampleStream['pairs'], id: number): string {
  let first = 0;
  for (const { inputs, samples } of pairs) {
    if (id < first + samples) return `${inputs.path}: sample ${id - first}`;
    first += samples;
  }
  return `sample ${id}`;
}
