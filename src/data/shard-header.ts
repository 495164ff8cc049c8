// The header of an npy file whose samples are read piece by piece, and of one that is written; any thread, pure.

import { DataError } from './data-error.ts';
import { parseNpyHeader } from './npy-header.ts';

/** The element types that lockstep reads, as NumPy writes them. */
export type NpyType = '|u1' | '<u2' | '<i4' | '<i8' | '<f4' | '<f8';

/** The elements lie row-major, little-endian, from `dataOffset` on to the end of the file. */
export interface ShardHeader {
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
const PREPARE = 'write it with numpy.save(path, numpy.ascontiguousarray(array))';

/**
 * Reads the header of a file that begins with `start` (`NPY_MOST_HEADER_BYTES` of it, or all): what parts of it can be read on their own.
 *
 * @throws DataError as parseNpyHeader does, and for elements of another type than `NpyType` or in another order
 */
export function parseShardHeader(path: string, start: Uint8Array): ShardHeader {
  const { type: element, isBigEndian, isColumnMajor, shape, dataOffset } = parseNpyHeader(path, start);
  const type = `${element.endsWith('1') ? '|' : isBigEndian ? '>' : '<'}${element}`;
  const types = Object.keys(NPY_BYTES);
  if (!types.includes(type)) {
    throw new DataError(path, `elements of ${types.join(', ')}`, type, 'convert it with array.astype');
  }
  if (isColumnMajor) throw new DataError(path, 'rows one after the other (C order)', 'Fortran order', PREPARE);
  return { type: type as NpyType, shape: checkedShape(path, shape), dataOffset };
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
