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
  readonly #places: ColumnMajorPlaces | null;
  #at = 0;

  constructor(array: Pick<SampleArray, 'where' | 'type' | 'shape'>, out: ElementMemory, isColumnMajor: boolean) {
    this.#array = array;
    this.#out = out;
    this.#places = isColumnMajor && array.shape.length > 1 ? new ColumnMajorPlaces(array.shape) : null;
  }

  /** @throws DataError for the first of them that does not fit */
  write(values: ArrayLike<number>): void {
    const out = this.#out;
    if (this.#places === null) {
      out.set(values, this.#at);
      const end = this.#at + values.length;
      for (let i = this.#at, k = 0; i < end; i++, k++) if (!holds(out, i, values[k])) this.#refuse(i, values[k]);
      this.#at = end;
      return;
    }
    for (let k = 0; k < values.length; k++) {
      const i = this.#places.next();
      out[i] = values[k];
      if (!holds(out, i, values[k])) this.#refuse(i, values[k]);
    }
  }

  /** Checks elements that lie in `out` already. */
  check(): void {
    const out = this.#out;
    for (let i = 0; i < out.length; i++) if (!holds(out, i, out[i])) this.#refuse(i, out[i]);
  }

  #refuse(at: number, value: number): never {
    const { where, shape } = this.#array;
    const isFloat = this.#out instanceof Float32Array;
    const range = isFloat ? 'a finite number that float32 can hold' : 'a whole number below 2^31';
    const expected = this.#out instanceof Uint8Array ? 'a whole number from 0 to 255' : range;
    throw new DataError(elementName(where, shape, at), expected, `${value}`, 'correct it, or leave the sample out');
  }
}

/** Inf − Inf and NaN − NaN are NaN; float32 makes infinity of what is too large, and integers wrap around. */
function holds(out: ElementMemory, at: number, value: number): boolean {
  return out instanceof Float32Array ? out[at] - out[at] === 0 : out[at] === value;
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

/** The row-major places of elements that lie with the first index running fastest. */
class ColumnMajorPlaces {
  readonly #shape: readonly number[];
  readonly #strides: number[];
  readonly #indices: number[];
  #place = 0;

  constructor(shape: readonly number[]) {
    this.#shape = shape;
    this.#strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    this.#indices = shape.map(() => 0);
  }

  next(): number {
    const place = this.#place;
    for (let axis = 0; axis < this.#shape.length; axis++) {
      this.#place += this.#strides[axis];
      if (++this.#indices[axis] < this.#shape[axis]) break;
      this.#place -= this.#shape[axis] * this.#strides[axis];
      this.#indices[axis] = 0;
    }
    return place;
  }
}
