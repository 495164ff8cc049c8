// Image and label IDX files → a source of byte images and class labels; coordinator.

import { DataError } from './data-error.ts';
import { type IdxFile, openIdxFile } from './idx-file.ts';
import { classTarget } from './labels.ts';
import type { Source } from './source.ts';

/** Absolute paths; the test pair comes together or not at all. */
export interface IdxPaths {
  images: string;
  labels: string;
  testImages?: string;
  testLabels?: string;
}

/**
 * Opens one or two pairs of image and label files. Test samples follow the others in the one space of ids.
 *
 * Images may have 2 to 4 dimensions: samples × features, samples × rows × columns, samples × channels × rows × columns. One image's
 * shape is (features), (1, rows, columns), (channels, rows, columns).
 *
 * @throws DataError for damaged files, files that do not belong together, labels outside the classes
 */
export function openIdxSource(paths: IdxPaths, options: { name: string; divisor: number; classes?: number }): Source {
  const pairs = [openPair(paths.images, paths.labels)];
  if (paths.testImages !== undefined && paths.testLabels !== undefined) {
    pairs.push(openPair(paths.testImages, paths.testLabels));
    checkSameShape(pairs[0].images, pairs[1].images);
  }
  const [train, test] = pairs;
  const labels = concatenate(pairs.map((pair) => pair.labels));
  const where = (index: number) =>
    index < train.labels.length
      ? `${paths.labels}: label ${index}`
      : `${paths.testLabels}: label ${index - train.labels.length}`;
  return {
    name: options.name,
    input: { shape: imageShape(train.images), storage: 'u8', divisor: options.divisor },
    target: classTarget(labels, where, options.classes),
    splitSamples: train.labels.length,
    testSamples: test?.labels.length ?? 0,
    labelOf: (id) => labels[id],
    fill(inputs, targets) {
      targets.set(labels);
      let start = 0;
      for (const { images } of pairs) {
        images.read(inputs.subarray(start, start + images.elements) as Uint8Array);
        start += images.elements;
      }
    },
  };
}

/** Labels are read at once: they are small, and the classes depend on them. */
function openPair(imagesPath: string, labelsPath: string): { images: IdxFile; labels: Uint8Array } {
  const images = openIdxFile(imagesPath);
  checkRank(images, 2, 4, 'images (samples × … )', 'are images and labels exchanged?');
  const file = openIdxFile(labelsPath);
  checkRank(file, 1, 1, 'labels (samples)', 'are images and labels exchanged?');
  if (file.elements !== images.dimensions[0]) {
    const expected = `${images.dimensions[0]} labels, one for each image of ${imagesPath}`;
    throw new DataError(labelsPath, expected, `${file.elements}`, 'name two files that belong together');
  }
  const labels = new Uint8Array(file.elements);
  file.read(labels);
  return { images, labels };
}

function checkRank({ path, dimensions }: IdxFile, least: number, most: number, what: string, advice: string): void {
  if (dimensions.length >= least && dimensions.length <= most) return;
  const wanted = least === most ? `${least} dimension` : `${least} to ${most} dimensions`;
  throw new DataError(path, `${what} of ${wanted}`, `${dimensions.length} (${dimensions.join('×')})`, advice);
}

function checkSameShape(images: IdxFile, testImages: IdxFile): void {
  const [expected, got] = [images, testImages].map((file) => imageShape(file).join('×'));
  if (expected === got) return;
  const what = `test images of the shape ${expected}, as in ${images.path}`;
  throw new DataError(testImages.path, what, got, 'name files of one dataset');
}

function imageShape({ dimensions }: IdxFile): number[] {
  return dimensions.length === 3 ? [1, ...dimensions.slice(1)] : dimensions.slice(1);
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}
