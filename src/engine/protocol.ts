// The step protocol: turns what a thread last read into the next atomic operation it must do. Pure state machines of the
// worker, the coordinator and a reader; they run in their threads, and tests run them on a plain array.
//
// A machine is a deterministic function of (its local state, the result of its last operation). It advances its state in
// place, so that a step allocates nothing; whoever explores interleavings copies the state first. The machines touch no
// memory: they name an operation (`Op`), its word and operands, and the caller carries it out and leaves the result in
// `result64` or `result32`.
//
// Invariants (docs/architecture.md names the ones carried by each transition):
//   I1 a claim that succeeds for (step, phase) means that the control word still says (step, phase);
//   I2 slotOf[v] goes from (s-1, .) to (s, .) once a step: each shard counts once, late results lose;
//   I3 buffers are a bijection: V in slots, one a running seat, the rest free;
//   I4 a step assigns cells under a claim and accumulates nothing;
//   I5 generation step & 1 is whole in every reachable state;
//   I6 what can make a sleeper useful is followed by a ring;
//   I7 nothing waits for a particular worker.

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
export type Phase = (typeof PHASE)[keyof typeof PHASE];
export const PHASE_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(PHASE).map(([name, code]) => [code, name.toUpperCase()]),
);
/** `decide` results beside a phase: the step is done / done, and the run with it. */
export const COMMIT = 16;
export const COMMIT_AND_HALT = 17;

export const SEAT = { empty: 0, boot: 1, parked: 2, run: 3, stop: 4 } as const;

/** Steps are 39 bits, so that a control word stays a positive 64-bit number. */
export const MAX_STEPS = 2 ** 39;

// ctl   step:40 | phase:4 | hold: 2 generations x 4 readers
// slot  step:40 | buffer:16
// claim step:36 | phase:4 | state:2 | attempt:6 | seat:12    state FREE 0, TAKEN 1, DONE 2
const CTL_PHASE = 8n;
const CTL_STEP = 12n;
const HOLD_BITS = 0xffn;
const SLOT_STEP = 16n;
const BUFFER_BITS = 0xffffn;
const CLAIM_ATTEMPT = 12n;
const CLAIM_STATE = 18n;
const CLAIM_PHASE = 20n;
const CLAIM_STEP = 24n;
const SEAT_BITS = 0xfffn;
const MAX_ATTEMPT = 63n;
const NEXT_TAG = 1n << CLAIM_PHASE;
const TAKEN = 1n << CLAIM_STATE;
const DONE = 2n << CLAIM_STATE;

export const ctlWord = (step: number, phase: number, hold = 0n): bigint =>
  (BigInt(step) << CTL_STEP) | (BigInt(phase) << CTL_PHASE) | hold;
export const ctlStep = (ctl: bigint): number => Number(ctl >> CTL_STEP);
export const ctlPhase = (ctl: bigint): number => Number((ctl >> CTL_PHASE) & 15n);
export const slotWord = (step: number, buffer: number): bigint => (BigInt(step) << SLOT_STEP) | BigInt(buffer);
export const slotStep = (slot: bigint): number => Number(slot >> SLOT_STEP);
export const slotBuffer = (slot: bigint): number => Number(slot & BUFFER_BITS);
const claimTag = (step: number, phase: number): bigint => (BigInt(step) << CLAIM_STEP) | (BigInt(phase) << CLAIM_PHASE);
const isTakenBy = (claim: bigint, seat: number): boolean =>
  ((claim >> CLAIM_STATE) & 3n) === 1n && (claim & SEAT_BITS) === BigInt(seat);
const attemptOf = (claim: bigint): bigint => (claim >> CLAIM_ATTEMPT) & MAX_ATTEMPT;
const nextAttempt = (claim: bigint): bigint => {
  const attempt = attemptOf(claim);
  return (attempt === MAX_ATTEMPT ? attempt : attempt + 1n) << CLAIM_ATTEMPT;
};
/** The mask of reader `reader`'s hold bit on a generation. */
export const holdBit = (generation: number, reader: number): bigint => 1n << BigInt(generation * 4 + reader);
const HOLDS = [0x0fn, 0xf0n] as const;

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
  count32: number;
}
const LINE64 = 8;
const LINE32 = 16;
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
    count32: seat0 + seats * LINE32,
  };
}

/** Writes the words of a run that begins at `firstStep`: every claim older than it, slot v holding buffer v of the step before. */
export function initializeWords(words: Words, memory64: BigInt64Array, memory32: Int32Array, firstStep: number): void {
  memory64.fill(claimTag(firstStep - 1, 0));
  memory32.fill(0);
  memory64[words.ctl] = ctlWord(firstStep, PHASE.shards);
  memory64[words.runUntil] = 0n;
  for (let v = 0; v < words.shards; v++) memory64[words.slots + v] = slotWord(firstStep - 1, v);
}

/** An operation with its operands and its result; every machine carries one. */
export interface Operation {
  word: number;
  expected: bigint;
  value64: bigint;
  value32: number;
  result64: bigint;
  result32: number;
}
const noOperation = (): Operation => ({ word: 0, expected: 0n, value64: 0n, value32: 0, result64: 0n, result32: 0 });

function load64(m: Operation, word: number): Op {
  m.word = word;
  return OP.load64;
}
function compareExchange64(m: Operation, word: number, expected: bigint, value: bigint): Op {
  m.word = word;
  m.expected = expected;
  m.value64 = value;
  return OP.compareExchange64;
}
function store64(m: Operation, word: number, value: bigint): Op {
  m.word = word;
  m.value64 = value;
  return OP.store64;
}
function operate32(m: Operation, op: Op, word: number, value = 0): Op {
  m.word = word;
  m.value32 = value;
  return op;
}

// ---------------------------------------------------------------------------------------------------------- ring

/** A machine that can ring: bell + 1 first, then the sleepers (the other order loses a sleeper), then where it was going. */
interface Ringer extends Operation {
  at: number;
  afterRing: number;
  sleeperWord: number;
}
const RING = 100;
const RING_LOOK = 101;
const RING_CHECK = 102;

function ring(m: Ringer, after: number): void {
  m.afterRing = after;
  m.at = RING;
}

function ringNext(m: Ringer, words: Words): Op {
  if (m.at === RING) {
    m.at = RING_LOOK;
    m.sleeperWord = 0;
    return operate32(m, OP.add32, words.bell, 1);
  }
  if (m.at === RING_LOOK || m.result32 === 0) {
    if (m.at === RING_CHECK) m.sleeperWord++;
    if (m.sleeperWord < words.sleeperWords) {
      m.at = RING_CHECK;
      return operate32(m, OP.load32, words.sleepers + m.sleeperWord);
    }
  }
  const mustNotify = m.sleeperWord < words.sleeperWords;
  m.at = m.afterRing;
  // With nobody asleep there is nothing to do: a load of the bell keeps "one call, one operation".
  return operate32(m, mustNotify ? OP.notify32 : OP.load32, words.bell);
}

// -------------------------------------------------------------------------------------------------------- worker

export interface Worker extends Ringer {
  words: Words;
  seat: number;
  allowsBackups: boolean;
  /** The buffer that this worker may write; it changes only by publishing. */
  own: number;
  /** The step for which the gate was passed, -1 for none. */
  entered: number;
  step: number;
  phase: number;
  index: number;
  ctl: bigint;
  bell: number;
  slot: bigint;
  claim: bigint;
  mine: bigint;
  isOpen: boolean;
  lateIndex: number;
  /** Units of (step, phase) known to be done: what saves looking at their words again. */
  known: Uint8Array;
  tag: bigint;
  slotTag: bigint;
  firstClaim: number;
  units: number;
}

const W = {
  boot: 0,
  ringCoordinator: 1,
  notifyCoordinator: 2,
  parkedLook: 3,
  parkedCheck: 4,
  unpark: 5,
  look: 6,
  lookCtl: 7,
  sawCtl: 8,
  gate: 9,
  scanShards: 10,
  sawSlot: 11,
  sawShardClaim: 12,
  claimedShard: 13,
  ranShard: 14,
  published: 15,
  askedLate: 16,
  sawLateClaim: 17,
  claimedBackup: 18,
  scanRanges: 19,
  sawRangeClaim: 20,
  claimedRange: 21,
  didRange: 22,
  markedDone: 23,
  advance: 24,
  decided: 25,
  advanced: 26,
  spun: 27,
  wait: 28,
  waited: 29,
  park: 30,
  left: 31,
  broken: 32,
  backupSlot: 33,
} as const;

/** The machine of one worker thread. `allowsBackups`: idle workers may compute late shards of others a second time. */
export function createWorker(words: Words, seat: number, allowsBackups: boolean): Worker {
  return {
    ...noOperation(),
    words,
    seat,
    allowsBackups,
    at: W.boot,
    afterRing: 0,
    sleeperWord: 0,
    own: -1,
    entered: -1,
    step: -1,
    phase: -1,
    index: 0,
    ctl: -1n,
    bell: 0,
    slot: 0n,
    claim: 0n,
    mine: 0n,
    isOpen: false,
    lateIndex: -1,
    known: new Uint8Array(Math.max(words.shards, words.ranges, words.chunks)),
    tag: 0n,
    slotTag: 0n,
    firstClaim: 0,
    units: 0,
  };
}

/** Decodes a control word that differs from the last one and forgets what was known of the phase before. */
function enterPhase(m: Worker, ctl: bigint): void {
  m.ctl = ctl;
  const step = ctlStep(ctl);
  const phase = ctlPhase(ctl);
  if (step === m.step && phase === m.phase) return; // only a hold bit changed
  const { words } = m;
  m.step = step;
  m.phase = phase;
  m.known.fill(0);
  m.tag = claimTag(step, phase);
  m.slotTag = slotWord(step, 0);
  const isEvaluation = phase >= PHASE.validate && phase < PHASE.halt;
  m.firstClaim = isEvaluation ? words.chunkClaims : phase === PHASE.shards ? words.claims : words.rangeClaims;
  m.units = isEvaluation ? words.chunks : phase === PHASE.shards ? words.shards : words.ranges;
}

/** FREE in (step, phase), or of an older one, which means the same: nothing is ever reset. */
const isFree = (m: Worker, claim: bigint): boolean => claim < m.tag + TAKEN;

/** TAKEN by this seat; a claim freed by a sweep keeps its attempt count. */
function takenWord(m: Worker, claim: bigint): bigint {
  const attempt = claim < m.tag ? 0n : attemptOf(claim) << CLAIM_ATTEMPT;
  return m.tag | TAKEN | attempt | BigInt(m.seat);
}

/** The worker's next operation, given its state and the result of the last one. */
export function workerNext(m: Worker): Op {
  const { words } = m;
  for (;;) {
    switch (m.at) {
      // -- park: only the coordinator un-parks
      case W.boot:
        m.at = W.ringCoordinator;
        return operate32(m, OP.store32, seatWord(words, m.seat), SEAT.parked);
      case W.park:
        // Stored so that an un-park without a deal gives the same buffer back (I3): PARKED follows it.
        m.at = W.boot;
        return operate32(m, OP.store32, ownWord(words, m.seat), m.own);
      case W.ringCoordinator:
        m.at = W.notifyCoordinator;
        return operate32(m, OP.add32, words.coordBell, 1);
      case W.notifyCoordinator:
        m.at = W.parkedLook;
        return operate32(m, OP.notify32, words.coordBell);
      case W.parkedLook:
        m.at = W.parkedCheck;
        return operate32(m, OP.load32, seatWord(words, m.seat));
      case W.parkedCheck:
        if (m.result32 === SEAT.stop) {
          m.at = W.left;
          continue;
        }
        if (m.result32 !== SEAT.run) {
          m.at = W.parkedLook;
          return operate32(m, OP.wait32, seatWord(words, m.seat), SEAT.parked);
        }
        m.at = W.unpark;
        return operate32(m, OP.load32, ownWord(words, m.seat));
      case W.unpark:
        m.own = m.result32;
        m.entered = -1;
        m.step = -1;
        m.ctl = -1n;
        m.at = W.look;
        continue;

      // -- look for work: the bell is read before the control word, and a sleep waits on that value
      case W.look:
        m.at = W.lookCtl;
        return operate32(m, OP.load32, words.bell);
      case W.lookCtl:
        m.bell = m.result32;
        m.at = W.sawCtl;
        return load64(m, words.ctl);
      case W.sawCtl:
        if (m.result64 !== m.ctl) enterPhase(m, m.result64);
        m.isOpen = false;
        m.lateIndex = -1;
        m.index = -1;
        if (m.phase === PHASE.halt) {
          m.at = W.park;
        } else if (m.phase !== PHASE.shards) {
          m.at = W.scanRanges;
        } else if (m.entered === m.step) {
          m.at = W.scanShards;
        } else {
          m.at = W.gate;
          return load64(m, words.runUntil);
        }
        continue;
      case W.gate:
        if (BigInt(m.step) >= m.result64) {
          m.at = W.park;
          continue;
        }
        m.entered = m.step;
        m.at = W.scanShards;
        continue;

      // -- shards
      case W.scanShards:
        do m.index++;
        while (m.index < m.units && m.known[m.index] === 1);
        if (m.index === m.units) {
          m.at = !m.isOpen ? W.advance : m.allowsBackups && m.lateIndex >= 0 ? W.askedLate : W.spun;
          if (m.at === W.askedLate) {
            m.index = m.lateIndex;
            return OP.isLate;
          }
          if (m.at === W.spun) return operate32(m, OP.spin32, words.bell, m.bell);
          continue;
        }
        m.at = W.sawSlot;
        return load64(m, words.slots + m.index);
      case W.sawSlot:
        if (m.result64 >= m.slotTag) {
          m.known[m.index] = 1;
          m.at = W.scanShards;
          continue;
        }
        m.slot = m.result64;
        m.at = W.sawShardClaim;
        return load64(m, m.firstClaim + m.index);
      case W.sawShardClaim:
        m.claim = m.result64;
        if (m.claim >= m.tag + NEXT_TAG) {
          m.at = W.look;
          continue;
        }
        if (!isFree(m, m.claim)) {
          m.isOpen = true;
          if (m.lateIndex < 0) m.lateIndex = m.index;
          m.at = W.scanShards;
          continue;
        }
        m.at = W.claimedShard;
        return compareExchange64(m, m.firstClaim + m.index, m.claim, takenWord(m, m.claim));
      case W.claimedShard:
        if (m.result64 !== m.claim) {
          m.isOpen = true;
          m.at = W.scanShards;
          continue;
        }
        m.at = W.ranShard;
        return OP.runShard;
      case W.ranShard:
        if (m.result32 === 0) {
          m.at = W.look;
          continue;
        }
        // The expected value carries step s-1: whoever comes second loses, and steps never return (I2).
        m.at = W.published;
        return compareExchange64(m, words.slots + m.index, m.slot, m.slotTag | BigInt(m.own));
      case W.published:
        if (m.result64 === m.slot) m.own = slotBuffer(m.slot);
        m.at = W.look;
        continue;

      // -- backup copies of late shards: the claim is advisory, so taking it over changes nothing but who is swept
      case W.askedLate:
        if (m.result32 === 0) {
          m.at = W.spun;
          return operate32(m, OP.spin32, words.bell, m.bell);
        }
        m.at = W.sawLateClaim;
        return load64(m, m.firstClaim + m.index);
      case W.sawLateClaim:
        m.claim = m.result64;
        if (isFree(m, m.claim) || m.claim >= m.tag + NEXT_TAG) {
          m.at = W.look;
          continue;
        }
        if (attemptOf(m.claim) > 0n) {
          m.at = W.spun; // there is a second copy already
          return operate32(m, OP.spin32, words.bell, m.bell);
        }
        m.mine = m.tag | TAKEN | nextAttempt(m.claim) | BigInt(m.seat);
        m.at = W.claimedBackup;
        return compareExchange64(m, m.firstClaim + m.index, m.claim, m.mine);
      case W.claimedBackup:
        if (m.result64 !== m.claim) {
          m.at = W.look;
          continue;
        }
        m.at = W.backupSlot;
        return load64(m, words.slots + m.index);
      case W.backupSlot:
        if (m.result64 >= m.slotTag) {
          m.at = W.look; // published meanwhile
          continue;
        }
        m.slot = m.result64;
        m.at = W.ranShard;
        return OP.runShard;

      // -- ranges and evaluation chunks: an exclusive claim, done when marked DONE
      case W.scanRanges:
        do m.index++;
        while (m.index < m.units && m.known[m.index] === 1);
        if (m.index === m.units) {
          if (!m.isOpen) {
            m.at = W.advance;
            continue;
          }
          m.at = W.spun;
          return operate32(m, OP.spin32, words.bell, m.bell);
        }
        m.at = W.sawRangeClaim;
        return load64(m, m.firstClaim + m.index);
      case W.sawRangeClaim:
        m.claim = m.result64;
        if (m.claim >= m.tag + NEXT_TAG) {
          m.at = W.look;
          continue;
        }
        if (m.claim >= m.tag + DONE) {
          m.known[m.index] = 1;
          m.at = W.scanRanges;
          continue;
        }
        if (!isFree(m, m.claim)) {
          m.isOpen = true;
          m.at = W.scanRanges;
          continue;
        }
        m.mine = takenWord(m, m.claim);
        m.at = W.claimedRange;
        return compareExchange64(m, m.firstClaim + m.index, m.claim, m.mine);
      case W.claimedRange:
        if (m.result64 !== m.claim) {
          m.isOpen = true;
          m.at = W.scanRanges;
          continue;
        }
        m.at = W.didRange;
        return OP.doRange;
      case W.didRange:
        m.at = W.markedDone;
        return compareExchange64(m, m.firstClaim + m.index, m.mine, m.mine + TAKEN); // TAKEN + TAKEN = DONE
      case W.markedDone:
        if (m.result64 !== m.mine) {
          m.at = W.broken;
          continue;
        }
        m.known[m.index] = 1;
        m.at = W.look;
        continue;

      // -- advance: the predicate is "all work is done", so anybody may commit
      case W.advance:
        m.at = W.decided;
        return OP.decide;
      case W.decided: {
        const next = m.result32;
        if (next === PHASE.update && (m.ctl & HOLDS[(m.step + 1) & 1]!) !== 0n) {
          m.at = W.spun; // a reader is copying the generation that UPDATE would write
          return operate32(m, OP.spin32, words.bell, m.bell);
        }
        const hold = m.ctl & HOLD_BITS;
        const isCommit = next === COMMIT || next === COMMIT_AND_HALT;
        const phase = next === COMMIT ? PHASE.shards : next === COMMIT_AND_HALT ? PHASE.halt : next;
        m.at = W.advanced;
        return compareExchange64(m, words.ctl, m.ctl, ctlWord(isCommit ? m.step + 1 : m.step, phase, hold));
      }
      case W.advanced:
        if (m.result64 === m.ctl) ring(m, W.look);
        else m.at = W.look;
        continue;

      // -- sleep: spin, then set the bit, then wait on the value read before looking for work
      case W.spun:
        if (m.result32 === 1) {
          m.at = W.look;
          continue;
        }
        m.at = W.wait;
        return operate32(m, OP.or32, words.sleepers + (m.seat >> 5), 1 << (m.seat & 31));
      case W.wait:
        m.at = W.waited;
        return operate32(m, OP.wait32, words.bell, m.bell);
      case W.waited:
        m.at = W.look;
        return operate32(m, OP.and32, words.sleepers + (m.seat >> 5), ~(1 << (m.seat & 31)));

      case W.left:
        return OP.leave;
      case W.broken:
        return OP.broken;
      default:
        return ringNext(m, words);
    }
  }
}

// --------------------------------------------------------------------------------------------------- coordinator

export interface Coordinator extends Ringer {
  words: Words;
  /** Seats with a live thread; the caller sets one when it starts a thread there. */
  live: Uint8Array;
  /** Seats whose thread is gone for certain (its exit event, or its task ended by itself): swept at the next look. */
  gone: Uint8Array;
  /** Steps below it may be begun. */
  goal: bigint;
  /** Seats whose worker was given a buffer: only those may run; a parked one without brings everybody to a halt for the deal. */
  dealt: Uint8Array;
  /** Nobody may run: for a start together, a stop at once. */
  isHeld: boolean;
  /** Parked seats are told to leave. */
  mustStop: boolean;
  /** An evaluation phase to enter at the next quiet moment, 0 for none. */
  evaluation: number;
  /** What the last look saw. */
  ctl: bigint;
  seats: Int32Array;
  running: number;
  parked: number;
  undealt: number;
  written: bigint;
  seat: number;
  index: number;
  claim: bigint;
  used: Uint8Array;
  buffer: number;
}

const C = {
  rest: 0,
  look: 1,
  findGone: 2,
  sweep: 3,
  sawClaim: 4,
  freedClaim: 5,
  emptied: 6,
  awake: 7,
  swept: 8,
  limit: 9,
  scan: 10,
  sawSeat: 11,
  plan: 12,
  deal: 13,
  sawSlot: 14,
  dealOwn: 15,
  evaluate: 16,
  release: 17,
  notify: 18,
  sawCtl: 19,
  written: 20,
} as const;

/** The coordinator's machine: each `rest` ends one look at everything; the caller sets intents and calls again. */
export function createCoordinator(words: Words): Coordinator {
  return {
    ...noOperation(),
    words,
    at: C.look,
    afterRing: 0,
    sleeperWord: 0,
    live: new Uint8Array(words.seats),
    gone: new Uint8Array(words.seats),
    dealt: new Uint8Array(words.seats),
    goal: 0n,
    isHeld: false,
    mustStop: false,
    evaluation: 0,
    ctl: 0n,
    seats: new Int32Array(words.seats),
    running: 0,
    parked: 0,
    undealt: 0,
    written: 0n,
    seat: 0,
    index: 0,
    claim: 0n,
    used: new Uint8Array(words.shards + words.seats),
    buffer: 0,
  };
}

/** Whether nobody may begin a step: by intent, or because somebody waits for a buffer (I3: dealt only while nobody runs). */
const isHolding = (m: Coordinator): boolean => m.isHeld || m.undealt > 0;

/** What a parked seat is told: nothing (-1), to run, or to leave. */
function orderFor(m: Coordinator): number {
  if (m.mustStop) return SEAT.stop;
  const phase = ctlPhase(m.ctl);
  if (isHolding(m) || phase === PHASE.halt) return -1;
  const isTraining = phase <= PHASE.update;
  return !isTraining || BigInt(ctlStep(m.ctl)) < m.goal ? SEAT.run : -1;
}

/** The coordinator's next operation. Every event is handled in every state, a hold included. */
export function coordinatorNext(m: Coordinator): Op {
  const { words } = m;
  for (;;) {
    switch (m.at) {
      case C.rest:
        m.at = C.look;
        return OP.rest;
      case C.look:
        m.seat = -1;
        m.at = C.findGone;
        continue;

      // -- sweep the claims of threads that are gone: ranges only here, and only then
      case C.findGone:
        do m.seat++;
        while (m.seat < words.seats && m.gone[m.seat] === 0);
        if (m.seat === words.seats) {
          m.at = C.limit;
          continue;
        }
        m.index = -1;
        m.at = C.sweep;
        continue;
      case C.sweep:
        m.index++;
        if (words.claims + m.index === words.count64) {
          m.at = C.emptied;
          return operate32(m, OP.store32, seatWord(words, m.seat), SEAT.empty);
        }
        m.at = C.sawClaim;
        return load64(m, words.claims + m.index);
      case C.sawClaim:
        m.at = C.sweep;
        m.claim = m.result64;
        if (!isTakenBy(m.claim, m.seat)) continue;
        return compareExchange64(
          m,
          words.claims + m.index,
          m.claim,
          ((m.claim >> CLAIM_PHASE) << CLAIM_PHASE) | nextAttempt(m.claim),
        );
      case C.emptied:
        m.at = C.awake;
        return operate32(m, OP.and32, words.sleepers + (m.seat >> 5), ~(1 << (m.seat & 31)));
      case C.awake:
        m.gone[m.seat] = 0;
        m.live[m.seat] = 0;
        m.dealt[m.seat] = 0;
        ring(m, C.swept);
        continue;
      case C.swept:
        m.at = C.findGone;
        m.index = m.seat;
        return OP.freed;

      // -- the limit is written before the seats are read: whoever is seen parked then stays so
      case C.limit: {
        const limit = isHolding(m) ? 0n : m.goal;
        m.at = C.written;
        if (m.written === limit) continue;
        m.written = limit;
        return store64(m, words.runUntil, limit);
      }
      case C.written:
        m.at = C.sawCtl;
        return load64(m, words.ctl);
      case C.sawCtl:
        m.ctl = m.result64;
        m.running = 0;
        m.parked = 0;
        m.undealt = 0;
        m.seat = -1;
        m.at = C.scan;
        continue;
      case C.scan:
        do m.seat++;
        while (m.seat < words.seats && m.live[m.seat] === 0);
        if (m.seat === words.seats) {
          m.at = C.plan;
          continue;
        }
        m.at = C.sawSeat;
        return operate32(m, OP.load32, seatWord(words, m.seat));
      case C.sawSeat:
        m.seats[m.seat] = m.result32;
        if (m.result32 === SEAT.run) m.running++;
        if (m.result32 === SEAT.parked) m.parked++;
        if (m.result32 === SEAT.parked && m.dealt[m.seat] === 0) m.undealt++;
        m.at = C.scan;
        continue;
      case C.plan:
        m.seat = -1;
        m.index = -1;
        m.at = C.release;
        if (m.undealt > 0 && m.written !== 0n) {
          m.at = C.limit;
          continue;
        }
        if (m.running > 0) continue;
        if (m.undealt > 0) {
          m.used.fill(0);
          m.at = C.deal;
        } else if (m.evaluation !== 0 && !m.isHeld && ctlPhase(m.ctl) === PHASE.shards) {
          const next = ctlWord(ctlStep(m.ctl), m.evaluation, m.ctl & HOLD_BITS);
          m.at = C.evaluate;
          return compareExchange64(m, words.ctl, m.ctl, next);
        }
        continue;

      // -- deal: the free buffers are those in no slot; only while nobody runs
      case C.deal:
        m.index++;
        if (m.index === words.shards) {
          m.buffer = -1;
          m.at = C.dealOwn;
          continue;
        }
        m.at = C.sawSlot;
        return load64(m, words.slots + m.index);
      case C.sawSlot:
        m.used[slotBuffer(m.result64)] = 1;
        m.at = C.deal;
        continue;
      case C.dealOwn:
        do m.seat++;
        while (m.seat < words.seats && !(m.live[m.seat] === 1 && m.seats[m.seat] === SEAT.parked));
        if (m.seat === words.seats) {
          m.undealt = 0;
          m.at = C.limit; // look again, let them go
          continue;
        }
        do m.buffer++;
        while (m.used[m.buffer] === 1);
        m.dealt[m.seat] = 1;
        return operate32(m, OP.store32, ownWord(words, m.seat), m.buffer);

      case C.evaluate:
        // A hold bit that came or went meanwhile changes the word: look again.
        if (m.result64 === m.ctl) m.evaluation = 0;
        m.at = C.limit;
        continue;

      // -- let parked seats go (also the strays that parked just before the limit was raised)
      case C.release: {
        const order = orderFor(m);
        do m.seat++;
        while (order >= 0 && m.seat < words.seats && !(m.live[m.seat] === 1 && m.seats[m.seat] === SEAT.parked));
        if (order < 0 || m.seat === words.seats) {
          m.at = C.rest;
          continue;
        }
        m.at = C.notify;
        return operate32(m, OP.store32, seatWord(words, m.seat), order);
      }
      case C.notify:
        m.at = C.release;
        return operate32(m, OP.notify32, seatWord(words, m.seat));
      default:
        return ringNext(m, words);
    }
  }
}

/** Seats at work, or about to be: 0 means that nothing changes until the coordinator lets somebody go. */
export const isQuiet = (m: Coordinator): boolean => m.running === 0 && orderFor(m) !== SEAT.run;

// -------------------------------------------------------------------------------------------------------- reader

export interface Reader extends Ringer {
  words: Words;
  reader: number;
  ctl: bigint;
  generation: number;
  step: number;
}
const R = { look: 0, sawCtl: 1, held: 2, copied: 3, released: 4, left: 5 } as const;

/** The machine of a reader that copies the committed generation while training goes on (0: snapshots). */
export function createReader(words: Words, reader: number): Reader {
  return { ...noOperation(), words, reader, at: R.look, afterRing: 0, sleeperWord: 0, ctl: 0n, generation: 0, step: 0 };
}

/** The reader's next operation: set the bit in the control word itself, copy, clear the bit, ring. */
export function readerNext(m: Reader): Op {
  const { words } = m;
  for (;;) {
    switch (m.at) {
      case R.look:
        m.at = R.sawCtl;
        return load64(m, words.ctl);
      case R.sawCtl:
        m.ctl = m.result64;
        m.step = ctlStep(m.ctl);
        m.generation = m.step & 1;
        m.at = R.held;
        return compareExchange64(m, words.ctl, m.ctl, m.ctl | holdBit(m.generation, m.reader));
      case R.held:
        m.at = m.result64 === m.ctl ? R.copied : R.look;
        if (m.at === R.look) continue;
        return OP.copy;
      case R.copied:
        m.at = R.released;
        m.word = words.ctl;
        m.value64 = ~holdBit(m.generation, m.reader);
        return OP.and64;
      case R.released:
        ring(m, R.left);
        continue;
      case R.left:
        return OP.leave;
      default:
        return ringNext(m, words);
    }
  }
}
