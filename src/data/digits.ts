// The embedded digits set (data/digits.csv.gz) → a source of 1,797 images of 8×8; coordinator.

import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DataError } from './data-error.ts';
import { readInputFile } from './input-file.ts';
import type { Source } from './source.ts';

const SAMPLES = 1797;
const PIXELS = 64;
const CLASSES = 10;
const MOST_PIXEL = 16;
// From dist/src/data/, in a clone as in an installed package.
const PATH = fileURLToPath(new URL('../../../data/digits.csv.gz', import.meta.url));

/**
 * Opens the digits set: pixels 0 to 16 as bytes, divisor 16, ten classes. Source and licence: data/LICENSES.md.
 *
 * @throws DataError where the file is not the one that lockstep came with
 */
export function openDigits(): Source {
  const { images, labels } = parseDigits(readInputFile(PATH, 'the embedded digits set'));
  return {
    name: 'digits',
    input: { shape: [1, 8, 8], storage: 'u8', divisor: MOST_PIXEL },
    target: { kind: 'class', storage: 'u8', classes: CLASSES },
    splitSamples: SAMPLES,
    testSamples: 0,
    labelOf: (id) => labels[id],
    fill(inputs, targets) {
      inputs.set(images);
      targets.set(labels);
    },
  };
}

function parseDigits(compressed: Buffer): { images: Uint8Array; labels: Uint8Array } {
  const rows = inflate(compressed).toString('latin1').trimEnd().split('\n');
  if (rows.length !== SAMPLES) throw damaged(`${SAMPLES} rows`, `${rows.length}`);
  const images = new Uint8Array(SAMPLES * PIXELS);
  const labels = new Uint8Array(SAMPLES);
  for (const [row, line] of rows.entries()) {
    const cells = line.split(',').map(Number);
    const label = cells.pop();
    const isWhole = cells.length === PIXELS && cells.every((pixel) => pixel >= 0 && pixel <= MOST_PIXEL);
    if (!isWhole || label === undefined || !(label >= 0 && label < CLASSES))
      throw damaged('64 pixels and a digit', line);
    images.set(cells, row * PIXELS);
    labels[row] = label;
  }
  return { images, labels };
}

function inflate(compressed: Buffer): Buffer {
  try {
    return gunzipSync(compressed, { maxOutputLength: 1 << 20 });
  } catch (cause) {
    throw damaged('a whole gzip file', (cause as Error).message, { cause });
  }
}

function damaged(expected: string, got: string, options?: ErrorOptions): DataError {
  return new DataError(PATH, expected, got, 'install lockstep again', options);
}
