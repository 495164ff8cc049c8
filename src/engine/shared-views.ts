// The shared memory and its map to typed views: how every thread finds the same words, cells and arrays. Any thread.
import type { ControlWords } from './atomics.ts';
import { HASH_CELL_COUNT, type MemoryMap, RECORD_CELLS, SEAT_CELL_COUNT, STRETCH_CELL_COUNT } from './memory-map.ts';

/** Views of one memory; each cell's writer stands at its declaration in memory-map.ts. */
export interface SharedViews extends ControlWords {
  /** The cells of a seat: written by its worker alone. */
  seatCells(seat: number): Float64Array;
  /** Index into `records` of the record of a step. */
  recordAt(step: number): number;
  records: Float64Array;
  /** The ring again, each cell as two words, low before high. */
  recordWords: Uint32Array;
  chunkCells: Float64Array;
  stretch: Float64Array;
  /** The sums and the sample count at the end of a gradient buffer. */
  gradientTail(buffer: number): Float64Array;
}

/** Attaches to a memory. */
export function attachViews({ buffer }: WebAssembly.Memory, map: MemoryMap): SharedViews {
  const tails = Array.from({ length: map.shards + map.maxWorkers }, (_, index) => {
    const byteOffset = map.gradients + index * map.gradientStride + map.gradientTail;
    return new Float64Array(buffer, byteOffset, map.sumCells + 1);
  });
  return {
    words64: new BigInt64Array(buffer, map.words64, map.words.count64),
    words32: new Int32Array(buffer, map.words32, map.words.count32),
    seatCells: (seat) => new Float64Array(buffer, map.seatCells + seat * SEAT_CELL_COUNT * 8, SEAT_CELL_COUNT),
    recordAt: (step) => (step % map.records) * map.recordCells,
    records: new Float64Array(buffer, map.recordRing, map.records * map.recordCells),
    recordWords: new Uint32Array(buffer, map.recordRing, map.records * map.recordCells * 2),
    chunkCells: new Float64Array(buffer, map.chunkCells, map.chunks * map.evaluationCells),
    stretch: new Float64Array(buffer, map.stretch, STRETCH_CELL_COUNT),
    gradientTail: (index) => tails[index],
  };
}

/** The first cell a range of a record. */
export const RECORD_RANGES = Math.max(...Object.values(RECORD_CELLS)) + 1;

/** The first hash cell of a range in a record. */
export function hashCellsOf({ ranges }: MemoryMap, range: number): number {
  return RECORD_RANGES + ranges.count + range * HASH_CELL_COUNT;
}
