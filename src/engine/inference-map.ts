// The sizes of a plan and of a block of samples → places in the memory that predictions are made in. Pure; read by every thread.
import type { DatasetSpec } from '../data/source.ts';
import { sampleElements } from '../data/source.ts';
import type { Plan } from '../plan/plan.ts';
import { MAX_MEMORY_BYTES, MemoryError } from './memory-map.ts';

const WASM_PAGE_BYTES = 65_536;
/** The kernels' constants lie below. */
const FIRST_BYTE = WASM_PAGE_BYTES;
const LINE_BYTES = 64;
const OS_PAGE_BYTES = 4096;
const ELEMENT_BYTES = { u8: 1, i32: 4, f32: 4 };

/** While one block is computed the next one is read. */
export const BLOCKS = 2;
const BLOCK_BYTES = 1 << 23;
const MOST_BLOCK_ROWS = 8192;

/** Byte offsets; `inputs` and `outputs` are of the first block, the second one follows. */
export interface InferenceMap {
  /** Samples of a block: a multiple of the plan's micro-batch. */
  blockRows: number;
  /** Elements of one sample's inputs and of its outputs. */
  inputElements: number;
  outputElements: number;
  constants: number;
  /** Parameters and statistics. */
  parameters: number;
  /** One a thread: activations, then scratch memory. */
  seats: number;
  seatStride: number;
  seatScratch: number;
  /** 0, 1, 2, …: samples lie in the order in which they are gathered. */
  ids: number;
  inputs: number;
  inputBytes: number;
  outputs: number;
  outputBytes: number;
  byteLength: number;
}

/**
 * Places everything, for so many threads.
 * @throws MemoryError where it does not fit in 4 GiB
 */
export function mapInference(plan: Plan, outputShape: readonly number[], input: DatasetSpec['input'], seats: number) {
  const inputElements = sampleElements(input.shape);
  const outputElements = sampleElements(outputShape);
  const rowBytes = inputElements * ELEMENT_BYTES[input.storage] + outputElements * 4;
  const blockRows = plan.rows * Math.max(1, Math.floor(Math.min(MOST_BLOCK_ROWS, BLOCK_BYTES / rowBytes) / plan.rows));
  let at = FIRST_BYTE;
  const reserve = (bytes: number, alignment = LINE_BYTES): number => {
    const offset = align(at, alignment);
    at = offset + bytes;
    return offset;
  };
  const seatScratch = align(plan.evaluationActivationBytes, LINE_BYTES);
  const seatStride = align(seatScratch + plan.scratchBytes, OS_PAGE_BYTES);
  const inputBytes = align(blockRows * inputElements * ELEMENT_BYTES[input.storage], LINE_BYTES);
  const outputBytes = align(blockRows * outputElements * 4, LINE_BYTES);
  const map: InferenceMap = {
    blockRows,
    inputElements,
    outputElements,
    constants: reserve(plan.constants.length * 4),
    parameters: reserve(plan.parameterElements * 4),
    seats: reserve(seats * seatStride, OS_PAGE_BYTES),
    seatStride,
    seatScratch,
    ids: reserve(blockRows * 4),
    inputs: reserve(BLOCKS * inputBytes),
    inputBytes,
    outputs: reserve(BLOCKS * outputBytes),
    outputBytes,
    byteLength: 0,
  };
  map.byteLength = align(at, WASM_PAGE_BYTES);
  if (map.byteLength <= MAX_MEMORY_BYTES) return map;
  throw new MemoryError(
    `memory: expected at most 4096 MiB to predict with ${seats} workers, got ${Math.ceil(map.byteLength / 2 ** 20)} MiB; use fewer workers`,
  );
}

function align(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
