// Files of images of any size → a source of byte images of one size and class labels; coordinator.
import { resolve } from 'node:path';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import type { ImageRule } from './decode-image.ts';
import { type ImageFiles, listClassFolders, listCsvImages } from './image-files.ts';
import { decodePixels, type ImagePixels } from './image-pixels.ts';
import { classTarget } from './labels.ts';
import type { ChannelScale, Source } from './source.ts';

type ImageDataOptions = Extract<DataOptions, { source: 'images' }>;

/** What to make of the files; paths are absolute. */
export interface ImageOptions extends ImageRule {
  folder?: string;
  file?: string;
  testFolder?: string;
  pathColumn: string | number;
  target: string | number;
  scale: ChannelScale | undefined;
  onBadSample: 'error' | 'skip';
}

/** How images become samples: `preprocessing.json` of a run has it, and an image on its own becomes the same sample by it. */
export interface ImagePreprocessing extends ImageRule {
  kind: 'images';
  size: readonly [height: number, width: number];
  /** Of each channel; null where values from 0 to 1 are the inputs. */
  scale: ChannelScale | null;
  /** The class of each label. */
  classes: readonly string[];
}

const MOST_BYTES = 2 ** 32;
const NAMED = 3;
const DIVISOR = 255;

/** The options of a config. @throws DataError where mean or std has another length than there are channels */
export function imageOptions(options: ImageDataOptions, baseDir: string): ImageOptions {
  const { size, channels, mean, std } = options;
  const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(baseDir, path));
  const listOf = (key: 'mean' | 'std', value: number | readonly number[]): readonly number[] => {
    if (typeof value === 'number') return Array.from({ length: channels }, () => value);
    if (value.length === channels) return value;
    throw new DataError(
      `data.${key}`,
      `${channels} numbers, one a channel`,
      `${value.length}`,
      'give as many, or set data.channels',
    );
  };
  const isScaled = mean !== undefined || std !== undefined;
  return {
    ...options,
    folder: absolute(options.folder),
    file: absolute(options.file),
    testFolder: absolute(options.testFolder),
    size: size === undefined ? null : [size[0], size[1]],
    scale: isScaled ? { mean: listOf('mean', mean ?? 0), deviation: listOf('std', std ?? 1) } : undefined,
  };
}

/**
 * Opens and decodes them. The classes are the names of the folders, or the labels of the CSV file, in the order of their code units.
 *
 * @throws DataError for images that do not decode (unless they are to be skipped), too few classes, more than memory holds
 */
export function openImages(options: ImageOptions): Source {
  const { folder, file, testFolder } = options;
  const train = file === undefined ? listClassFolders(folder!) : listCsvImages(file, folder, options);
  const test = testFolder === undefined ? undefined : listClassFolders(testFolder);
  const files = test === undefined ? train : joinFiles(train, test);
  const classNames = [...new Set(train.classes)].sort((a, b) => (a < b ? -1 : 1));
  checkTestClasses(test, classNames, testFolder);
  checkSize(files, options);
  const pixels = decodePixels(files.paths, options);
  const bad = new Set(pixels.bad.map(({ index }) => index));
  const kept = files.paths.flatMap((_, index) => (bad.has(index) ? [] : [index]));
  const warnings = [...files.warnings, ...refuseBad(files, pixels, options)];
  const [height, width] = pixels.size!;
  const labelOfClass = new Map(classNames.map((name, label) => [name, label]));
  const labels = Int32Array.from(kept, (index) => labelOfClass.get(files.classes[index])!);
  const { channels, fit, scale } = options;
  const preprocessing: ImagePreprocessing = {
    kind: 'images',
    size: [height, width],
    fit,
    channels,
    scale: scale ?? null,
    classes: classNames,
  };
  const splitSamples = kept.filter((index) => index < train.paths.length).length;
  if (classNames.length < 2) {
    const where = file ?? folder!;
    throw new DataError(
      where,
      'at least 2 classes',
      `${classNames.length}: ${classNames[0]}`,
      'put each class into a folder of its own',
    );
  }
  return {
    name: 'images',
    input: { shape: [channels, height, width], storage: 'u8', divisor: DIVISOR, ...(scale && { channels: scale }) },
    target: classTarget(labels, (i) => files.names[kept[i]], classNames.length),
    splitSamples,
    testSamples: kept.length - splitSamples,
    labelOf: (id) => labels[id],
    classNames,
    warnings,
    sampleName: (id) => files.names[kept[id]],
    fit: () => ({ preprocessing }),
    fill(inputs, targets) {
      pixels.read(kept, inputs as Uint8Array);
      targets.set(labels);
    },
  };
}

function joinFiles(train: ImageFiles, test: ImageFiles): ImageFiles {
  return {
    paths: [...train.paths, ...test.paths],
    names: [...train.names, ...test.names.map((name) => `test ${name}`)],
    classes: [...train.classes, ...test.classes],
    warnings: [...train.warnings, ...test.warnings],
  };
}

function checkTestClasses(
  test: ImageFiles | undefined,
  classNames: readonly string[],
  folder: string | undefined,
): void {
  const unknown = test?.classes.find((name) => !classNames.includes(name));
  if (unknown === undefined) return;
  const expected = `classes that are trained on (${classNames.join(', ')})`;
  throw new DataError(folder!, expected, JSON.stringify(unknown), 'rename the folder, or take it away');
}

/** Before hours of decoding. */
function checkSize({ paths }: ImageFiles, { size, channels }: ImageOptions): void {
  if (size === null) return;
  const bytes = paths.length * channels * size[0] * size[1];
  if (bytes <= MOST_BYTES) return;
  const got = `${paths.length} of ${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new DataError('data.size', 'at most 4 GiB of decoded images', got, 'set a smaller size, or use fewer images');
}

/** The warnings for what is skipped. @throws DataError where it is not to be, or where nothing is left */
function refuseBad(files: ImageFiles, { bad }: ImagePixels, options: ImageOptions): string[] {
  if (bad.length === 0) return [];
  const where = options.file ?? options.folder!;
  const named = bad
    .slice(0, NAMED)
    .map(({ index, reason }) => `${files.names[index]}: ${shorten(reason, files.paths[index])}`);
  const list = `${named.join('; ')}${bad.length > NAMED ? '; …' : ''}`;
  const counts = `${bad.length} of ${files.paths.length} images`;
  if (options.onBadSample === 'error' || bad.length === files.paths.length) {
    const advice = 'mend or remove them, or set data.onBadSample: skip';
    throw new DataError(where, 'images that decode', `${counts} that do not (${list})`, advice);
  }
  return [`${where}: skipped ${counts}: ${list}`];
}

/** Without the path, which is named already. */
function shorten(reason: string, path: string): string {
  return reason.replace(`${path}: `, '').replace(`: ${path}`, '');
}
