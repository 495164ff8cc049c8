// The samples' bytes and the parts → samples with the same input in two parts; coordinator, once before training.

import type { Parts } from './source.ts';

/** Samples of the training part whose input is, byte for byte, that of a sample in another part. */
export interface SharedSamples {
  part: 'validation' | 'test';
  /** How many samples of that part are in the training part (or, for `test`, in the validation part) too. */
  count: number;
  /** The first of them, and the sample that it equals. */
  first: [id: number, twin: number];
}

/** Finds inputs that two parts share. A hash finds candidates and the bytes decide. */
export function findSharedSamples(samples: SampleBytes, { train, validation, test }: Parts): SharedSamples[] {
  if (validation.length === 0 && test.length === 0) return [];
  const known = new KnownSamples(samples, train.length + validation.length);
  known.addAll(train);
  const found = [sharedWith(known, 'validation', validation)];
  known.addAll(validation);
  found.push(sharedWith(known, 'test', test));
  return found.flatMap((shared) => shared ?? []);
}

/** How many samples have the same input as a sample before them. */
export function countDuplicates(samples: SampleBytes, count: number): number {
  const known = new KnownSamples(samples, count);
  let duplicates = 0;
  for (let id = 0; id < count; id++) if (!known.add(id)) duplicates++;
  return duplicates;
}

/** The inputs of all samples as they lie in memory. */
export interface SampleBytes {
  bytes: Uint8Array;
  bytesPerSample: number;
}

function sharedWith(known: KnownSamples, part: 'validation' | 'test', ids: Uint32Array): SharedSamples | null {
  let count = 0;
  let first: [number, number] = [0, 0];
  for (const id of ids) {
    const twin = known.find(id);
    if (twin >= 0 && count++ === 0) first = [id, twin];
  }
  return count === 0 ? null : { part, count, first };
}

/** Ids by the hash of their bytes: an open table of twice as many places as ids. */
class KnownSamples {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array | null;
  readonly #perSample: number;
  /** 1 + the id at each place; 0 where it is free. */
  readonly #places: Uint32Array;
  readonly #mask: number;

  constructor({ bytes, bytesPerSample }: SampleBytes, most: number) {
    const isAligned = bytes.byteOffset % 4 === 0 && bytesPerSample % 4 === 0;
    this.#bytes = bytes;
    this.#words = isAligned ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) : null;
    this.#perSample = bytesPerSample;
    let length = 16;
    while (length < 2 * most) length *= 2;
    this.#places = new Uint32Array(length);
    this.#mask = length - 1;
  }

  addAll(ids: Uint32Array): void {
    // One of equal samples is enough, and a row of equal ones in the table would make every look-up long.
    for (const id of ids) this.add(id);
  }

  /** Whether it was not known before. */
  add(id: number): boolean {
    const place = this.#placeOf(id);
    if (this.#places[place] !== 0) return false;
    this.#places[place] = id + 1;
    return true;
  }

  /** A known sample with the same bytes; −1 where there is none. */
  find(id: number): number {
    return this.#places[this.#placeOf(id)] - 1;
  }

  /** Where the sample with these bytes is, or else the free place where it belongs. */
  #placeOf(id: number): number {
    let place = this.#hash(id) & this.#mask;
    while (this.#places[place] !== 0 && !this.#isSame(id, this.#places[place] - 1)) place = (place + 1) & this.#mask;
    return place;
  }

  #hash(id: number): number {
    return this.#words === null
      ? hashOf(this.#bytes, id * this.#perSample, this.#perSample)
      : hashOf(this.#words, (id * this.#perSample) / 4, this.#perSample / 4);
  }

  #isSame(id: number, other: number): boolean {
    const [values, length] = this.#words === null ? [this.#bytes, this.#perSample] : [this.#words, this.#perSample / 4];
    const a = id * length;
    const b = other * length;
    for (let i = 0; i < length; i++) if (values[a + i] !== values[b + i]) return false;
    return true;
  }
}

/** FNV-1a over whole elements, its high bits folded into the low ones, which decide the place. */
function hashOf(values: Uint8Array | Int32Array, start: number, length: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = start; i < start + length; i++) {
    hash = Math.imul(hash ^ values[i], 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}
