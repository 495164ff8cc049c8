// Some samples of an npy file → elements of the type in which they lie in memory, checked; the loader's thread, and the coordinator.

import { DataError } from './data-error.ts';
import { type InputFile, readInto, withInputFile } from './input-file.ts';
import type { StreamFile } from './sample-stream.ts';
import { NPY_BYTES, type NpyType } from './shard-header.ts';

/** Where elements are read to; float64 only as such. */
export type Elements = Uint8Array | Int32Array | Float32Array | Float64Array;

const UNCHANGED = 'do not change datasets while they are read';

/** Which samples of a file, and of how many elements each. */
export interface Records {
  record: number;
  count: number;
  perSample: number;
}

/** Reads from files, opening each for each read; it keeps a buffer for element types that have to be converted. */
export class RecordReader {
  #raw = new ArrayBuffer(0);

  /**
   * Fills `out` (count · perSample), which may be a view of shared memory.
   *
   * @param classes where the elements are labels or tokens: all of them have to be below it
   * @throws DataError that names file and byte, for a file that is gone, short or changed, and for an element that does not fit
   */
  read(from: StreamFile, { record, count, perSample }: Records, out: Elements, classes: number | null): void {
    const elementBytes = NPY_BYTES[from.type];
    const start = from.dataOffset + record * perSample * elementBytes;
    const byteLength = count * perSample * elementBytes;
    const isDirect = isSameType(from.type, out);
    const bytes = isDirect ? new Uint8Array(out.buffer, out.byteOffset, out.byteLength) : this.#rawBytes(byteLength);
    withInputFile(from.path, `an npy file to read at byte ${start}`, (file) => {
      checkUnchanged(from, file, start);
      const got = readInto(file, start, bytes);
      if (got < byteLength) {
        const expected = `${byteLength} bytes of samples from byte ${start} on`;
        throw new DataError(from.path, expected, `${got} (truncated)`, UNCHANGED);
      }
    });
    const where = (i: number) => `${from.path}: byte ${start + i * elementBytes}`;
    if (!isDirect) convert(from.type, bytes, out, where);
    if (classes !== null) checkClasses(out, classes, where);
  }

  #rawBytes(byteLength: number): Uint8Array {
    if (this.#raw.byteLength < byteLength) this.#raw = new ArrayBuffer(byteLength);
    return new Uint8Array(this.#raw, 0, byteLength);
  }
}

function isSameType(type: NpyType, out: Elements): boolean {
  if (type === '|u1') return out instanceof Uint8Array;
  if (type === '<i4') return out instanceof Int32Array;
  if (type === '<f8') return out instanceof Float64Array;
  return type === '<f4' && out instanceof Float32Array;
}

function checkUnchanged({ path, byteLength, modifiedMs }: StreamFile, file: InputFile, start: number): void {
  if (file.byteLength === byteLength && file.modifiedMs === modifiedMs) return;
  const got = file.byteLength === byteLength ? 'one that was written to since' : `${file.byteLength} bytes`;
  throw new DataError(path, `the file as it was opened (${byteLength} bytes), at byte ${start}`, got, UNCHANGED);
}

const RAW = {
  '|u1': Uint8Array,
  '<u2': Uint16Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;

/** Integers become labels or tokens, floats float32; what does not fit is an error and never another number. */
function convert(type: NpyType, bytes: Uint8Array, out: Elements, where: (index: number) => string): void {
  const Raw = RAW[type];
  const raw = new Raw(bytes.buffer as ArrayBuffer, 0, bytes.length / NPY_BYTES[type]);
  const isFloat = out instanceof Float32Array;
  for (let i = 0; i < out.length; i++) {
    const value = Number(raw[i]);
    out[i] = value;
    if (isFloat ? Number.isFinite(out[i]) : out[i] === value) continue;
    const expected = isFloat ? 'a number that float32 can hold' : 'a label or token of 0 or more';
    throw new DataError(where(i), expected, `${raw[i]}`, 'correct the file');
  }
}

function checkClasses(out: Elements, classes: number, where: (index: number) => string): void {
  for (let i = 0; i < out.length; i++) {
    if (out[i] >= 0 && out[i] < classes) continue;
    throw new DataError(
      where(i),
      `a number from 0 to ${classes - 1}`,
      `${out[i]}`,
      'correct it, or raise data.classes',
    );
  }
}

// One read of a scan.
const CHUNK_ELEMENTS = 1 << 18;

/** The highest label of a file. @throws DataError for a label below 0 or beyond 32 bits */
export function highestLabel(file: StreamFile, samples: number, perSample: number): number {
  const reader = new RecordReader();
  const chunk = Math.max(1, Math.floor(CHUNK_ELEMENTS / perSample));
  const labels = new Int32Array(chunk * perSample);
  let highest = 0;
  for (let record = 0; record < samples; record += chunk) {
    const count = Math.min(chunk, samples - record);
    const read = labels.subarray(0, count * perSample);
    reader.read(file, { record, count, perSample }, read, 2 ** 31);
    for (const label of read) if (label > highest) highest = label;
  }
  return highest;
}
