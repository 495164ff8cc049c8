// Sizes and a seed → a folder of made-up samples in npy files, to try out data that is larger than memory; coordinator.

import { mkdirSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DataError } from './data-error.ts';
import { ShardWriter, usualSamplesPerFile } from './shard-writer.ts';
import { syntheticSamples } from './synthetic.ts';

/** What is written: samples of the source `synthetic` (`classes` or `outputs`), as float32 or as bytes. */
export interface GenerateOptions {
  /** Of all files together, about. */
  bytes: number;
  features: number;
  classes?: number;
  outputs?: number;
  noise: number;
  seed: number;
  /** u8: inputs from −4 to 4 as bytes 0 to 255, which training divides by 255 again. */
  storage: 'f32' | 'u8';
  /** Called now and then. */
  onProgress?: (writtenBytes: number, bytes: number) => void;
}

/** What was written. */
export interface Generated {
  dir: string;
  samples: number;
  bytes: number;
  files: number;
}

const CHUNK_BYTES = 4 << 20;

/**
 * Writes the set.
 *
 * @throws DataError where the folder is there already, or the disk has no room for it
 */
export function generateShards(dir: string, options: GenerateOptions): Generated {
  const { bytes, features, classes, outputs = 1, storage } = options;
  const labelType = classes === undefined ? '<f4' : classes <= 256 ? '|u1' : '<i4';
  const spec = {
    input: { type: storage === 'f32' ? '<f4' : '|u1', shape: [features] },
    target: { type: labelType, shape: classes === undefined ? [outputs] : [] },
  } as const;
  const targetSize = classes === undefined ? outputs : 1;
  const inputBytes = features * (storage === 'f32' ? 4 : 1);
  const perSample = inputBytes + targetSize * (labelType === '|u1' ? 1 : 4);
  const samples = Math.max(1, Math.floor(bytes / perSample));
  makeFolder(dir, samples * perSample);
  const draw = syntheticSamples(options, options.seed);
  const writer = new ShardWriter(dir, { ...spec, samplesPerFile: usualSamplesPerFile(spec) });
  const chunk = Math.max(1, Math.floor(CHUNK_BYTES / (features * 4)));
  const inputs = new Float32Array(chunk * features);
  const targets = new { '<f4': Float32Array, '|u1': Uint8Array, '<i4': Int32Array }[labelType](chunk * targetSize);
  for (let first = 0; first < samples; first += chunk) {
    const count = Math.min(chunk, samples - first);
    draw(first, count, inputs, targets);
    const written = inputs.subarray(0, count * features);
    writer.write(storage === 'f32' ? written : toBytes(written), targets.subarray(0, count * targetSize), count);
    options.onProgress?.((first + count) * perSample, samples * perSample);
  }
  writer.close();
  return { dir, samples, bytes: samples * perSample, files: writer.paths.length * 2 };
}

function toBytes(values: Float32Array): Uint8Array {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.max(0, Math.min(255, Math.floor((values[i] + 4) * 32)));
  return out;
}

function makeFolder(dir: string, bytes: number): void {
  try {
    checkDisk(dir, bytes);
    mkdirSync(dir);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const got = code === 'EEXIST' ? 'one that is there already' : message;
    throw new DataError(dir, 'a new folder that can be written', got, 'name another one', { cause });
  }
}

function checkDisk(dir: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(resolve(dir)));
  const free = bavail * bsize;
  if (free >= bytes) return;
  const mib = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
  throw new DataError(dir, `${mib(bytes)} of free disk`, mib(free), 'name a folder on another disk, or lower --size');
}
