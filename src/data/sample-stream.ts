// Pairs of npy files, cut into blocks → what a loader needs to know to bring the samples of any step; plain data, any thread.

import type { BlockOrder } from './block-order.ts';
import type { ShardHeader } from './shard-header.ts';
import type { DatasetSpec } from './source.ts';
import type { TableEncoding } from './table-blocks.ts';

/** An npy file as it was when it was opened: one that has changed since is refused. */
export interface StreamFile extends ShardHeader {
  path: string;
  byteLength: number;
  changedMs: number;
}

/** Inputs and targets of the same samples. */
export interface StreamPair {
  inputs: StreamFile;
  targets: StreamFile;
  samples: number;
}

/** Runs of neighbouring samples, each in one pair of files: column by column, as there may be millions. */
export interface BlockTable {
  /** Index of the pair. */
  pair: Uint32Array;
  /** The first sample in its files. */
  record: Uint32Array;
  /** Samples. */
  count: Uint32Array;
  /** The id of the first sample; the others follow it. */
  id: Uint32Array;
}

/** Samples that are read while they are trained on. */
export interface SampleStream {
  pairs: readonly StreamPair[];
  input: DatasetSpec['input'];
  target: DatasetSpec['target'];
  /** Where rows of a table are encoded as they are read; null where the files hold what memory holds. */
  table: TableEncoding | null;
  /** The training part: its blocks, and the ids of their samples, block by block. */
  blocks: BlockTable;
  ids: Uint32Array;
  order: BlockOrder;
  /** Windows that are read ahead of those that the workers are at: decides no bit. */
  prefetch: number;
  /** Of the content, as far as it was looked at. */
  sha256: string;
}

/** Blocks of `blockSamples` from each pair; the last one of a pair may have fewer. Ids count from 0 in the order of the pairs. */
export function cutBlocks(samplesOfPairs: readonly number[], blockSamples: number): BlockTable {
  const rows: [number, number, number, number][] = [];
  let id = 0;
  for (const [pair, samples] of samplesOfPairs.entries()) {
    for (let record = 0; record < samples; record += blockSamples) {
      rows.push([pair, record, Math.min(blockSamples, samples - record), id + record]);
    }
    id += samples;
  }
  const [pair, record, count, firstId] = [0, 1, 2, 3].map((at) => Uint32Array.from(rows, (row) => row[at]));
  return { pair, record, count, id: firstId };
}

/** Some of the blocks, in the order of `indices`. */
export function pickBlocks({ pair, record, count, id }: BlockTable, indices: Uint32Array): BlockTable {
  const [pairs, records, counts, ids] = [pair, record, count, id].map((column) => indices.map((i) => column[i]));
  return { pair: pairs, record: records, count: counts, id: ids };
}

/** The ids of all samples of the blocks, block by block. */
export function blockSampleIds({ count, id }: BlockTable): Uint32Array {
  const out = new Uint32Array(count.reduce((sum, samples) => sum + samples, 0));
  let at = 0;
  for (const [block, samples] of count.entries()) {
    for (let i = 0; i < samples; i++) out[at++] = id[block] + i;
  }
  return out;
}

// Long enough reads for a disk to be at its speed, short enough for a window of them to hold many places of the data.
const BLOCK_BYTES = 1 << 19;

/** Samples of a block where nothing is said. */
export function usualBlockSamples(bytesPerSample: number): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / bytesPerSample));
}
