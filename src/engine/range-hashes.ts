// What a range reduced and wrote → the hash cells of the step's record that the ledger is made of. Worker, under the range's claim.
import type { KernelSet } from '../kernels/kernel-set.ts';
import type { Segment } from '../optim/segments.ts';
import type { LedgerSpec } from './job.ts';
import { HASH_CELL_COUNT, HASH_CELLS, type MemoryMap } from './memory-map.ts';
import { hashCellsOf, type SharedViews } from './shared-views.ts';

/** The words of a cell whose array has a value that is not finite: the bits of a NaN are not defined, so it has no hash. */
export const REFUSED = 0xffff_ffff;

/**
 * Hashes while what is hashed is in the cache. A range's cells are cleared before they are added to, in the run of the range that adds: doing
 * it again gives the same bytes. Where the ledger has no row of the step everything here does nothing.
 */
export class RangeHashes {
  isOn = false;
  readonly #kernels: KernelSet['kernels'];
  readonly #words: Uint32Array;
  readonly #ring: number;
  readonly #map: MemoryMap;
  readonly #notFinite = new Float64Array(HASH_CELL_COUNT);
  readonly #hasState: boolean;
  #first = 0;

  constructor(
    kernels: KernelSet['kernels'],
    map: MemoryMap,
    { recordWords }: SharedViews,
    ledger: LedgerSpec | undefined,
  ) {
    this.#hasState = ledger?.hasState ?? false;
    this.#kernels = kernels;
    this.#map = map;
    this.#words = recordWords;
    this.#ring = map.recordRing;
  }

  /** What follows is of a range of the step whose record begins at cell `record`. */
  begin(record: number, range: number, isOn: boolean): void {
    this.isOn = isOn;
    this.#first = record + hashCellsOf(this.#map, range);
  }

  /** The cell begins as the hash of nothing. */
  clear(cell: number): void {
    if (!this.isOn) return;
    this.#notFinite[cell] = 0;
    this.#write(cell, 0);
  }

  /** Adds the hash of elements `position` … of an array, which lie at an address; returns 1 where one is not finite, else 0. */
  add(cell: number, address: number, position: number, elements: number): number {
    if (!this.isOn) return 0;
    const out = this.#ring + (this.#first + cell) * 8;
    const notFinite = this.#kernels.positionHash(out, address, position, elements, 1);
    this.#notFinite[cell] += notFinite;
    return notFinite;
  }

  /** Adds a segment of the states, if the ledger has them, whose arrays follow the parameters' as if all were one: array a begins at a times their length. */
  addStates(arrays: Float64Array, { elementOffset, elements }: Segment): void {
    if (!this.isOn || !this.#hasState) return;
    const arrayElements = this.#map.arrayBytes / 4;
    for (let array = 1; array < arrays.length; array++) {
      this.add(HASH_CELLS.state, arrays[array], array * arrayElements + elementOffset, elements);
    }
  }

  /** The range is done: what is not finite is refused. The gradient's cell stays: with one that is not finite the run halts. */
  end(): void {
    if (!this.isOn) return;
    for (const cell of [HASH_CELLS.weights, HASH_CELLS.state]) {
      if (this.#notFinite[cell] > 0) this.#write(cell, REFUSED);
    }
  }

  #write(cell: number, word: number): void {
    const at = (this.#first + cell) * 2;
    this.#words[at] = word;
    this.#words[at + 1] = word;
  }
}
