// The names of the datasets that need no file of yours → what they are, and where they lie on this machine; coordinator.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { writeClassFolders } from './class-folders.ts';
import { DataError } from './data-error.ts';
import { openDigits } from './digits.ts';
import { EMBEDDED_TABLES, EMBEDDED_TEXTS } from './embedded.ts';
import {
  FASHION_MNIST_FOLDER,
  FASHION_MNIST_INSTALL,
  findMnist,
  MNIST_INSTALL,
  openFashionMnist,
  openMnist,
} from './mnist.ts';
import { FLIGHTS_INSTALL, findFlights } from './parquet.ts';

/** One dataset by the name of its source. */
export interface CatalogEntry {
  name: string;
  what: string;
  /** Where it lies; null where it is not installed. */
  path: string | null;
  /** The command that installs it, where it does not come with lockstep. */
  install?: string;
}

/** All of them, those that come with lockstep first. */
export function listDatasets(): CatalogEntry[] {
  const digits = fileURLToPath(new URL('../../../data/digits.csv.gz', import.meta.url));
  return [
    { name: 'digits', what: '1,797 images of 8×8, 10 classes', path: digits },
    { name: 'breastCancer', what: '569 × 30 numbers, 2 classes', path: EMBEDDED_TABLES.breastCancer.path },
    { name: 'diabetes', what: '442 × 10 numbers, regression', path: EMBEDDED_TABLES.diabetes.path },
    { name: 'iris', what: '150 × 4 numbers, 3 classes', path: EMBEDDED_TABLES.iris.path },
    { name: 'penguins', what: '344 × 6, categories and missing cells, 3 classes', path: EMBEDDED_TABLES.penguins.path },
    { name: 'wine', what: '178 × 13 numbers, 3 classes', path: EMBEDDED_TABLES.wine.path },
    { name: 'mobyDick', what: '1,190,317 characters, 83 symbols', path: EMBEDDED_TEXTS.mobyDick },
    { name: 'firstNames', what: '8,422 names, a line each', path: EMBEDDED_TEXTS.firstNames },
    { name: 'mnist', what: '60,000 + 10,000 images of 28×28, 10 classes', path: findMnist(), install: MNIST_INSTALL },
    {
      name: 'fashionMnist',
      what: '60,000 + 10,000 images of 28×28, 10 classes',
      path: existsSync(FASHION_MNIST_FOLDER) ? FASHION_MNIST_FOLDER : null,
      install: FASHION_MNIST_INSTALL,
    },
    {
      name: 'flights',
      what: '3,000,000 flights by date, delay, distance, origin and destination (Parquet, streamed)',
      path: findFlights(),
      install: FLIGHTS_INSTALL,
    },
  ];
}

/** Writes a set of images as a folder a class, of PNG files; the folder. @throws DataError as `getDataset` and `writeClassFolders` do */
export function writeDatasetFolders(name: string, folder: string): string {
  const path = getDataset(name);
  const open = { digits: openDigits, mnist: () => openMnist(path), fashionMnist: () => openFashionMnist(path) };
  const source = Object.hasOwn(open, name) ? open[name as keyof typeof open]() : undefined;
  if (source === undefined)
    throw new DataError('--folder', 'a set of images: digits, mnist or fashionMnist', name, 'use --out');
  writeClassFolders(source, folder);
  return folder;
}

/**
 * Where a dataset lies. With `out`, one that comes with lockstep is written there, decompressed.
 *
 * @throws DataError for an unknown name, with the install line for one that is not installed, for a file that is there already
 */
export function getDataset(name: string, out?: string): string {
  const entries = listDatasets();
  const entry = entries.find((one) => one.name === name);
  const names = entries.map((one) => one.name).join(', ');
  if (entry === undefined)
    throw new DataError('data get', `one of ${names}`, JSON.stringify(name), 'name one of these');
  const { path, install } = entry;
  if (path === null) throw new DataError(`data get ${name}`, 'its files', 'none on this machine', `run ${install}`);
  if (out === undefined) return path;
  if (install !== undefined) {
    throw new DataError('--out', 'a dataset that comes with lockstep', name, `read it where it lies: ${path}`);
  }
  try {
    writeFileSync(out, gunzipSync(readFileSync(path)), { flag: 'wx' });
  } catch (cause) {
    const message = (cause as Error).message;
    throw new DataError(out, 'a new file that can be written', message, 'name another file', { cause });
  }
  return out;
}
