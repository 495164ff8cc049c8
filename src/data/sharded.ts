// A folder of npy pairs → a dataset whose training part is read while it is trained on; coordinator.

import { resolve } from 'node:path';
import { PURPOSE } from '../kernels/purpose.ts';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import type { Dataset } from './dataset.ts';
import { permute } from './permutation.ts';
import { highestLabel } from './record-reader.ts';
import { cutBlocks, pickBlocks, type StreamPair, usualBlockSamples } from './sample-stream.ts';
import { openShardFolder, probeSha256 } from './shard-files.ts';
import { type DatasetSpec, type InputSpec, sampleBytes } from './source.ts';
import { streamedDataset } from './streamed-dataset.ts';

type ShardOptions = Extract<DataOptions, { source: 'shards' }>;

/**
 * Opens the folder. Validation and test part are whole blocks, drawn by the seed, and are kept in memory.
 *
 * @throws DataError for files that do not fit together, labels outside the classes, parts that leave nothing to train on
 */
export function openShards(options: ShardOptions, seed: number, baseDir: string): Dataset {
  const pairs = openShardFolder(resolve(baseDir, options.dir));
  const input = inputSpec(pairs, options);
  const target = targetSpec(pairs, options);
  const bytes = sampleBytes({ input, target });
  const blockSamples = options.block === 'auto' ? usualBlockSamples(bytes.input + bytes.target) : options.block;
  const blocks = cutBlocks(
    pairs.map(({ samples }) => samples),
    blockSamples,
  );
  const parts = splitBlocks(blocks.count, seed, options);
  return streamedDataset({
    name: 'shards',
    pairs,
    input,
    target,
    sha256: probeSha256(pairs),
    train: pickBlocks(blocks, parts.train),
    validation: pickBlocks(blocks, parts.validation),
    test: pickBlocks(blocks, parts.test),
    options,
    seed,
  });
}

function inputSpec([{ inputs }]: readonly StreamPair[], { divisor, vocabulary }: ShardOptions): InputSpec {
  const { type, path } = inputs;
  const shape = inputs.shape.length === 1 ? [1] : inputs.shape.slice(1);
  if (vocabulary !== undefined) {
    if (type.startsWith('<f')) {
      throw new DataError(path, 'whole numbers, as data.vocabulary says', type, 'remove data.vocabulary');
    }
    return { shape, storage: 'i32', divisor: 1, classes: vocabulary };
  }
  if (type === '|u1') return { shape, storage: 'u8', divisor: divisor ?? 255 };
  if (!type.startsWith('<f')) {
    const advice = 'set data.vocabulary where they are tokens, or write them as float32 or bytes';
    throw new DataError(path, 'bytes or floats', type, advice);
  }
  return { shape, storage: 'f32', divisor: divisor ?? 1 };
}

function targetSpec(pairs: readonly StreamPair[], { classes: given }: ShardOptions): DatasetSpec['target'] {
  const [{ targets }] = pairs;
  const shape = targets.shape.slice(1);
  if (targets.type.startsWith('<f')) {
    if (given === undefined) return { kind: 'values', storage: 'f32', shape: shape.length === 0 ? [1] : shape };
    throw new DataError(targets.path, 'whole numbers, as data.classes says', targets.type, 'remove data.classes');
  }
  const perSample = shape.reduce((product, size) => product * size, 1);
  const classes =
    given ??
    pairs.reduce((most, { targets: file, samples }) => Math.max(most, highestLabel(file, samples, perSample) + 1), 0);
  if (classes < 2) throw new DataError(targets.path, 'labels of at least 2 classes', '0 and no other', 'check targets');
  return { kind: 'class', storage: classes <= 256 ? 'u8' : 'i32', classes, ...(shape.length > 0 && { shape }) };
}

/** Blocks in the order of a permutation go to the test part until that has its share, then to the validation part, the rest to train. */
function splitBlocks(
  counts: Uint32Array,
  seed: number,
  { validation, test }: { validation: number; test: number },
): Record<'train' | 'validation' | 'test', Uint32Array> {
  const samples = counts.reduce((sum, count) => sum + count, 0);
  const order = new Uint32Array(counts.length);
  permute(order, seed, PURPOSE.split, 0);
  let at = 0;
  const take = (share: number): Uint32Array => {
    const first = at;
    for (let taken = 0; taken < share * samples && at < order.length; at++) taken += counts[order[at]];
    return order.slice(first, at).sort();
  };
  const parts = { test: take(test), validation: take(validation), train: order.slice(at).sort() };
  if (parts.train.length > 0) return parts;
  const got = `${counts.length}, all of them in the validation and test parts`;
  throw new DataError('data.block', 'blocks left to train on', got, 'lower data.block, data.validation or data.test');
}
