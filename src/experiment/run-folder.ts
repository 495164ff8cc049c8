// The files of a run → whole files in its folder; the coordinator.
// Every file is written under a temporary name, flushed and renamed, so that a reader sees none or all of it.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type NamedTensor, safetensorsParts } from '../checkpoint/safetensors.ts';
import { formatConfig } from '../config/format-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { DATA_PATH_KEYS } from '../data/data.schema.ts';
import type { Environment } from './environment.ts';
import type { Summary } from './events.ts';

/** A run folder that cannot be made (exit code 2: choose another place) or, later in the run, written (exit code 1). */
export class RunFolderError extends Error {
  override readonly name = 'RunFolderError';
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

const LATEST = 'latest';
const NAME_PATTERN = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_ .,=+@-]*$/u;
const MAX_NAME_BYTES = 200;

/**
 * Refuses a run's name that is more than the name of one visible folder.
 * @throws RunFolderError
 */
export function checkRunName(name: string): void {
  const isPlain = NAME_PATTERN.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.endsWith(' ');
  if (isPlain && name.toLowerCase() !== LATEST) return;
  const expected = `a plain folder name of letters, digits, "-", "_" and ".", at most ${MAX_NAME_BYTES} bytes, not "${LATEST}"`;
  throw new RunFolderError(
    `name: expected ${expected}, got ${JSON.stringify(name)}; choose another, as in name=my-run`,
    2,
  );
}

/** The folder of one run; who has its lock is the only one that writes it. */
export class RunFolder {
  /** Such as `runs/mnist-mlp-2`: relative if `runsDir` was. */
  readonly path: string;
  /** Such as `mnist-mlp-2`. */
  readonly name: string;
  /** Gives its lock back: nothing is written from here on. */
  readonly unlock: () => void;

  constructor(path: string, name: string, unlock: () => void) {
    this.path = path;
    this.name = name;
    this.unlock = unlock;
  }

  /** The path of a file in this folder. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** The resolved config; `lockstep train` reads it again as it is. Relative paths in `data` and of `model` start from `baseDir`. */
  writeConfig(config: TrainConfig, baseDir = process.cwd()): void {
    this.#write('config.yaml', [encode(formatConfig({ config: withAbsolutePaths(config, baseDir) }))]);
  }

  writeEnvironment(environment: Environment): void {
    this.#write('environment.json', [encodeJson(environment)]);
  }

  /** How raw data became inputs and targets: with the weights, all that a prediction needs. */
  writePreprocessing(preprocessing: object): void {
    this.#write('preprocessing.json', [encodeJson(preprocessing)]);
  }

  /** The parameters alone; running statistics, where there are any, lie in a file beside them. */
  writeWeights(
    which: 'last' | 'best',
    { parameters, statistics }: { parameters: readonly NamedTensor[]; statistics: readonly NamedTensor[] },
    metadata: Record<string, string> = {},
  ): void {
    this.#write(join('weights', `${which}.safetensors`), safetensorsParts(parameters, metadata));
    if (statistics.length === 0) return;
    this.#write(join('weights', `${which}.statistics.safetensors`), safetensorsParts(statistics, metadata));
  }

  writeSummary(summary: Summary): void {
    this.#write('summary.json', [encodeJson(summary)]);
  }

  #write(name: string, parts: readonly Uint8Array[]): void {
    const path = this.file(name);
    const temporary = `${path}.part`;
    try {
      writeFlushed(temporary, parts);
      renameSync(temporary, path);
    } catch (cause) {
      rmSync(temporary, { force: true });
      throw cannotWrite(path, 1, cause);
    }
  }
}

/** The stored config lies in another folder than the one that it was read from. */
export function withAbsolutePaths(config: TrainConfig, baseDir: string): TrainConfig {
  const paths = Object.entries(config.data).filter(([key]) => (DATA_PATH_KEYS as readonly string[]).includes(key));
  const absolute = paths.map(([key, path]) => [key, resolve(baseDir, String(path))]);
  const model = typeof config.model === 'string' ? resolve(baseDir, config.model) : config.model;
  return { ...config, model, data: { ...config.data, ...Object.fromEntries(absolute) } };
}

function writeFlushed(path: string, parts: readonly Uint8Array[]): void {
  const descriptor = openSync(path, 'w');
  try {
    for (const part of parts) writeWhole(descriptor, part);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** One call writes at most 2 GiB, and less where the disk is full. */
function writeWhole(descriptor: number, part: Uint8Array): void {
  let done = 0;
  while (done < part.length) done += writeSync(descriptor, part, done, part.length - done);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A list of numbers is one line, and so is a row of a matrix of them. No string has a line's end of its own in JSON. */
const NUMBERS = /\[\n\s+((?:[-+.\deE]+|null)(?:,\n\s+(?:[-+.\deE]+|null))*)\n\s+\]/g;

function encodeJson(value: object): Uint8Array {
  const text = JSON.stringify(value, null, 2).replace(
    NUMBERS,
    (_, inner: string) => `[${inner.replace(/\n\s+/g, ' ')}]`,
  );
  return encode(`${text}\n`);
}

export function cannotWrite(path: string, exitCode: 1 | 2, cause: unknown): RunFolderError {
  if (cause instanceof RunFolderError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${path}: expected a run folder that can be written, got ${reason}; run in another directory or free this one`;
  return new RunFolderError(message, exitCode, cause);
}
