// Buffers with lifetimes and a row count → byte offsets in the activations region, without overlap. Pure; coordinator only.
import { elementCount } from '../graph/tensor-type.ts';
import type { ProgramBuffer } from './program.ts';

/** Buffers begin at multiples of a cache line. */
const ALIGNMENT_BYTES = 64;

/** Where the buffers of a program lie for a given number of rows; index i is buffer i. */
export interface Placement {
  readonly byteOffsets: readonly number[];
  readonly byteLengths: readonly number[];
  /** Bytes of the region. */
  readonly byteLength: number;
}

/**
 * First fit by lifetime: buffers, the longest first, take the lowest place where no buffer lies that is in use at the same time.
 * The order depends on sizes and calls alone, so a program has one placement.
 */
export function placeBuffers(buffers: readonly ProgramBuffer[], rows: number): Placement {
  const byteLengths = buffers.map((buffer) => bufferBytes(buffer, rows));
  const byteOffsets = new Array<number>(buffers.length).fill(0);
  const order = buffers.map((_, i) => i).sort((a, b) => byteLengths[b] - byteLengths[a] || a - b);
  const placed: number[] = [];
  for (const index of order) {
    const neighbours = placed.filter((other) => areLiveTogether(buffers[index], buffers[other]));
    byteOffsets[index] = lowestGap(byteLengths[index], neighbours, byteOffsets, byteLengths);
    placed.push(index);
  }
  const ends = byteOffsets.map((byteOffset, i) => alignedBytes(byteOffset + byteLengths[i]));
  return { byteOffsets, byteLengths, byteLength: ends.reduce((most, end) => Math.max(most, end), 0) };
}

/** Bytes of a buffer for so many rows; every element has four. */
function bufferBytes({ type }: ProgramBuffer, rows: number): number {
  return elementCount(type.shape) * (type.isBatched ? rows : 1) * 4;
}

// The last call that reads one buffer must not write another over it: equal calls overlap.
function areLiveTogether(a: ProgramBuffer, b: ProgramBuffer): boolean {
  return a.firstCall <= b.lastCall && b.firstCall <= a.lastCall;
}

function lowestGap(
  byteLength: number,
  neighbours: readonly number[],
  byteOffsets: readonly number[],
  byteLengths: readonly number[],
): number {
  let lowest = 0;
  for (const other of [...neighbours].sort((a, b) => byteOffsets[a] - byteOffsets[b])) {
    if (lowest + byteLength <= byteOffsets[other]) break;
    lowest = Math.max(lowest, alignedBytes(byteOffsets[other] + byteLengths[other]));
  }
  return lowest;
}

function alignedBytes(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
