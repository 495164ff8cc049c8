// The first bytes of an npy file → what lies behind them: element type, shape, where the elements begin; any thread, pure.

import { DataError } from './data-error.ts';

/** The element types that lockstep reads, as NumPy writes them. */
export type NpyType = '|u1' | '<u2' | '<i4' | '<i8' | '<f4' | '<f8';

/** The elements lie row-major, little-endian, from `dataOffset` on to the end of the file. */
export interface NpyHeader {
  type: NpyType;
  /** The first dimension counts the samples. */
  shape: number[];
  dataOffset: number;
}

/** Bytes of one element. */
export const NPY_BYTES: Readonly<Record<NpyType, number>> = {
  '|u1': 1,
  '<u2': 2,
  '<i4': 4,
  '<i8': 8,
  '<f4': 4,
  '<f8': 8,
};

/** More than any header has that NumPy writes for the types above. */
export const NPY_MOST_HEADER_BYTES = 4096;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const DESCR = /'descr'\s*:\s*(?:'([^']*)'|(\[))/;
const ORDER = /'fortran_order'\s*:\s*(True|False)/;
const SHAPE = /'shape'\s*:\s*\(([\d\s,]*)\)/;
const PREPARE = 'write it with numpy.save(path, numpy.ascontiguousarray(array))';

/**
 * Reads the header of a file that begins with `start` (`NPY_MOST_HEADER_BYTES` of it, or all).
 *
 * @throws DataError for anything but an npy file of versions 1 to 3 with elements of `NpyType` in C order
 * @see NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays"
 */
export function parseNpyHeader(path: string, start: Uint8Array): NpyHeader {
  if (start.length < 10 || MAGIC.some((byte, i) => start[i] !== byte)) {
    const got = start.length === 0 ? 'an empty file' : 'other bytes at its begin';
    throw new DataError(path, 'an npy file, which starts with \\x93NUMPY', got, 'write it with numpy.save');
  }
  const major = start[6];
  if (major < 1 || major > 3) throw new DataError(path, 'an npy file of version 1 to 3', `${major}`, PREPARE);
  const lengthBytes = major === 1 ? 2 : 4;
  let length = 0;
  for (let i = lengthBytes - 1; i >= 0; i--) length = length * 256 + start[8 + i];
  const dataOffset = 8 + lengthBytes + length;
  if (dataOffset > start.length) {
    const got = `one of ${length} bytes in ${start.length} (truncated)`;
    throw new DataError(path, `a header of at most ${NPY_MOST_HEADER_BYTES} bytes`, got, PREPARE);
  }
  return { ...parseDictionary(path, start.subarray(8 + lengthBytes, dataOffset)), dataOffset };
}

function parseDictionary(path: string, bytes: Uint8Array): Pick<NpyHeader, 'type' | 'shape'> {
  const text = String.fromCharCode(...bytes);
  const [descr, order, shape] = [DESCR, ORDER, SHAPE].map((pattern) => pattern.exec(text));
  if (descr === null || order === null || shape === null) {
    throw new DataError(path, 'a header with descr, fortran_order and shape', JSON.stringify(text.trim()), PREPARE);
  }
  const types = Object.keys(NPY_BYTES);
  if (!types.includes(descr[1])) {
    const got = descr[2] === undefined ? descr[1] : 'fields of several types';
    throw new DataError(path, `elements of ${types.join(', ')}`, got, 'convert it with array.astype');
  }
  if (order[1] === 'True') throw new DataError(path, 'rows one after the other (C order)', 'Fortran order', PREPARE);
  const sizes = shape[1].split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  return { type: descr[1] as NpyType, shape: checkedShape(path, sizes) };
}

function checkedShape(path: string, shape: number[]): number[] {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 || elements === 0 || !Number.isSafeInteger(elements)) {
    throw new DataError(path, 'at least one sample of at least one element', `(${shape.join(', ')})`, PREPARE);
  }
  return shape;
}

/** The header of a new file (version 1.0), padded to `byteLength` (a multiple of 64), by which the elements are aligned. */
export function formatNpyHeader(type: NpyType, shape: readonly number[], byteLength: number): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = byteLength - 10;
  if (dictionary.length >= length)
    throw new RangeError(`npy header: expected at most ${length - 1} bytes, got ${dictionary}`);
  const text = `${dictionary.padEnd(length - 1)}\n`;
  return Uint8Array.from([...MAGIC, 1, 0, length & 0xff, length >>> 8, ...Buffer.from(text, 'latin1')]);
}
