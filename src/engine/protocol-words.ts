// The words of the step protocol: where each lies, how its bits are cut, what operations exist on them. Pure; any thread.
//
// A control word, a slot and a claim carry the step (and phase) they are of, so nothing is ever reset and no late
// compare-and-swap can succeed: steps never return.

/** What a machine asks its thread to do. 64-bit words are BigInt64, 32-bit words Int32; `result*` is the old value. */
export const OP = {
  load64: 0,
  store64: 1,
  compareExchange64: 2,
  and64: 3,
  load32: 4,
  store32: 5,
  add32: 6,
  or32: 7,
  and32: 8,
  /** Waits while the word holds `value32`, at most a second. */
  wait32: 9,
  notify32: 10,
  /** Spins while the word holds `value32`, for the thread's number of turns; result32 = 1 when it changed. */
  spin32: 11,
  /** Compute shard `index` of `step` into buffer `own`; result32 = 1 when whole, 0 when given up. */
  runShard: 12,
  /** Do range (or evaluation chunk) `index` of (step, phase). */
  doRange: 13,
  /** All work of (step, phase) is done: result32 = the next phase, `COMMIT` or `COMMIT_AND_HALT`. */
  decide: 14,
  /** Is shard `index`, claimed by another, late enough for a backup copy? result32 = 1 or 0. */
  isLate: 15,
  /** The worker's task is over. */
  leave: 16,
  /** The coordinator has nothing to do until something happens. */
  rest: 17,
  /** The claims of seat `index` are free again: the caller may start a thread there. */
  freed: 18,
  /** The reader may copy generation step & 1. */
  copy: 19,
  /** An invariant does not hold: stop. */
  broken: 20,
} as const;
export type Op = (typeof OP)[keyof typeof OP];

/** Phases of the control word. The evaluation phases are ranges over chunks of samples; they begin and end at the gate. */
export const PHASE = { shards: 0, norm: 1, update: 2, validate: 3, test: 4, testBest: 5, halt: 15 } as const;
export const PHASE_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(PHASE).map(([name, code]) => [code, name.toUpperCase()]),
);
/** `decide` results beside a phase: the step is done / done, and the run with it. */
export const COMMIT = 16;
export const COMMIT_AND_HALT = 17;

export const SEAT = { empty: 0, boot: 1, parked: 2, run: 3, stop: 4 } as const;

// ctl   step:40 | phase:4 | hold: 2 generations x 4 readers
// slot  step:40 | buffer:16
// claim step:36 | phase:4 | state:2 | attempt:6 | seat:12    state FREE 0, TAKEN 1, DONE 2
const CTL_PHASE = 8n;
const CTL_STEP = 12n;
export const HOLD_BITS = 0xffn;
const SLOT_STEP = 16n;
const BUFFER_BITS = 0xffffn;
export const CLAIM_ATTEMPT = 12n;
const CLAIM_STATE = 18n;
export const CLAIM_PHASE = 20n;
const CLAIM_STEP = 24n;
const SEAT_BITS = 0xfffn;
const MAX_ATTEMPT = 63n;
export const NEXT_TAG = 1n << CLAIM_PHASE;
export const TAKEN = 1n << CLAIM_STATE;
export const DONE = 2n << CLAIM_STATE;

export const ctlWord = (step: number, phase: number, hold = 0n): bigint =>
  (BigInt(step) << CTL_STEP) | (BigInt(phase) << CTL_PHASE) | hold;
export const ctlStep = (ctl: bigint): number => Number(ctl >> CTL_STEP);
export const ctlPhase = (ctl: bigint): number => Number((ctl >> CTL_PHASE) & 15n);
export const slotWord = (step: number, buffer: number): bigint => (BigInt(step) << SLOT_STEP) | BigInt(buffer);
export const slotStep = (slot: bigint): number => Number(slot >> SLOT_STEP);
export const slotBuffer = (slot: bigint): number => Number(slot & BUFFER_BITS);
export const claimTag = (step: number, phase: number): bigint =>
  (BigInt(step) << CLAIM_STEP) | (BigInt(phase) << CLAIM_PHASE);
export const isTakenBy = (claim: bigint, seat: number): boolean =>
  ((claim >> CLAIM_STATE) & 3n) === 1n && (claim & SEAT_BITS) === BigInt(seat);
export const claimSeat = (claim: bigint): number => Number(claim & SEAT_BITS);
export const attemptOf = (claim: bigint): bigint => (claim >> CLAIM_ATTEMPT) & MAX_ATTEMPT;
export const nextAttempt = (claim: bigint): bigint => {
  const attempt = attemptOf(claim);
  return (attempt === MAX_ATTEMPT ? attempt : attempt + 1n) << CLAIM_ATTEMPT;
};
/** The mask of reader `reader`'s hold bit on a generation. */
export const holdBit = (generation: number, reader: number): bigint => 1n << BigInt(generation * 4 + reader);
export const HOLDS = [0x0fn, 0xf0n] as const;

/** Where each word lies: indices into one BigInt64Array and one Int32Array. Hot words have a cache line of their own. */
export interface Words {
  shards: number;
  ranges: number;
  chunks: number;
  seats: number;
  hasNorm: boolean;
  ctl: number;
  runUntil: number;
  slots: number;
  claims: number;
  rangeClaims: number;
  chunkClaims: number;
  count64: number;
  bell: number;
  coordBell: number;
  sleepers: number;
  sleeperWords: number;
  seat0: number;
  /** Bits of the injected faults that have happened: tests only. */
  faults: number;
  /** Of a stream: steps before it have their samples in memory. The loader stores and rings it, workers wait on it. */
  samplesReady: number;
  /** Of a stream: the samples of this step and of later ones stay, committed or not. A replay stores it. */
  samplesKept: number;
  /** Of a stream: 1 while the loader waits for `loaderBell`, which whoever begins a shard rings then. */
  loaderAsleep: number;
  loaderBell: number;
  /** Of a stream: counts up with each block that the loader begins to read, so that one that hangs is seen; and which block that is. */
  loaderBeat: number;
  loaderBlock: number;
  count32: number;
}
const LINE64 = 8;
const LINE32 = 16;
/** Beyond every step: nothing is kept. */
export const NO_STEP_KEPT = 2 ** 31 - 1;
/** A bit a fault: 1,024 of them. */
const FAULT_WORDS = 32;
export const seatWord = (words: Words, seat: number): number => words.seat0 + seat * LINE32;
export const ownWord = (words: Words, seat: number): number => seatWord(words, seat) + 1;
export const beatWord = (words: Words, seat: number): number => seatWord(words, seat) + 2;

/** Lays out the words for V shards, R ranges, the most evaluation chunks of a part, and `seats` worker seats. */
export function layOutWords(shape: {
  shards: number;
  ranges: number;
  chunks: number;
  seats: number;
  hasNorm: boolean;
}): Words {
  const { shards, ranges, chunks, seats } = shape;
  const slots = 2 * LINE64;
  const claims = slots + shards;
  const sleeperWords = Math.ceil(seats / 32);
  const seat0 = 2 * LINE32 + Math.ceil(sleeperWords / LINE32) * LINE32;
  const faults = seat0 + seats * LINE32;
  const samplesReady = faults + FAULT_WORDS;
  return {
    ...shape,
    ctl: 0,
    runUntil: LINE64,
    slots,
    claims,
    rangeClaims: claims + shards,
    chunkClaims: claims + shards + ranges,
    count64: claims + shards + ranges + chunks,
    bell: 0,
    coordBell: LINE32,
    sleepers: 2 * LINE32,
    sleeperWords,
    seat0,
    faults,
    samplesReady,
    samplesKept: samplesReady + LINE32,
    loaderAsleep: samplesReady + LINE32 + 1,
    loaderBell: samplesReady + LINE32 + 2,
    loaderBeat: samplesReady + LINE32 + 3,
    loaderBlock: samplesReady + LINE32 + 4,
    count32: samplesReady + 2 * LINE32,
  };
}

/** Writes the words of a run that begins at `firstStep`: every claim older than it, slot v holding buffer v of the step before. */
export function initializeWords(words: Words, memory64: BigInt64Array, memory32: Int32Array, firstStep: number): void {
  memory64.fill(claimTag(firstStep - 1, 0));
  memory32.fill(0);
  memory64[words.ctl] = ctlWord(firstStep, PHASE.shards);
  memory64[words.runUntil] = 0n;
  memory32[words.samplesKept] = NO_STEP_KEPT;
  for (let v = 0; v < words.shards; v++) memory64[words.slots + v] = slotWord(firstStep - 1, v);
}
