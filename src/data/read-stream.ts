// A stream that fits into memory after all → all its samples in the order of their ids, to be looked at; coordinator.

import { BlockReader } from './block-reader.ts';
import { DataError } from './data-error.ts';
import type { Dataset } from './dataset.ts';
import { type Inputs, sampleBytes, sampleElements, type Targets, targetElements } from './source.ts';

const MOST_BYTES = 2 ** 31;

/** Fills what has room for all samples. @throws DataError as reading them does */
export function readStream({ spec, parts, stream, fill }: Dataset, inputs: Inputs, targets: Targets): void {
  if (stream === undefined) {
    fill(inputs, targets);
    return;
  }
  const [inputSize, targetSize] = [sampleElements(spec.input.shape), targetElements(spec.target)];
  const evaluated = [...parts.validation, ...parts.test];
  const most = stream.blocks.count.reduce((largest, count) => Math.max(largest, count), evaluated.length);
  const read = { inputs: inputs.slice(0, most * inputSize), targets: targets.slice(0, most * targetSize) };
  const scatter = (ids: ArrayLike<number>): void => {
    for (let i = 0; i < ids.length; i++) {
      inputs.set(read.inputs.subarray(i * inputSize, (i + 1) * inputSize), ids[i] * inputSize);
      targets.set(read.targets.subarray(i * targetSize, (i + 1) * targetSize), ids[i] * targetSize);
    }
  };
  fill(read.inputs.subarray(0, evaluated.length * inputSize), read.targets.subarray(0, evaluated.length * targetSize));
  scatter(evaluated);
  const reader = new BlockReader(stream);
  let first = 0;
  for (const [block, count] of stream.blocks.count.entries()) {
    const ids = stream.ids.subarray(first, first + count);
    const place = read.inputs.subarray(0, count * inputSize);
    reader.read(stream.blocks, block, ids, place, read.targets.subarray(0, count * targetSize));
    scatter(ids);
    first += count;
  }
}

/** @throws DataError for a stream of more than 2 GiB, before any memory is taken */
export function checkReadable({ spec, stream }: Pick<Dataset, 'spec' | 'stream'>): void {
  const bytes = sampleBytes(spec);
  const total = spec.samples * (bytes.input + bytes.target);
  if (stream === undefined || total <= MOST_BYTES) return;
  const got = `${(total / 2 ** 30).toFixed(1)} GiB that are streamed`;
  const advice = 'inspect a folder of some of the files, or a part of the table';
  throw new DataError(`data.source ${spec.name}`, 'at most 2 GiB of samples to look at', got, advice);
}
