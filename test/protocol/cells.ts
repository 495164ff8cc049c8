// A state of the model as one Int32Array: where each of its cells lies.
import { slotBuffer } from '#src/engine/protocol-words.js';

export const SHARDS = 2;
export const RANGES = 2;
export const SEATS = 2;
export const BUFFERS = SHARDS + SEATS;
export const NONE = -1;

// The state's cells, one after the other.
export const MEMORY64 = 0; // ctl, runUntil, slots, shard claims, range claims: numbers of interned values
export const SLOTS = MEMORY64 + 2;
export const CLAIMS = SLOTS + SHARDS;
const USED64 = 2 + SHARDS + SHARDS + RANGES;
export const BELL = MEMORY64 + USED64;
export const NEWS = BELL + 1;
export const SLEEPERS = NEWS + 1;
export const SEAT_STATE = SLEEPERS + 1;
export const SEAT_OWN = SEAT_STATE + SEATS;
export const BUFFER = SEAT_OWN + SEATS; // step * SHARDS + shard + 1, or 0: torn
export const GENERATION = BUFFER + BUFFERS; // [generation][range]: the step that it is whole of, or -1: torn
export const WORKER = GENERATION + 2 * RANGES;
export const WORKER_CELLS = 28;
export const COORDINATOR = WORKER + SEATS * WORKER_CELLS; // the operation that is pending, then the machine
const COORDINATOR_CELLS = 25;
export const READER = COORDINATOR + COORDINATOR_CELLS; // the same
const READER_CELLS = 11;
export const CRASHES_LEFT = READER + READER_CELLS;
export const RESIZES_LEFT = CRASHES_LEFT + 1;
export const DELAYED_RING = RESIZES_LEFT + 1; // by worker, for one of the dropped rules
/** Cells of a state. */
export const LENGTH = DELAYED_RING + SEATS;

/** Of a worker: where its machine's cells lie, and behind them what is known of its thread. */
export const W = {
  at: 0,
  afterRing: 1,
  sleeperWord: 2,
  own: 3,
  entered: 4,
  step: 5,
  phase: 6,
  index: 7,
  bell: 8,
  isOpen: 9,
  known: 10,
  lateIndex: 11,
  firstClaim: 12,
  word: 13,
  value32: 14,
  ctl: 15,
  slot: 16,
  claim: 17,
  mine: 18,
  expected: 19,
  value64: 20,
  tag: 21,
  slotTag: 22,
  units: 23,
  /** 0 dead, 1 alive, 2 ended by STOP, 3 called gone while it works on (a dropped rule). */
  alive: 24,
  /** 0 no, 1 for the bell, 2 for its seat. */
  waits: 25,
  isBusy: 26,
  pending: 27,
} as const;

/** Of the coordinator, behind the pending operation. */
export const C = {
  at: 1,
  afterRing: 2,
  sleeperWord: 3,
  live: 4,
  gone: 5,
  dealt: 6,
  leaving: 7,
  seats: 8, // SEATS cells
  ctl: 10,
  running: 11,
  undealt: 12,
  staying: 13,
  written: 14,
  seat: 15,
  index: 16,
  claim: 17,
  used: 18,
  buffer: 19,
  word: 20,
  value32: 21,
  expected: 22,
  value64: 23,
  goal: 24,
} as const;

/** Of the reader, behind the pending operation. */
export const R = {
  at: 1,
  afterRing: 2,
  sleeperWord: 3,
  ctl: 4,
  generation: 5,
  step: 6,
  word: 7,
  expected: 8,
  value64: 9,
  value32: 10,
} as const;

/** 64-bit values by numbers, as a state holds them. */
export class Values {
  readonly #values: bigint[] = [];
  readonly #ids = new Map<bigint, number>();
  /** By a value's number: its buffer, if it is a slot's. */
  readonly bufferOf: number[] = [];

  id(value: bigint): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#values.push(value) - 1;
      this.#ids.set(value, id);
      this.bufferOf.push(slotBuffer(value));
    }
    return id;
  }

  of(id: number): bigint {
    return this.#values[id];
  }
}
