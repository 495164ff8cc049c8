// Paths of images → one file of all their pixels, in the order of the paths, many at a time. Runs in a process of its own.
import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type DecodedImage, decodeImage, describeFailure, type ImageRule, loadSharp } from './decode-image.ts';

/** What the process is told. */
export interface DecodeRequest {
  paths: readonly string[];
  rule: ImageRule;
  /** Where the pixels are written: image i at i times the bytes of one. */
  out: string;
}

/** What it found. */
export interface DecodeReport {
  /** Of every image that was written; null where none was. */
  size: [height: number, width: number] | null;
  bad: { index: number; reason: string }[];
}

const FIRST_PROGRESS_MS = 1000;
const [TERMINAL_EVERY_MS, LINES_EVERY_MS] = [200, 10_000];

/** Decodes them; images that do not decode, or are of another size where none is given, are reported. */
export async function decodeImages({ paths, rule, out }: DecodeRequest): Promise<DecodeReport> {
  const sharp = await loadSharp();
  const descriptor = openSync(out, 'w');
  const bad: DecodeReport['bad'] = [];
  let size: DecodeReport['size'] = rule.size === null ? null : [rule.size[0], rule.size[1]];
  const progress = startProgress(paths.length);
  let next = 0;

  function write(index: number, { pixels, height, width }: DecodedImage): void {
    size ??= [height, width];
    if (height === size[0] && width === size[1]) {
      writeSync(descriptor, pixels, 0, pixels.length, index * pixels.length);
      return;
    }
    bad.push({ index, reason: `${height} × ${width} pixels where others have ${size[0]} × ${size[1]}; set data.size` });
  }

  async function decodeNext(): Promise<void> {
    const index = next++;
    try {
      write(index, await decodeImage(sharp, paths[index], rule));
    } catch (error) {
      bad.push({ index, reason: describeFailure(error) });
    }
    progress.done();
  }

  async function decodeRest(): Promise<void> {
    while (next < paths.length) await decodeNext();
  }

  // The first one that decodes gives the size where none is said: the others have to wait for it.
  while (size === null && next < paths.length) await decodeNext();
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, decodeRest));
  closeSync(descriptor);
  progress.end();
  return { size, bad: bad.sort((a, b) => a.index - b.index) };
}

/** Tells on stderr how far it is, once it takes longer than a second. */
function startProgress(total: number): { done(): void; end(): void } {
  const { stderr } = process;
  const beganMs = performance.now();
  let count = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    done() {
      count++;
      const ms = performance.now();
      const everyMs = stderr.isTTY ? TERMINAL_EVERY_MS : LINES_EVERY_MS;
      if (ms - beganMs < FIRST_PROGRESS_MS || ms - toldMs < everyMs) return;
      toldMs = ms;
      const text = `decoding images: ${count} of ${total}`;
      stderr.write(stderr.isTTY ? `\r${text}` : `${text}\n`);
    },
    end() {
      if (stderr.isTTY && toldMs > 0) stderr.write('\r\x1b[K');
    },
  };
}
