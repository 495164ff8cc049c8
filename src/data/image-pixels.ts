// Paths of images → their pixels in a file without a name, decoded by a process on all cores while this one waits; coordinator.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSharp, type ImageRule } from './decode-image.ts';
import type { DecodeReport, DecodeRequest } from './decode-images.ts';

/** Decoded images. */
export interface ImagePixels {
  /** Null where no image decodes. */
  size: [height: number, width: number] | null;
  /** By index, ascending. */
  bad: DecodeReport['bad'];
  /** Writes the pixels (channels, height, width) of the images of these indices, one after the other. */
  read(indices: readonly number[], out: Uint8Array): void;
}

const ENTRY = fileURLToPath(new URL('../../workers/decode-images.js', import.meta.url));
const MOST_REPORT_BYTES = 2 ** 30;

/** A process that was stopped with this one, as by Ctrl-C. */
class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode = 130;
}

/**
 * Decodes all of them.
 * @throws DataError without sharp
 */
export function decodePixels(paths: readonly string[], rule: ImageRule): ImagePixels {
  findSharp();
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-images-'));
  try {
    const out = join(folder, 'pixels');
    const { size, bad } = runDecoder({ paths, rule, out });
    const descriptor = openSync(out, 'r');
    const bytes = size === null ? 0 : rule.channels * size[0] * size[1];
    return {
      size,
      bad,
      read(indices, pixels) {
        for (const [place, index] of indices.entries()) {
          const got = readSync(descriptor, pixels, place * bytes, bytes, index * bytes);
          if (got < bytes) throw new Error(`${paths[index]}: its pixels are gone; is there room in ${tmpdir()}?`);
        }
      },
    };
  } finally {
    // What is open stays readable, and is gone with this process.
    rmSync(folder, { recursive: true, force: true });
  }
}

function runDecoder(request: DecodeRequest): DecodeReport {
  const { status, signal, stdout, error } = spawnSync(process.execPath, [ENTRY], {
    input: JSON.stringify(request),
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: MOST_REPORT_BYTES,
    // sharp's threads are those of libuv's pool.
    env: { ...process.env, UV_THREADPOOL_SIZE: `${Math.max(4, availableParallelism())}` },
  });
  if (signal === 'SIGINT' || signal === 'SIGTERM') throw new InterruptedError(`decoding images: stopped by ${signal}`);
  if (status !== 0) {
    const how = signal === null ? `exit code ${status}` : signal;
    throw new Error(
      `decoding images: expected its process to end well, got ${error?.message ?? how}; its last words are above`,
    );
  }
  return JSON.parse(stdout.toString('utf8'));
}
