// Image files of any size and kind → samples for a model of images, in the order of the files. Coordinator.
import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { DataError } from '../data/data-error.ts';
import { IMAGE_EXTENSIONS, type ImageRule } from '../data/decode-image.ts';
import { imageToInput } from '../data/image-input.ts';
import { imagesSchema } from '../data/preprocessing.schema.ts';
import { checkPreprocessing, type StoredPreprocessing } from '../experiment/stored-run.ts';
import type { SampleSource } from './sample-source.ts';

/** Images that are decoded at once: enough for the threads of the decoder, few enough for memory. */
const AT_ONCE = 32;

/** The images themselves, and those in folders by code units; names that begin with a dot are passed over. @throws DataError for a folder without images */
export function listPictures(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    if (statSync(name, { throwIfNoEntry: false })?.isDirectory() !== true) return [name];
    const files = readdirSync(name, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .filter((entry) => IMAGE_EXTENSIONS.includes(extname(entry.name).toLowerCase()))
      .map((entry) => entry.name)
      .sort((a, b) => (a < b ? -1 : 1));
    if (files.length > 0) return files.map((file) => join(name, file));
    throw new DataError(name, `images (${IMAGE_EXTENSIONS.join(', ')})`, 'none', 'name the folder that has them');
  });
}

/**
 * Images as the run's training would have made samples of them; a run on IDX files takes them at its images' size and channels.
 * Reading throws a DataError for the first that does not decode.
 */
export function openPictures(
  paths: readonly string[],
  preprocessing: StoredPreprocessing,
  stored: string,
): SampleSource {
  const rule = pictureRule(preprocessing, stored);
  let next = 0;
  return {
    titles: ['file'],
    async read(into, most) {
      const some = paths.slice(next, next + Math.min(most, AT_ONCE));
      next += some.length;
      const images = await Promise.all(some.map((path) => imageToInput(path, rule)));
      let at = 0;
      for (const image of images) {
        into.set(image, at);
        at += image.length;
      }
      return some.map((path) => [path]);
    },
  };
}

function pictureRule(preprocessing: StoredPreprocessing, stored: string): ImageRule {
  if (preprocessing.kind === 'images') return checkPreprocessing(imagesSchema, preprocessing, stored);
  const [channels, height, width] = preprocessing.input.shape;
  if (preprocessing.input.shape.length === 3 && (channels === 1 || channels === 3 || channels === 4))
    return { size: [height, width], fit: 'contain', channels };
  const shape = preprocessing.input.shape.join('×');
  throw new DataError(stored, 'images of 1, 3 or 4 channels', `inputs of ${shape}`, 'name IDX files or numbers');
}
