// Samples, piece by piece → a folder of inputs-00000.npy, targets-00000.npy, … of about one size; any thread.

import { join } from 'node:path';
import { NpyWriter } from './shard-file-writer.ts';
import { shardNames } from './shard-files.ts';
import { NPY_BYTES, type NpyType } from './shard-header.ts';
import { sampleElements } from './source.ts';

/** The elements of a set, alike in all files. */
export interface ShardSpec {
  input: { type: NpyType; shape: readonly number[] };
  /** An empty shape for labels. */
  target: { type: NpyType; shape: readonly number[] };
  /** A new pair of files begins after so many samples. */
  samplesPerFile: number;
}

// Files of this size are quick to copy and few enough to list.
const FILE_BYTES = 256 << 20;

/** Samples of a pair of files of the usual size. */
export function usualSamplesPerFile({ input, target }: Pick<ShardSpec, 'input' | 'target'>): number {
  const bytes =
    sampleElements(input.shape) * NPY_BYTES[input.type] + sampleElements(target.shape) * NPY_BYTES[target.type];
  return Math.max(1, Math.floor(FILE_BYTES / bytes));
}

/** Writes pairs of files one after the other, numbered from 0. */
export class ShardWriter {
  /** Paths of all pairs so far. */
  readonly paths: [inputs: string, targets: string][] = [];
  readonly #dir: string;
  readonly #prefix: string;
  readonly #spec: ShardSpec;
  #pair: { inputs: NpyWriter; targets: NpyWriter } | undefined;

  /** @param prefix before the files' names, where a folder has several sets */
  constructor(dir: string, spec: ShardSpec, prefix = '') {
    this.#dir = dir;
    this.#spec = spec;
    this.#prefix = prefix;
  }

  /** Appends samples; they are cut where a file is full. @throws node:fs's errors */
  write(inputs: Elements, targets: Elements, samples: number): void {
    const { input, target, samplesPerFile } = this.#spec;
    const [inputSize, targetSize] = [sampleElements(input.shape), sampleElements(target.shape)];
    for (let done = 0; done < samples; ) {
      const pair = this.#pair ?? this.#open();
      const end = Math.min(samples, done + samplesPerFile - pair.inputs.samples);
      pair.inputs.write(inputs.subarray(done * inputSize, end * inputSize), end - done);
      pair.targets.write(targets.subarray(done * targetSize, end * targetSize), end - done);
      done = end;
      if (pair.inputs.samples === samplesPerFile) this.close();
    }
  }

  /** Closes the files under way. */
  close(): void {
    this.#pair?.inputs.close();
    this.#pair?.targets.close();
    this.#pair = undefined;
  }

  #open(): { inputs: NpyWriter; targets: NpyWriter } {
    const { input, target } = this.#spec;
    const names = shardNames(this.paths.length);
    const [inputs, targets] = [names.inputs, names.targets].map((name) => join(this.#dir, this.#prefix + name));
    this.paths.push([inputs, targets]);
    this.#pair = {
      inputs: new NpyWriter(inputs, input.type, input.shape),
      targets: new NpyWriter(targets, target.type, target.shape),
    };
    return this.#pair;
  }
}

/** Typed arrays of the types that are written. */
export type Elements = Uint8Array | Int32Array | Float32Array;
