// A folder of inputs-*.npy and targets-*.npy → pairs of files that fit together, checked by their headers; coordinator.

import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from './data-error.ts';
import { readInto, withInputFile } from './input-file.ts';
import type { StreamFile, StreamPair } from './sample-stream.ts';
import { NPY_BYTES, NPY_MOST_HEADER_BYTES, parseShardHeader, type ShardHeader } from './shard-header.ts';

const INPUTS = /^inputs-(.+)\.npy$/;
const TARGETS = /^targets-(.+)\.npy$/;
const EXPECTED = 'an npy file';

/** The names of a set's files, as its writer gives them: in the order of their code units they are in the order of their samples. */
export function shardNames(index: number): { inputs: string; targets: string } {
  const number = `${index}`.padStart(5, '0');
  return { inputs: `inputs-${number}.npy`, targets: `targets-${number}.npy` };
}

/**
 * Opens all pairs of a folder, in the order of their names' code units.
 *
 * @throws DataError for a folder without pairs, a file without its other half, files that are damaged or of different kinds
 */
export function openShardFolder(dir: string): StreamPair[] {
  const names = listFolder(dir);
  const suffixes = (pattern: RegExp) => names.flatMap((name) => pattern.exec(name)?.[1] ?? []).sort();
  const [inputs, targets] = [suffixes(INPUTS), suffixes(TARGETS)];
  const lone = inputs.find((suffix) => !targets.includes(suffix)) ?? targets.find((suffix) => !inputs.includes(suffix));
  if (lone !== undefined) {
    const [has, lacks] = inputs.includes(lone) ? ['inputs', 'targets'] : ['targets', 'inputs'];
    throw new DataError(dir, `${lacks}-${lone}.npy beside ${has}-${lone}.npy`, 'no such file', 'write both');
  }
  if (inputs.length === 0) {
    const advice = 'name a folder of such files, or write one by lockstep data generate';
    throw new DataError(dir, 'inputs-00000.npy, targets-00000.npy, …', 'none of them', advice);
  }
  return openPairs(inputs.map((s) => [join(dir, `inputs-${s}.npy`), join(dir, `targets-${s}.npy`)]));
}

/** Opens pairs of files by their paths. */
export function openPairs(paths: readonly (readonly [inputs: string, targets: string])[]): StreamPair[] {
  const pairs = paths.map(([inputs, targets]) => openPair(inputs, targets));
  for (const { inputs, targets } of pairs) {
    checkAlike(inputs, pairs[0].inputs);
    checkAlike(targets, pairs[0].targets);
  }
  return pairs;
}

function listFolder(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such folder' : message;
    throw new DataError(dir, 'a folder of npy files', got, 'check data.dir', { cause });
  }
}

function openPair(inputsPath: string, targetsPath: string): StreamPair {
  const [inputs, targets] = [inputsPath, targetsPath].map(openStreamFile);
  const samples = inputs.shape[0];
  if (targets.shape[0] !== samples) {
    const expected = `${samples} targets, one for each sample of ${inputsPath}`;
    throw new DataError(targetsPath, expected, `${targets.shape[0]}`, 'write both from the same samples');
  }
  return { inputs, targets, samples };
}

/** Opens a file whose header fits its length. @throws DataError for what is no whole npy file */
export function openStreamFile(path: string): StreamFile {
  return withInputFile(path, EXPECTED, (file) => {
    const start = new Uint8Array(NPY_MOST_HEADER_BYTES);
    const header = parseShardHeader(path, start.subarray(0, readInto(file, 0, start)));
    const { byteLength, changedMs } = file;
    const bytes = header.dataOffset + header.shape.reduce((product, size) => product * size, NPY_BYTES[header.type]);
    if (bytes !== byteLength) {
      const fault = byteLength < bytes ? 'truncated' : 'with trailing bytes';
      const expected = `${bytes} bytes for the shape (${header.shape.join(', ')})`;
      throw new DataError(path, expected, `${byteLength} (${fault})`, 'write the file again');
    }
    return { path, byteLength, changedMs, ...header };
  });
}

function checkAlike(file: StreamFile, first: StreamFile): void {
  const describe = ({ type, shape }: ShardHeader) => `${type} samples of (${shape.slice(1).join(', ')})`;
  if (describe(file) === describe(first)) return;
  throw new DataError(file.path, `${describe(first)}, as in ${first.path}`, describe(file), 'write all files alike');
}

// Enough places that files of another set, or of another version of it, do not look the same.
const PROBES = 16;
const PROBE_BYTES = 4096;

/**
 * SHA-256 over the files' headers, lengths and 16 pieces of 4 KiB of each, evenly spaced: the whole of a set that is larger than memory is not
 * read before it is trained on.
 */
export function probeSha256(pairs: readonly StreamPair[]): string {
  const hash = createHash('sha256');
  const piece = new Uint8Array(PROBE_BYTES);
  for (const { path, byteLength, dataOffset, type, shape } of pairs.flatMap(({ inputs, targets }) => [
    inputs,
    targets,
  ])) {
    hash.update(JSON.stringify([byteLength, dataOffset, type, shape]));
    withInputFile(path, EXPECTED, (file) => {
      const last = Math.max(0, byteLength - PROBE_BYTES);
      for (let i = 0; i < PROBES; i++) {
        const at = Math.floor((last * i) / (PROBES - 1));
        hash.update(piece.subarray(0, readInto(file, at, piece)));
      }
    });
  }
  return hash.digest('hex');
}
