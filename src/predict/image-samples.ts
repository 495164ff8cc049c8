// IDX files of many images → samples for a model of images, in the order of the files. Coordinator.
import { closeSync, openSync, readSync } from 'node:fs';
import { DataError } from '../data/data-error.ts';
import { openIdxFile } from '../data/idx-file.ts';
import { withInputFile } from '../data/input-file.ts';
import { sampleElements } from '../data/source.ts';
import type { SampleSource } from './sample-source.ts';

/** What is read of a file to tell what it is. */
const START_BYTES = 4;

/** By its first bytes, plain or gzip. @throws DataError where it cannot be read */
export function isIdxFile(path: string): boolean {
  const [first, second] = withInputFile(path, 'images', () => readStart(path));
  return first === 0 || (first === 0x1f && second === 0x8b);
}

function readStart(path: string): Uint8Array {
  const start = new Uint8Array(START_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, start, 0, START_BYTES, 0);
    return start;
  } finally {
    closeSync(descriptor);
  }
}

/** The images of a file, told apart by its name and their index. @throws DataError for images of another shape than the run's */
export function openIdxSamples(path: string, shape: readonly number[]): SampleSource {
  const file = openIdxFile(path);
  const [count, ...got] = file.dimensions;
  // An image of one channel has no dimension of its own for it.
  const expected = got.length === 2 && shape[0] === 1 ? shape.slice(1) : shape;
  if (got.join() !== expected.join()) {
    const advice = 'name images of the kind that was trained on';
    throw new DataError(path, `images of ${expected.join('×')}, as in training`, got.join('×') || 'labels', advice);
  }
  const perSample = sampleElements(shape);
  let bytes: Uint8Array | undefined;
  let next = 0;
  return {
    titles: ['file', 'image'],
    async read(into, most) {
      bytes ??= readAll(file);
      const start = next;
      next = Math.min(count, start + most);
      into.set(bytes.subarray(start * perSample, next * perSample));
      return Array.from({ length: next - start }, (_, i) => [path, `${start + i}`]);
    },
  };
}

function readAll({ elements, read }: ReturnType<typeof openIdxFile>): Uint8Array {
  const bytes = new Uint8Array(elements);
  read(bytes);
  return bytes;
}
