// A state → the one form of all states that nothing which comes can tell apart. What is left out here is checked from outside: the states
// of walks without any of it have their form among those that the search has seen (protocol.test.ts).
import { COORDINATOR_AT } from '#src/engine/coordinator-machine.js';
import {
  CLAIM_PHASE,
  ctlPhase,
  ctlStep,
  ctlWord,
  DONE,
  OP,
  PHASE,
  SEAT,
  slotBuffer,
  slotStep,
  slotWord,
  TAKEN,
  type Words,
} from '#src/engine/protocol-words.js';
import { READER_AT } from '#src/engine/reader-machine.js';
import { WORKER_AT as AT } from '#src/engine/worker-machine.js';
import {
  BELL,
  BUFFER,
  BUFFERS,
  C,
  CLAIMS,
  COORDINATOR,
  MEMORY64,
  NONE,
  R,
  RANGES,
  READER,
  SEAT_OWN,
  SEAT_STATE,
  SEATS,
  SHARDS,
  SLOTS,
  type Values,
  W,
  WORKER,
  WORKER_CELLS,
} from './cells.ts';

// What a worker still reads of what it noted, by where it goes on: the operation before that is pending.
const [INDEX, IS_OPEN, LATE, SLOT, CLAIM, MINE, BELL_READ, PHASE_READ] = [1, 2, 4, 8, 16, 32, 64, 128];
const LIVE = new Uint8Array(200);
LIVE[AT.sawCtl] = BELL_READ;
LIVE[AT.gate] = BELL_READ | PHASE_READ;
LIVE[AT.sawSlot] = INDEX | IS_OPEN | LATE | BELL_READ | PHASE_READ;
LIVE[AT.sawShardClaim] = INDEX | IS_OPEN | LATE | SLOT | BELL_READ | PHASE_READ;
LIVE[AT.claimedShard] = INDEX | LATE | SLOT | CLAIM | BELL_READ | PHASE_READ;
LIVE[AT.ranShard] = INDEX | SLOT | PHASE_READ;
LIVE[AT.published] = INDEX | SLOT | PHASE_READ;
LIVE[AT.askedLate] = INDEX | BELL_READ | PHASE_READ;
LIVE[AT.sawLateClaim] = INDEX | BELL_READ | PHASE_READ;
LIVE[AT.claimedBackup] = INDEX | CLAIM | PHASE_READ;
LIVE[AT.backupSlot] = INDEX | PHASE_READ;
LIVE[AT.sawRangeClaim] = INDEX | IS_OPEN | BELL_READ | PHASE_READ;
LIVE[AT.claimedRange] = INDEX | CLAIM | MINE | BELL_READ | PHASE_READ;
LIVE[AT.didRange] = INDEX | MINE | PHASE_READ;
LIVE[AT.markedDone] = INDEX | MINE | PHASE_READ;
LIVE[AT.advanced] = PHASE_READ;
LIVE[AT.spun] = LIVE[AT.wait] = BELL_READ;
const LAST_PARKED = AT.unpark;
const FIRST_RING = 100;

/** Operations that read `value32`. */
const isUsing32 = (op: number): boolean =>
  op === OP.store32 || op === OP.add32 || op === OP.wait32 || op === OP.spin32 || op === OP.or32 || op === OP.and32;

export class Canonical {
  readonly #words: Words;
  readonly #values: Values;
  readonly #names = new Int32Array(BUFFERS);

  readonly #allowsBackups: boolean;
  readonly #none: number;
  readonly #noCtl: number;

  constructor(words: Words, values: Values, allowsBackups: boolean) {
    this.#words = words;
    this.#values = values;
    this.#allowsBackups = allowsBackups;
    this.#none = values.id(0n);
    this.#noCtl = values.id(-1n);
  }

  /** In place. */
  apply(s: Int32Array): void {
    const ctl = this.#values.of(s[MEMORY64]);
    const [step, phase] = [ctlStep(ctl), ctlPhase(ctl)];
    for (let v = 0; v < RANGES; v++) this.#forgetWho(s, CLAIMS + SHARDS + v);
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if ((s[at + W.alive] & 1) === 0) {
        s.fill(0, at, at + W.alive);
        s.fill(0, at + W.alive + 1, at + WORKER_CELLS);
        continue;
      }
      this.#clearWorker(s, at);
      // Steps never return.
      if (s[at + W.entered] !== step) s[at + W.entered] = NONE;
      // About to read the control word, which is of another phase: of this one nothing is read but what the worker itself has to forget.
      if (s[at + W.at] <= LAST_PARKED || (LIVE[s[at + W.at]] & PHASE_READ) !== 0) continue;
      if (s[at + W.step] !== step || s[at + W.phase] !== phase) this.#forgetPhase(s, at);
    }
    s[BELL] = 1;
    this.#clearCoordinator(s);
    this.#clearReader(s);
    this.#clearBuffers(s);
    this.#renameBuffers(s);
  }

  #clearWorker(s: Int32Array, at: number): void {
    const none = this.#none;
    const next = s[at + W.at];
    const pending = s[at + W.pending];
    const isParked = next <= LAST_PARKED;
    const live = LIVE[next];
    // Only whether a worker's bell is the present one matters: values never return.
    const isPresent = (bell: number): number => (bell === s[BELL] ? 1 : 0);
    s[at + W.bell] = live & BELL_READ ? isPresent(s[at + W.bell]) : 0;
    if (!isUsing32(pending)) s[at + W.value32] = 0;
    else if (s[at + W.word] === this.#words.bell && (pending === OP.spin32 || pending === OP.wait32))
      s[at + W.value32] = isPresent(s[at + W.value32]);
    if (next < FIRST_RING) s[at + W.afterRing] = s[at + W.sleeperWord] = 0;
    if (!(live & INDEX)) s[at + W.index] = NONE;
    if (!(live & IS_OPEN)) s[at + W.isOpen] = 0;
    if (!(live & LATE) || !this.#allowsBackups) s[at + W.lateIndex] = NONE;
    if (!(live & SLOT)) s[at + W.slot] = none;
    if (live & CLAIM) this.#forgetWho(s, at + W.claim);
    else s[at + W.claim] = none;
    if (!(live & MINE)) s[at + W.mine] = none;
    if (pending !== OP.compareExchange64) s[at + W.expected] = s[at + W.value64] = none;
    else this.#forgetWho(s, at + W.expected);
    if (!isParked) return;
    s[at + W.own] = NONE;
    s[at + W.entered] = NONE;
    this.#forgetPhase(s, at);
  }

  #forgetPhase(s: Int32Array, at: number): void {
    const none = this.#none;
    s[at + W.step] = s[at + W.phase] = NONE;
    s[at + W.firstClaim] = s[at + W.units] = 0;
    s[at + W.tag] = s[at + W.slotTag] = none;
    s[at + W.ctl] = this.#noCtl;
  }

  /** Who has done it, at which attempt, is nobody's concern any more: a word is done once in a phase. */
  #forgetWho(s: Int32Array, at: number): void {
    const claim = this.#values.of(s[at]);
    const phase = (claim >> CLAIM_PHASE) << CLAIM_PHASE;
    const isDone = claim >= phase + DONE && claim < phase + DONE + TAKEN;
    if (isDone) s[at] = this.#values.id(phase + DONE);
  }

  #clearCoordinator(s: Int32Array): void {
    const at = COORDINATOR;
    const none = this.#none;
    const pending = s[at];
    const next = s[at + C.at];
    const isSweeping = next === COORDINATOR_AT.sweep || next === COORDINATOR_AT.sawClaim;
    const deals = isDealing(s);
    const isScanning = next === COORDINATOR_AT.sawSeat;
    const knowsSeats = isScanning || deals || next === COORDINATOR_AT.release || next === COORDINATOR_AT.notify;
    const isLimiting = next === COORDINATOR_AT.sawCtl || next === COORDINATOR_AT.written;
    const hasIndex = isSweeping || deals || pending === OP.freed;
    const isRinging = next >= FIRST_RING;
    const hasSeat =
      hasIndex || knowsSeats || (next >= COORDINATOR_AT.emptied && next <= COORDINATOR_AT.swept) || isRinging;
    if (!isRinging) s[at + C.afterRing] = s[at + C.sleeperWord] = 0;
    for (let seat = 0; seat < SEATS; seat++) {
      const isLive = ((s[at + C.live] >> seat) & 1) === 1;
      const isSeen = knowsSeats && (!isScanning || seat < s[at + C.seat]);
      if (!isLive || !isSeen) s[at + C.seats + seat] = 0;
    }
    // Without evaluations nothing but the step is of interest.
    s[at + C.ctl] = knowsSeats ? this.#values.id(ctlWord(ctlStep(this.#values.of(s[at + C.ctl])), PHASE.shards)) : none;
    if (!knowsSeats) s[at + C.running] = 0;
    if (isLimiting) s[at + C.undealt] = s[at + C.staying] = 0;
    if (!hasSeat) s[at + C.seat] = 0;
    if (!hasIndex) s[at + C.index] = 0;
    if (!deals) s[at + C.used] = 0;
    if (next !== COORDINATOR_AT.dealOwn) s[at + C.buffer] = 0;
    if (pending === OP.rest || pending === OP.freed) s[at + C.word] = 0;
    if (!isUsing32(pending)) s[at + C.value32] = 0;
    const isExchanging = pending === OP.compareExchange64;
    if (!isExchanging) s[at + C.claim] = s[at + C.expected] = none;
    if (!isExchanging && pending !== OP.store64) s[at + C.value64] = none;
  }

  #clearReader(s: Int32Array): void {
    const at = READER;
    const pending = s[at];
    // Setting the bit succeeds, or nothing has happened.
    if (pending === OP.compareExchange64) s[at] = OP.load64;
    const isLooking = s[at] === OP.load64;
    if (isLooking) s[at + R.at] = READER_AT.sawCtl;
    if (s[at + R.at] < FIRST_RING) s[at + R.afterRing] = s[at + R.sleeperWord] = 0;
    if (isLooking) s[at + R.generation] = 0;
    if (pending !== OP.copy) s[at + R.step] = 0;
    s[at + R.ctl] = s[at + R.expected] = this.#none;
    if (pending !== OP.and64) s[at + R.value64] = this.#none;
    if (!isUsing32(pending)) s[at + R.value32] = 0;
    if (pending === OP.leave) s.fill(0, at + R.at, at + R.value32 + 1);
  }

  /** What lies in a buffer that nobody can publish is read by nobody; the buffer dealt to a seat is read when it is let go, once. */
  #clearBuffers(s: Int32Array): void {
    for (let seat = 0; seat < SEATS; seat++) {
      const isDealt = ((s[COORDINATOR + C.dealt] >> seat) & 1) === 1;
      const waits = s[WORKER + seat * WORKER_CELLS + W.alive] === 1 && !isRunning(s, seat);
      if (!isDealt || !waits || s[SEAT_STATE + seat] === SEAT.stop) s[SEAT_OWN + seat] = NONE;
    }
    for (let buffer = 0; buffer < BUFFERS; buffer++) if (!this.#isReadable(s, buffer)) s[BUFFER + buffer] = 0;
  }

  #isReadable(s: Int32Array, buffer: number): boolean {
    for (let v = 0; v < SHARDS; v++) if (this.#values.bufferOf[s[SLOTS + v]] === buffer) return true;
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if (isRunning(s, seat) && s[at + W.at] === AT.published && s[at + W.own] === buffer) return true;
    }
    return false;
  }

  /**
   * Buffers differ in nothing but who has them: they are numbered by the slots, the workers and the seats, in this order. A deal takes free
   * ones, which are alike; while it is under way their names stay.
   */
  #renameBuffers(s: Int32Array): void {
    if (isDealing(s) || this.#nameBuffers(s)) return;
    const names = this.#names;
    const values = this.#values;
    const renameSlot = (at: number): void => {
      const word = values.of(s[at]);
      s[at] = values.id(slotWord(slotStep(word), names[slotBuffer(word)]));
    };
    for (let v = 0; v < SHARDS; v++) renameSlot(SLOTS + v);
    for (let seat = 0; seat < SEATS; seat++) {
      if (s[SEAT_OWN + seat] !== NONE) s[SEAT_OWN + seat] = names[s[SEAT_OWN + seat]];
      if (!isRunning(s, seat)) continue;
      const at = WORKER + seat * WORKER_CELLS;
      s[at + W.own] = names[s[at + W.own]];
      if (LIVE[s[at + W.at]] & SLOT) renameSlot(at + W.slot);
      if (s[at + W.at] !== AT.published) continue;
      renameSlot(at + W.expected);
      renameSlot(at + W.value64);
    }
    const contents = s.slice(BUFFER, BUFFER + BUFFERS);
    for (let buffer = 0; buffer < BUFFERS; buffer++) s[BUFFER + names[buffer]] = contents[buffer];
  }

  /** Whether all have the names that they should have. */
  #nameBuffers(s: Int32Array): boolean {
    const names = this.#names.fill(NONE);
    let count = 0;
    let isSame = true;
    const name = (buffer: number): void => {
      if (buffer === NONE || names[buffer] !== NONE) return;
      isSame &&= buffer === count;
      names[buffer] = count++;
    };
    for (let v = 0; v < SHARDS; v++) name(this.#values.bufferOf[s[SLOTS + v]]);
    for (let seat = 0; seat < SEATS; seat++) if (isRunning(s, seat)) name(s[WORKER + seat * WORKER_CELLS + W.own]);
    for (let seat = 0; seat < SEATS; seat++) name(s[SEAT_OWN + seat]);
    for (let buffer = 0; buffer < BUFFERS; buffer++) name(buffer);
    return isSame;
  }
}

/** Buffers have been counted that are in use, by their names. */
export function isDealing(s: Int32Array): boolean {
  const next = s[COORDINATOR + C.at];
  return next === COORDINATOR_AT.sawSlot || next === COORDINATOR_AT.dealOwn;
}

function isRunning(s: Int32Array, seat: number): boolean {
  const at = WORKER + seat * WORKER_CELLS;
  return (s[at + W.alive] & 1) === 1 && s[at + W.at] > LAST_PARKED;
}
