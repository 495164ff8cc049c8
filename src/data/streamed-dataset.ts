// Blocks of the three parts → a dataset: the training part is brought by a loader, the others are filled into memory; coordinator.

import { BlockReader } from './block-reader.ts';
import type { Dataset } from './dataset.ts';
import { type BlockTable, blockSampleIds, type SampleStream } from './sample-stream.ts';
import { type DatasetSpec, sampleElements, targetElements } from './source.ts';

/** How the samples of a stream are ordered and read. */
export interface StreamOptions {
  shuffle: boolean;
  /** Blocks that are shuffled together. */
  window: number;
  /** Windows that are read ahead. */
  prefetch: number;
}

/** The parts, as blocks of the same pairs of files. */
export interface StreamedParts extends Pick<SampleStream, 'pairs' | 'input' | 'target' | 'sha256'> {
  name: string;
  train: BlockTable;
  validation: BlockTable;
  test: BlockTable;
  options: StreamOptions;
  seed: number;
}

/** Makes the dataset; `more` is what its source knows beside. */
export function streamedDataset(parts: StreamedParts, more: Partial<Dataset> = {}): Dataset {
  const { name, pairs, input, target, sha256, train, validation, test, options, seed } = parts;
  const samples = pairs.reduce((sum, pair) => sum + pair.samples, 0);
  const spec: DatasetSpec = { name, samples, input, target, isStreamed: true };
  const order = { seed, isShuffled: options.shuffle, windowBlocks: options.window, counts: train.count };
  return {
    spec,
    parts: { train: blockSampleIds(train), validation: blockSampleIds(validation), test: blockSampleIds(test) },
    stream: { pairs, input, target, blocks: train, order, prefetch: options.prefetch, sha256 },
    warnings: [],
    preprocessing: { source: name, input, target },
    sampleName: (id) => nameOf(pairs, id),
    fill(inputs, targets) {
      const reader = new BlockReader({ pairs, input, target });
      const [inputSize, targetSize] = [sampleElements(input.shape), targetElements(target)];
      let done = 0;
      for (const blocks of [validation, test]) {
        for (const [block, count] of blocks.count.entries()) {
          const end = done + count;
          const [to, labels] = [
            inputs.subarray(done * inputSize, end * inputSize),
            targets.subarray(done * targetSize, end * targetSize),
          ];
          reader.read(blocks, block, to, labels);
          done = end;
        }
      }
    },
    ...more,
  };
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
