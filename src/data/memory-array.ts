// A typed array and its shape, from whoever calls lockstep → an array of samples; coordinator.

import { DataError } from './data-error.ts';
import {
  countElements,
  type ElementMemory,
  type ElementType,
  ElementWriter,
  type SampleArray,
} from './sample-array.ts';

/** Arrays of numbers. */
export type NumberValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Numbers, row-major. */
export interface NumberArray {
  values: NumberValues;
  /** The first size counts the samples; `[values.length]` where nothing is said. */
  shape?: readonly number[];
}

/** What `data: { source: arrays }` trains on; test samples come as both or not at all. They are copied when training begins. */
export interface TrainArrays {
  /** Samples × …; bytes are kept as such, all else as float32. */
  inputs: NumberArray;
  /** A class (whole numbers) or values (others) of each sample. */
  targets: NumberArray;
  testInputs?: NumberArray;
  testTargets?: NumberArray;
}

const TYPES = new Map<string, ElementType>([
  ['Float32Array', 'f4'],
  ['Float64Array', 'f8'],
  ['Int8Array', 'i1'],
  ['Uint8Array', 'u1'],
  ['Uint8ClampedArray', 'u1'],
  ['Int16Array', 'i2'],
  ['Uint16Array', 'u2'],
  ['Int32Array', 'i4'],
  ['Uint32Array', 'u4'],
]);
// Their numbers are checked and set so many at a time, while they are in the cache.
const PIECE = 1 << 18;

/**
 * Takes an array as it is; nothing is copied before `read`.
 *
 * @param where what errors call it
 * @throws DataError for anything but a typed array of numbers with as many elements as its shape says
 */
export function memoryArray(where: string, array: NumberArray): SampleArray {
  const { values, shape = [values?.length] } = array;
  const name = Object.prototype.toString.call(values).slice(8, -1);
  const type = TYPES.get(name);
  if (type === undefined) {
    const expected = '{ values, shape } with a typed array of numbers as values';
    throw new DataError(where, expected, name, 'make one, such as Float32Array.from(values)');
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new DataError(where, 'a shape of whole numbers, such as [60000, 784]', `${shape}`, 'correct the shape');
  }
  const elements = countElements(where, shape);
  if (elements !== values.length) {
    const expected = `${elements} values for shape (${shape.join(', ')})`;
    throw new DataError(where, expected, `${values.length}`, 'correct the shape or the values');
  }
  const read = (out: ElementMemory) => {
    const writer = new ElementWriter({ where, type, shape }, out, false);
    for (let at = 0; at < elements; at += PIECE) writer.write(values.subarray(at, at + PIECE));
  };
  return { where, type, shape: [...shape], read };
}
