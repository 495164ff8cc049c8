// Class folders, or a CSV file of paths and labels → the images' files in a fixed order, with their labels; coordinator.
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { CsvRows } from './csv-rows.ts';
import { DataError } from './data-error.ts';
import { IMAGE_EXTENSIONS } from './decode-image.ts';
import { readTextFile } from './text-file.ts';

/** Files of images, each of a class. */
export interface ImageFiles {
  paths: string[];
  /** What people call a file: its path below the folder, or with the line of the CSV file. */
  names: string[];
  classes: string[];
  warnings: string[];
}

/** Code units, as everywhere: the same order on every machine. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Lists class folders: all images in them and in folders in them, sorted by class, then by path. Names that begin with a dot are passed over.
 * @throws DataError where there is no folder, or no images
 */
export function listClassFolders(folder: string): ImageFiles {
  const files: ImageFiles = { paths: [], names: [], classes: [], warnings: [] };
  const others: string[] = [];
  const names = readFolder(folder)
    .filter((entry) => isFolder(folder, entry))
    .map(({ name }) => name)
    .sort(byCodeUnits);
  for (const name of names) {
    const found = listFiles(join(folder, name)).sort(byCodeUnits);
    const images = found.filter((file) => IMAGE_EXTENSIONS.includes(extname(file).toLowerCase()));
    others.push(...found.filter((file) => !images.includes(file)).map((file) => `${name}/${file}`));
    for (const file of images) {
      files.paths.push(join(folder, name, ...file.split('/')));
      files.names.push(`${name}/${file}`);
      files.classes.push(name);
    }
    if (images.length === 0) files.warnings.push(`${join(folder, name)}: no images in it; it is no class`);
  }
  if (files.paths.length === 0) {
    const advice = `put the images of each class into a folder of its name (${IMAGE_EXTENSIONS.join(', ')})`;
    throw new DataError(
      folder,
      'folders with images, one folder a class',
      names.length === 0 ? 'no folders' : 'no images',
      advice,
    );
  }
  if (others.length > 0) {
    files.warnings.push(
      `${folder}: left out ${others.length} files that are no images by their names, the first ${others[0]}`,
    );
  }
  return files;
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch (cause) {
    const { code = 'an error' } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such folder' : code === 'ENOTDIR' ? 'a file' : code;
    throw new DataError(folder, 'a folder', got, 'check the path', { cause });
  }
}

/** A link to a folder counts as one among the classes. */
function isFolder(folder: string, entry: Dirent): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && statSync(join(folder, entry.name)).isDirectory());
}

/** Files below a folder, `/` between names; links to folders are not gone into, as they may go round. */
function listFiles(folder: string): string[] {
  return readFolder(folder).flatMap((entry) =>
    entry.isDirectory() ? listFiles(join(folder, entry.name)).map((file) => `${entry.name}/${file}`) : [entry.name],
  );
}

/** What a CSV file's columns are. */
export interface ImageCsvOptions {
  pathColumn: string | number;
  target: string | number;
}

/**
 * Reads paths and labels, in the order of the file. The first row is a header where a column is named. Relative paths start at `folder`,
 * or where the CSV file is.
 * @throws DataError with the line, for rows and columns that are not there
 */
export function listCsvImages(file: string, folder: string | undefined, options: ImageCsvOptions): ImageFiles {
  const files: ImageFiles = { paths: [], names: [], classes: [], warnings: [] };
  const rows = new CsvRows(file, readTextFile(file, 'a CSV file of paths and labels'), ',');
  const base = folder ?? dirname(file);
  const hasHeader = typeof options.pathColumn === 'string' || typeof options.target === 'string';
  const header = hasHeader && rows.next() ? rows.texts() : [];
  const [pathAt, classAt] = [options.pathColumn, options.target].map((column) => placeOf(file, header, column));
  while (rows.next()) {
    const where = `${file}:${rows.line}`;
    const least = Math.max(pathAt, classAt) + 1;
    if (rows.cellCount < least) {
      throw new DataError(
        where,
        `at least ${least} cells`,
        `${rows.cellCount}`,
        'correct the row, or data.pathColumn and data.target',
      );
    }
    const [path, label] = [rows.textAt(pathAt), rows.textAt(classAt)];
    if (path === '' || label === '') {
      throw new DataError(
        where,
        'a path and a label',
        `${path === '' ? 'no path' : 'no label'}`,
        'correct the row, or remove it',
      );
    }
    files.paths.push(resolve(base, path.split('/').join(sep)));
    files.names.push(`${where} ${path}`);
    files.classes.push(label);
  }
  if (files.paths.length === 0) throw new DataError(file, 'rows of paths and labels', 'none', 'check the file');
  return files;
}

function placeOf(file: string, header: readonly string[], column: string | number): number {
  if (typeof column === 'number') return column;
  const place = header.indexOf(column);
  if (place >= 0) return place;
  const got = header.length === 0 ? 'an empty file' : header.map((name) => JSON.stringify(name)).join(', ');
  throw new DataError(
    file,
    `a column ${JSON.stringify(column)}`,
    got,
    'set data.pathColumn and data.target to names or indices',
  );
}
