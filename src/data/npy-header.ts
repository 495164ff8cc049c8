// The first bytes of a .npy array → its element type, order and shape; coordinator, pure.

import { DataError } from './data-error.ts';
import type { ElementType } from './sample-array.ts';

/**
 * What the header of an array says.
 * @see NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays"; versions 1.0 to 3.0 in numpy.lib.format
 */
export interface NpyHeader {
  type: ElementType;
  isBigEndian: boolean;
  /** Whether the first index runs fastest. */
  isColumnMajor: boolean;
  shape: number[];
  dataOffset: number;
}

/** Of all headers that are read; NumPy writes less than 200 for arrays of numbers. */
export const MOST_HEADER_BYTES = 65_536;

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const TYPES: ReadonlySet<string> = new Set(['b1', 'u1', 'u2', 'u4', 'u8', 'i1', 'i2', 'i4', 'i8', 'f4', 'f8']);
const FETCH = 'write the file again with numpy.save';

// A mapping as Python writes it: of texts, truth values and tuples of whole numbers; lists are types of several fields.
const PAIR = String.raw`\s*'(\w+)'\s*:\s*(True|False|\([\d\s,]*\)|'[^']*'|\[.*\])\s*`;
const PAIRS = new RegExp(PAIR, 'gs');
const MAPPING = new RegExp(String.raw`^\{${PAIR},${PAIR},${PAIR},?\s*\}\s*$`, 's');

/** @throws DataError for anything but the header of an array of numbers or truth values */
export function parseNpyHeader(where: string, start: Uint8Array): NpyHeader {
  const { text, dataOffset } = headerText(where, Buffer.from(start.buffer, start.byteOffset, start.length));
  if (!MAPPING.test(text)) throw unreadable(where, text);
  const values = new Map(Array.from(text.matchAll(PAIRS), ([, key, value]) => [key, value]));
  const [descr, order, shape] = ['descr', 'fortran_order', 'shape'].map((key) => values.get(key));
  if (!descr || !/^(True|False)$/.test(order ?? '') || !/^\(/.test(shape ?? '')) throw unreadable(where, text);
  const sizes = (shape!.match(/\d+/g) ?? []).map(Number);
  return { ...elementType(where, descr), isColumnMajor: order === 'True', shape: sizes, dataOffset };
}

function headerText(where: string, start: Buffer): { text: string; dataOffset: number } {
  if (start.length === 0) throw new DataError(where, 'an array as numpy.save writes it', 'nothing', FETCH);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) {
    const got = start.subarray(0, 6).toString('hex').replace(/..\B/g, '$& ');
    throw new DataError(where, 'an array, which starts with the bytes 93 4e 55 4d 50 59', got, FETCH);
  }
  const version = start[6];
  const lengthBytes = version === 1 ? 2 : 4;
  if (!(version >= 1 && version <= 3))
    throw new DataError(where, 'an array of format version 1, 2 or 3', `${version ?? 'the end of the file'}`, FETCH);
  const textStart = 8 + lengthBytes;
  if (start.length < textStart)
    throw new DataError(where, `a header of ${textStart} bytes or more`, `${start.length}`, FETCH);
  const dataOffset = textStart + start.readUIntLE(8, lengthBytes);
  if (dataOffset > MOST_HEADER_BYTES)
    throw new DataError(where, `a header of at most ${MOST_HEADER_BYTES} bytes`, `${dataOffset}`, FETCH);
  if (start.length < dataOffset)
    throw new DataError(where, `a header of ${dataOffset} bytes`, `${start.length} (truncated)`, FETCH);
  return { text: start.toString(version === 3 ? 'utf8' : 'latin1', textStart, dataOffset), dataOffset };
}

function elementType(where: string, descr: string): Pick<NpyHeader, 'type' | 'isBigEndian'> {
  const [, order, type] = /^'([<>|=]?)(\w+)'$/.exec(descr) ?? [];
  if (type !== undefined && TYPES.has(type)) return { type: type as ElementType, isBigEndian: order === '>' };
  const advice = "convert it, as in x.astype('float32')";
  throw new DataError(where, 'elements of bool, (u)int8 to 64, float32 or float64', nameType(type, descr), advice);
}

function nameType(type: string | undefined, descr: string): string {
  if (type === undefined) return `fields ${shorten(descr)}`;
  if (type[0] === 'O') return 'Python objects, which could run code';
  return type === 'f2' ? 'float16' : descr;
}

function unreadable(where: string, text: string): DataError {
  const expected = "a header such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
  return new DataError(where, expected, JSON.stringify(shorten(text.trim())), FETCH);
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
