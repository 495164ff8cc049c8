// Numbers of any usual type, row-major or column-major → elements that memory for samples can hold, each checked; coordinator.

import { DataError } from './data-error.ts';

/** Types by NumPy's names: kind and bytes. */
export type ElementType = 'b1' | 'u1' | 'u2' | 'u4' | 'u8' | 'i1' | 'i2' | 'i4' | 'i8' | 'f4' | 'f8';

/** What elements are written into. */
export type ElementMemory = Uint8Array | Int32Array | Float32Array;

/** An array of samples × the elements of one, in a file or in memory. */
export interface SampleArray {
  /** What errors call it: `x.npy`, `data.npz: x`. */
  where: string;
  type: ElementType;
  /** The first one counts the samples. */
  shape: readonly number[];
  /**
   * Writes all elements row-major; `out` (elements) may be a view of shared memory.
   *
   * @throws DataError that names the first element that `out` cannot hold: no finite number, no whole one, one that is too large
   */
  read(out: ElementMemory): void;
}

/** Whether all elements are whole numbers. */
export function isWholeType(type: ElementType): boolean {
  return type[0] !== 'f';
}

/** Elements that fit into 4 GiB whatever they are stored as; more fit into no shared memory. */
export const MOST_ELEMENTS = 2 ** 32;

/** @throws DataError for a shape without samples or elements, and for one of more than 2^32 elements */
export function countElements(where: string, shape: readonly number[]): number {
  const written = `(${shape.join(', ')})`;
  const elements = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 || elements === 0)
    throw new DataError(where, 'at least one sample of at least one element', `shape ${written}`, 'check the array');
  if (!(elements <= MOST_ELEMENTS))
    throw new DataError(where, 'at most 4 GiB of samples', `shape ${written}`, 'train on a part of it');
  return elements;
}

/** Takes an array's elements in the order in which they lie there and puts them, checked, where they belong in `out`. */
export class ElementWriter {
  readonly #array: Pick<SampleArray, 'where' | 'type' | 'shape'>;
  readonly #out: ElementMemory;
  readonly #isColumnMajor: boolean;
  #at = 0;

  constructor(array: Pick<SampleArray, 'where' | 'type' | 'shape'>, out: ElementMemory, isColumnMajor: boolean) {
    this.#array = array;
    this.#out = out;
    this.#isColumnMajor = isColumnMajor && array.shape.length > 1;
  }

  /** @throws DataError for the first of them that does not fit */
  write(values: ArrayLike<number>): void {
    const out = this.#out;
    const misfit = findMisfit(values, out);
    if (misfit >= 0) this.#refuse(this.#at + misfit, values[misfit]);
    if (this.#isColumnMajor) placeColumns(values, this.#at, this.#array.shape, out);
    else out.set(values, this.#at);
    this.#at += values.length;
  }

  /** The next of them lie in `out` already, row-major. @throws DataError as `write` does */
  skip(count: number): void {
    const values = this.#out.subarray(this.#at, this.#at + count);
    const misfit = values instanceof Float32Array ? findNotFinite(values) : -1;
    if (misfit >= 0) this.#refuse(this.#at + misfit, values[misfit]);
    this.#at += count;
  }

  #refuse(at: number, value: number): never {
    const { where, shape } = this.#array;
    const place = this.#isColumnMajor ? columnMajorPlace(shape, at) : at;
    const isFloat = this.#out instanceof Float32Array;
    const range = isFloat ? 'a finite number that float32 can hold' : 'a whole number below 2^31';
    const expected = this.#out instanceof Uint8Array ? 'a whole number from 0 to 255' : range;
    throw new DataError(elementName(where, shape, place), expected, `${value}`, 'correct it, or leave the sample out');
  }
}

/** The first value that `out` cannot hold; −1 where it can hold all. */
function findMisfit(values: ArrayLike<number>, out: ElementMemory): number {
  if (out instanceof Float32Array) return findNotFloat32(values);
  const most = out instanceof Uint8Array ? 255 : 2 ** 31 - 1;
  const least = out instanceof Uint8Array ? 0 : -(2 ** 31);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value >= least && value <= most && Math.floor(value) === value)) return i;
  }
  return -1;
}

/** On its own, as it is what most bytes go through: code for one type of array is twice as fast. */
function findNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] !== 0) return i;
  return -1;
}

function findNotFloat32(values: ArrayLike<number>): number {
  // Inf − Inf and NaN − NaN are NaN, and float32 makes infinity of what is too large.
  for (let i = 0; i < values.length; i++) {
    const rounded = Math.fround(values[i]);
    if (rounded - rounded !== 0) return i;
  }
  return -1;
}

// Elements of so many columns lie in one or two cache lines of `out`.
const COLUMNS_AT_ONCE = 16;

/**
 * Puts elements that lie with the first index running fastest into row-major order: a column is all samples' element at one place.
 * @param first which of all elements the first value is
 */
function placeColumns(values: ArrayLike<number>, first: number, shape: readonly number[], out: ElementMemory): void {
  const rows = shape[0];
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const end = first + values.length;
  for (let start = first; start < end; ) {
    const row = start % rows;
    const columns = row > 0 ? 1 : Math.max(1, Math.min(COLUMNS_AT_ONCE, Math.floor((end - start) / rows)));
    const lastRow = Math.min(rows, row + (end - start));
    const bases = Array.from({ length: columns }, (_, c) => columnMajorPlace(shape, start - row + c * rows));
    for (let r = row; r < lastRow; r++) {
      const from = start - first + r - row;
      for (let c = 0; c < columns; c++) out[r * width + bases[c]] = values[from + c * rows];
    }
    start += columns === 1 ? lastRow - row : columns * rows;
  }
}

/** The row-major place of the element that is `at` where the first index runs fastest. */
function columnMajorPlace(shape: readonly number[], at: number): number {
  let place = 0;
  let rest = at;
  for (const [axis, size] of shape.entries()) {
    const stride = shape.slice(axis + 1).reduce((product, one) => product * one, 1);
    place += (rest % size) * stride;
    rest = Math.floor(rest / size);
  }
  return place;
}

/** `x.npy[3, 5]`: the element at a row-major place. */
export function elementName(where: string, shape: readonly number[], at: number): string {
  const indices: number[] = [];
  let rest = at;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `${where}[${indices.join(', ')}]`;
}
