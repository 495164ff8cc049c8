// The engine's own machines on plain arrays: a state as one Int32Array, and every move that the threads and their deaths can make from it.
//
// Atomics are sequentially consistent, so a run is an interleaving of the machines' operations. Waiting has no time limit here: whoever is
// not rung sleeps for ever. The coordinator looks again only when something has happened: that its timer would help counts for nothing.
import { type Coordinator, coordinatorNext, createCoordinator } from '#src/engine/coordinator-machine.js';
import type { Operation } from '#src/engine/protocol-operation.js';
import {
  COMMIT,
  claimTag,
  ctlPhase,
  ctlStep,
  initializeWords,
  layOutWords,
  OP,
  ownWord,
  PHASE,
  SEAT,
  seatWord,
  slotBuffer,
  slotStep,
  TAKEN,
} from '#src/engine/protocol-words.js';
import { createReader, type Reader, readerNext } from '#src/engine/reader-machine.js';
import { createWorker, type Worker, workerNext } from '#src/engine/worker-machine.js';

export interface ModelSpec {
  hasNorm?: boolean;
  firstStep: number;
  /** The step at which the run is over. */
  endStep: number;
  crashes: number;
  allowsBackups?: boolean;
  /** The second worker leaves at some moment, and at a later one a worker joins in its seat. */
  hasResize?: boolean;
  /** Somebody copies the committed generation, from some moment on. */
  hasReader?: boolean;
  /** A rule of PROTOCOL.md section 6 that is dropped. */
  without?: DroppedRule;
}

/** Rules that are needed: without any of these some interleaving gives wrong data (v) or a deadlock (d). */
export const DROPPED_RULES = [
  'publish by compare-and-swap',
  'ring after a sweep',
  'sweep shards',
  'sweep ranges',
  'watch exits in a hold',
  'sweep ranges only after the thread is gone',
  'two generations',
  'copy only under a hold',
  'a reader rings when it is done',
  'read the bell before looking for work',
  'ring after the control word changes',
  'bell + 1 before reading the sleepers',
  'deal buffers only while nobody runs',
  'deal the complement of the slots',
  'only the coordinator un-parks',
  'no backup copies of ranges',
  'a phase ends when all is done',
  'assign, never accumulate',
] as const;
export type DroppedRule = (typeof DROPPED_RULES)[number];

/** An invariant that does not hold, or nothing that can move. */
export class Violation extends Error {}

const SHARDS = 2;
const RANGES = 2;
const SEATS = 2;
const BUFFERS = SHARDS + SEATS;

// The state's cells, one after the other.
const MEMORY64 = 0; // ctl, runUntil, slots, shard claims, range claims: numbers of interned values
const USED64 = 2 + SHARDS + SHARDS + RANGES;
const BELL = MEMORY64 + USED64;
const NEWS = BELL + 1;
const SLEEPERS = NEWS + 1;
const SEAT_STATE = SLEEPERS + 1;
const SEAT_OWN = SEAT_STATE + SEATS;
const BUFFER = SEAT_OWN + SEATS; // step * SHARDS + shard + 1, or 0: torn
const GENERATION = BUFFER + BUFFERS; // [generation][range]: the step that it is whole of, or -1: torn
const WORKER = GENERATION + 2 * RANGES;
const WORKER_CELLS = 30;
const COORDINATOR = WORKER + SEATS * WORKER_CELLS;
const COORDINATOR_CELLS = 36;
const READER = COORDINATOR + COORDINATOR_CELLS;
const READER_CELLS = 14;
const CRASHES_LEFT = READER + READER_CELLS;
const RESIZES_LEFT = CRASHES_LEFT + 1;
const DELAYED_RING = RESIZES_LEFT + 1; // by worker, for one of the dropped rules
const LENGTH = DELAYED_RING + SEATS;

// A worker's cells behind those of its machine.
const ALIVE = 24; // 0 dead, 1 alive, 2 ended by STOP, 3 called gone while it works on (a dropped rule)
const WAITS = 25; // 0 no, 1 for the bell, 2 for its seat
const BUSY = 26;
const PENDING = 27;

const LOOK_AT = 6; // W.look of worker-machine.ts: from here on the last unit's words are of no use

export class Model {
  readonly spec: ModelSpec;
  readonly words = layOutWords({ shards: SHARDS, ranges: RANGES, chunks: 0, seats: SEATS, hasNorm: false });
  readonly #values: bigint[] = [];
  readonly #ids = new Map<bigint, number>();
  readonly #slotOf64 = new Map<number, number>();
  readonly #worker: Worker;
  readonly #coordinator: Coordinator;
  readonly #reader: Reader;
  #without: DroppedRule | undefined;
  /** The state under way. */
  s: Int32Array = new Int32Array(LENGTH);

  constructor(spec: ModelSpec) {
    this.spec = spec;
    const { words } = this;
    if (spec.hasNorm) words.hasNorm = true;
    const used = [words.ctl, words.runUntil];
    for (let v = 0; v < SHARDS; v++) used.push(words.slots + v);
    for (let word = words.claims; word < words.count64; word++) used.push(word);
    used.forEach((word, index) => void this.#slotOf64.set(word, index));
    this.#worker = createWorker(words, 0, spec.allowsBackups === true);
    this.#coordinator = createCoordinator(words);
    this.#reader = createReader(words, 0);
  }

  initial(): Int32Array {
    const { words, spec } = this;
    const w64 = new BigInt64Array(words.count64);
    const w32 = new Int32Array(words.count32);
    initializeWords(words, w64, w32, spec.firstStep);
    this.s = new Int32Array(LENGTH);
    for (const [word, slot] of this.#slotOf64) this.s[MEMORY64 + slot] = this.#id(w64[word]);
    this.s[BELL] = 1;
    for (let r = 0; r < RANGES; r++) {
      this.s[GENERATION + (spec.firstStep & 1) * RANGES + r] = spec.firstStep;
      this.s[GENERATION + ((spec.firstStep + 1) & 1) * RANGES + r] = -1;
    }
    this.s[CRASHES_LEFT] = spec.crashes;
    this.s[RESIZES_LEFT] = spec.hasResize ? 2 : 0;
    const coordinator = createCoordinator(words);
    coordinator.goal = BigInt(spec.endStep);
    coordinator.live.fill(1);
    this.#saveCoordinator(coordinator, OP.rest);
    this.s[NEWS] = 1;
    for (let seat = 0; seat < SEATS; seat++) this.#spawn(seat);
    if (spec.hasReader) this.#saveReader(createReader(words, 0), OP.rest);
    this.#without = undefined;
    this.#start();
    this.#without = spec.without;
    return this.s;
  }

  /** As the engine begins: all stand at the gate, the coordinator deals and lets them go. From here on the order is anybody's. */
  #start(): void {
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      while (this.s[at + WAITS] === 0) this.#moveWorker(seat, 0);
    }
    while (this.#moveCoordinator());
    this.#canonical();
  }

  get #step(): number {
    return ctlStep(this.#load(this.words.ctl));
  }

  /** Whether the run is over: all steps done, everybody parked or gone, nothing left to see. */
  isEnd(s: Int32Array): boolean {
    this.s = s;
    if (this.#step < this.spec.endStep || s[NEWS] === 1 || s[COORDINATOR] !== OP.rest) return false;
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if (s[at + ALIVE] === 1 && !(s[SEAT_STATE + seat] === SEAT.parked && s[at + WAITS] === 2)) return false;
    }
    return true;
  }

  /** Every state that one move leads to from `from`; a copy each. @throws Violation */
  moves(from: Int32Array, take: (state: Int32Array, isRare: boolean) => void): number {
    let count = 0;
    const move = (make: () => boolean, isRare = false): void => {
      this.s = from.slice();
      if (!make()) return;
      this.#canonical();
      count++;
      take(this.s, isRare);
    };
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if ((from[at + ALIVE] & 1) === 0) continue;
      move(() => this.#moveWorker(seat, 0));
      if (from[at + PENDING] === OP.isLate) move(() => this.#moveWorker(seat, 1));
      if (from[at + ALIVE] === 1 && from[CRASHES_LEFT] > 0) move(() => this.#crash(seat), true);
    }
    move(() => this.#moveCoordinator());
    // A copy takes long, so that it meets what comes meanwhile.
    if (this.spec.hasReader) move(() => this.#moveReader(), from[READER] === OP.copy);
    // The coordinator's look is one piece of JavaScript: intents change between two of them.
    if (from[RESIZES_LEFT] > 0 && from[COORDINATOR] === OP.rest) move(() => this.#resize(), true);
    return count;
  }

  // -- the threads

  #moveWorker(seat: number, choice: number): boolean {
    const { s } = this;
    const at = WORKER + seat * WORKER_CELLS;
    if (s[at + WAITS] !== 0) return false;
    const m = this.#loadWorker(seat);
    let op = s[at + PENDING];
    if (s[at + BUSY] === 1) this.#finishWork(m, op, at);
    else if (op === OP.isLate) m.result32 = choice;
    else if (this.#perform(op, m, seat)) {
      s[at + WAITS] = m.word === this.words.bell ? 1 : 2;
      // What is left to do when it wakes up is the next operation.
    }
    op = s[at + WAITS] === 0 ? this.#nextOfWorker(m, seat) : workerNext(m);
    if (op === OP.broken) throw new Violation('a claim was lost that nobody may take');
    if (op === OP.leave) {
      s[at + ALIVE] = 2;
      this.#gone(seat);
    }
    if (op === OP.runShard || op === OP.doRange) this.#beginWork(m, op, at);
    this.#saveWorker(m, seat, op);
    return true;
  }

  /** The next operation whose order against those of others matters; the others are done at once. */
  #nextOfWorker(m: Worker, seat: number): number {
    const { words } = this;
    for (;;) {
      const op = workerNext(m);
      if (op === OP.decide) m.result32 = this.#decide(m);
      else if (op === OP.notify32 && m.word === words.coordBell) continue;
      else if (op === OP.load32 && m.word === words.bell && m.at === m.afterRing && m.at !== LOOK_AT + 1) continue;
      else if (op === OP.load32 && m.word === ownWord(words, seat)) m.result32 = this.s[SEAT_OWN + seat];
      else if (op === OP.store32 && m.word === ownWord(words, seat)) this.s[SEAT_OWN + seat] = m.value32;
      else if (op === OP.spin32) m.result32 = this.s[BELL] === m.value32 ? 0 : 1;
      else if (op === OP.load64 && this.#isSettled(m)) m.result64 = this.#seen(m.word, seat);
      else return op;
    }
  }

  /**
   * What a worker is about to read says "done" already, and always will: a slot published for this step, a range marked done. Reading it
   * now or later leads to the same, so the other orders are left out.
   */
  #isSettled(m: Worker): boolean {
    const { words } = this;
    if (m.word >= words.rangeClaims) return this.#load(m.word) >= m.tag + 2n * TAKEN;
    return m.word >= words.slots && m.word < words.claims && this.#load(m.word) >= m.slotTag;
  }

  #decide(m: Worker): number {
    if (m.phase === PHASE.shards) return this.words.hasNorm ? PHASE.norm : PHASE.update;
    return m.phase === PHASE.norm ? PHASE.update : COMMIT;
  }

  #beginWork(m: Worker, op: number, at: number): void {
    const { s } = this;
    s[at + BUSY] = 1;
    if (op === OP.runShard) {
      for (let v = 0; v < SHARDS; v++) {
        if (slotBuffer(this.#load(this.words.slots + v)) === m.own) {
          throw new Violation(`buffer ${m.own} is in slot ${v} and is written`);
        }
      }
      s[BUFFER + m.own] = 0;
      return;
    }
    this.#checkRange(m);
    if (m.phase === PHASE.update && this.#without !== 'assign, never accumulate') {
      s[this.#generation(m.step + 1, m.index)] = -1;
    }
  }

  #finishWork(m: Worker, op: number, at: number): void {
    const { s } = this;
    s[at + BUSY] = 0;
    if (op === OP.runShard) {
      s[BUFFER + m.own] = m.step * SHARDS + m.index + 1;
      m.result32 = 1;
      return;
    }
    this.#checkRange(m);
    if (m.phase !== PHASE.update) return;
    const cell = this.#generation(m.step + 1, m.index);
    if (this.#without === 'assign, never accumulate') s[cell] = s[cell] === m.step + 1 ? m.step + 2 : m.step + 1;
    else s[cell] = m.step + 1;
  }

  /** A claimed range reads all slots and the old generation: whole, of this step, while the phase is on (I1, I2, I5). */
  #checkRange(m: Worker): void {
    const ctl = this.#load(this.words.ctl);
    if (ctlStep(ctl) !== m.step || ctlPhase(ctl) !== m.phase) throw new Violation('a claim outlived its phase');
    for (let v = 0; v < SHARDS; v++) {
      const slot = this.#load(this.words.slots + v);
      const isWhole = this.s[BUFFER + slotBuffer(slot)] === m.step * SHARDS + v + 1;
      if (slotStep(slot) !== m.step || !isWhole)
        throw new Violation(`slot ${v} of step ${m.step} holds something else`);
    }
    if (this.s[this.#generation(m.step, m.index)] !== m.step) throw new Violation(`generation ${m.step} is torn`);
  }

  #generation(step: number, range: number): number {
    const generation = this.#without === 'two generations' ? this.spec.firstStep & 1 : step & 1;
    return GENERATION + generation * RANGES + range;
  }

  #crash(seat: number): boolean {
    const { s } = this;
    s[CRASHES_LEFT]--;
    const at = WORKER + seat * WORKER_CELLS;
    const worksOn = this.#without === 'sweep ranges only after the thread is gone';
    if (worksOn) s[at + ALIVE] = 3;
    else this.#forgetThread(seat);
    this.#gone(seat);
    return true;
  }

  #forgetThread(seat: number): void {
    this.s.fill(0, WORKER + seat * WORKER_CELLS, WORKER + (seat + 1) * WORKER_CELLS);
  }

  #gone(seat: number): void {
    const m = this.#loadCoordinator();
    m.gone[seat] = 1;
    this.#saveCoordinator(m, this.s[COORDINATOR]);
    this.s[NEWS] = 1;
  }

  #spawn(seat: number): void {
    this.s[SEAT_STATE + seat] = SEAT.boot;
    const m = createWorker(this.words, seat, this.spec.allowsBackups === true);
    this.#forgetThread(seat);
    this.s[WORKER + seat * WORKER_CELLS + ALIVE] = 1;
    this.#saveWorker(m, seat, this.#nextOfWorker(m, seat));
  }

  #resize(): boolean {
    const { s } = this;
    const m = this.#loadCoordinator();
    const seat = SEATS - 1;
    const isLeaving = s[RESIZES_LEFT] === 2;
    s[RESIZES_LEFT]--;
    m.leaving[seat] = isLeaving ? 1 : 0;
    const mustSpawn = !isLeaving && m.live[seat] === 0;
    if (mustSpawn) m.live[seat] = 1;
    this.#saveCoordinator(m, s[COORDINATOR]);
    if (mustSpawn) this.#spawn(seat);
    s[NEWS] = 1;
    return true;
  }

  #moveCoordinator(): boolean {
    const { s } = this;
    const m = this.#loadCoordinator();
    const pending = s[COORDINATOR];
    if (pending === OP.rest) {
      if (s[NEWS] === 0) return false;
      s[NEWS] = 0;
    } else if (pending === OP.freed) {
      if (m.leaving[m.index] === 0) {
        m.live[m.index] = 1;
        this.#spawn(m.index);
      }
    } else {
      const isClaim = pending === OP.compareExchange64 && m.word >= this.words.claims;
      const isDropped =
        (this.#without === 'ring after a sweep' && pending === OP.add32 && m.word === this.words.bell) ||
        (this.#without === 'sweep shards' && isClaim && m.word < this.words.rangeClaims) ||
        (this.#without === 'sweep ranges' && isClaim && m.word >= this.words.rangeClaims);
      if (!isDropped) this.#perform(pending, m, -1);
    }
    if (this.#without === 'deal buffers only while nobody runs') Object.defineProperty(m, 'running', NOBODY_RUNS);
    const hidden = this.#without === 'watch exits in a hold' && m.undealt > 0 ? m.gone.slice() : undefined;
    if (hidden) m.gone.fill(0);
    let op = coordinatorNext(m);
    while (
      op === OP.load32 &&
      m.word !== this.words.bell &&
      s[this.#place32(m.word)] !== SEAT.run &&
      s[this.#place32(m.word)] !== SEAT.boot
    ) {
      // Parked: nobody but the coordinator changes that.
      m.result32 = s[this.#place32(m.word)];
      op = coordinatorNext(m);
    }
    if (hidden) for (let seat = 0; seat < SEATS; seat++) m.gone[seat] |= hidden[seat];
    if (this.#without === 'deal the complement of the slots') m.used.fill(0);
    this.#saveCoordinator(m, op);
    return true;
  }

  #moveReader(): boolean {
    const { s, spec } = this;
    const m = this.#loadReader();
    const pending = s[READER];
    if (pending === OP.leave) return false;
    if (pending === OP.rest) {
      if (this.#step < spec.firstStep) return false;
    } else if (pending === OP.copy) {
      this.#checkCopy(m);
    } else {
      const isRing = pending === OP.add32 && m.word === this.words.bell;
      const isHold = pending === OP.compareExchange64 && this.#without === 'copy only under a hold';
      if (isHold) m.result64 = m.expected;
      else if (!(isRing && this.#without === 'a reader rings when it is done')) this.#perform(pending, m, -1);
    }
    const op = readerNext(m);
    if (op === OP.copy) this.#checkCopy(m);
    this.#saveReader(m, op);
    return true;
  }

  /** At its begin and at its end. */
  #checkCopy(m: Reader): void {
    for (let r = 0; r < RANGES; r++) {
      if (this.s[GENERATION + m.generation * RANGES + r] !== m.step) {
        throw new Violation(`a reader copies generation ${m.step} while it is written`);
      }
    }
  }

  // -- the words

  #id(value: bigint): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#values.push(value) - 1;
      this.#ids.set(value, id);
    }
    return id;
  }

  #load(word: number): bigint {
    return this.#values[this.s[MEMORY64 + this.#slotOf64.get(word)!]];
  }

  #place32(word: number): number {
    const { words } = this;
    if (word === words.bell) return BELL;
    if (word === words.coordBell) return NEWS;
    if (word === words.sleepers) return SLEEPERS;
    for (let seat = 0; seat < SEATS; seat++) {
      if (word === seatWord(words, seat)) return SEAT_STATE + seat;
      if (word === ownWord(words, seat)) return SEAT_OWN + seat;
    }
    throw new Error(`no such word: ${word}`);
  }

  /** Does an operation; true where the thread goes to sleep. */
  #perform(op: number, m: Operation, worker: number): boolean {
    const { s, words } = this;
    switch (op) {
      case OP.load64:
        m.result64 = this.#seen(m.word, worker);
        return false;
      case OP.store64:
        s[MEMORY64 + this.#slotOf64.get(m.word)!] = this.#id(m.value64);
        return false;
      case OP.compareExchange64:
        this.#compareExchange(m, worker);
        return false;
      case OP.and64:
        m.result64 = this.#load(m.word);
        s[MEMORY64 + this.#slotOf64.get(m.word)!] = this.#id(m.result64 & m.value64);
        return false;
      case OP.load32:
        m.result32 = s[this.#place32(m.word)];
        if (worker >= 0 && m.word === words.bell) this.#ringLate(worker);
        if (worker >= 0 && this.#without === 'only the coordinator un-parks' && m.word === seatWord(words, worker)) {
          m.result32 = SEAT.run;
        }
        return false;
      case OP.store32:
        s[this.#place32(m.word)] = m.value32;
        return false;
      case OP.add32:
        if (m.word === words.coordBell) s[NEWS] = 1;
        else if (worker >= 0 && this.#without === 'bell + 1 before reading the sleepers') s[DELAYED_RING + worker] = 1;
        else if (worker < 0 || this.#without !== 'ring after the control word changes') s[BELL]++;
        return false;
      case OP.or32:
        s[SLEEPERS] |= m.value32;
        m.result32 = 0;
        return false;
      case OP.and32:
        s[SLEEPERS] &= m.value32;
        return false;
      case OP.spin32:
        m.result32 = s[BELL] === m.value32 ? 0 : 1;
        return false;
      case OP.wait32:
        if (m.word === words.bell && this.#without === 'read the bell before looking for work') return true;
        return s[this.#place32(m.word)] === m.value32;
      case OP.notify32:
        this.#wake(m.word);
        if (worker >= 0) this.#ringLate(worker);
        return false;
      default:
        throw new Error(`unexpected operation ${op}`);
    }
  }

  #ringLate(worker: number): void {
    if (this.s[DELAYED_RING + worker] === 1) this.s[BELL]++;
    this.s[DELAYED_RING + worker] = 0;
  }

  #wake(word: number): void {
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      const mine = word === this.words.bell ? 1 : word === seatWord(this.words, seat) ? 2 : 0;
      if (mine !== 0 && this.s[at + WAITS] === mine) this.s[at + WAITS] = 0;
    }
  }

  /** What a worker sees of a word, with some rules dropped. */
  #seen(word: number, worker: number): bigint {
    const value = this.#load(word);
    if (worker < 0 || word < this.words.rangeClaims) return value;
    const isTaken = ((value >> 18n) & 3n) === 1n;
    if (!isTaken) return value;
    if (this.#without === 'a phase ends when all is done') return value + TAKEN;
    const ctl = this.#load(this.words.ctl);
    if (this.#without === 'no backup copies of ranges') return claimTag(ctlStep(ctl), ctlPhase(ctl));
    return value;
  }

  #compareExchange(m: Operation, worker: number): void {
    const { words, s } = this;
    const slot = MEMORY64 + this.#slotOf64.get(m.word)!;
    m.result64 = this.#load(m.word);
    const isPublish = m.word >= words.slots && m.word < words.slots + SHARDS;
    if (isPublish && this.#without === 'publish by compare-and-swap') m.result64 = m.expected;
    // A range that somebody has claimed is taken over as if it were free.
    const isTaking = worker >= 0 && m.word >= words.rangeClaims && ((m.expected >> 18n) & 3n) === 0n;
    if (isTaking && this.#without === 'no backup copies of ranges' && m.result64 < m.expected + 2n * TAKEN) {
      m.result64 = m.expected;
    }
    if (m.result64 !== m.expected) return;
    const before = this.#step;
    s[slot] = this.#id(m.value64);
    if (m.word !== words.ctl) return;
    if (this.#step !== before) this.#checkCommit(before);
  }

  #checkCommit(before: number): void {
    if (this.#step !== before + 1) throw new Violation(`step ${before} was followed by ${this.#step}`);
    for (let r = 0; r < RANGES; r++) {
      if (this.s[this.#generation(this.#step, r)] !== this.#step)
        throw new Violation(`step ${before} was committed torn`);
    }
  }

  /** Only whether a worker's bell is the present one matters: values never return. */
  #canonical(): void {
    const { s } = this;
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      s[at + 8] = s[at + 8] === s[BELL] ? 1 : 0;
      if (s[at + 13] > 0 || s[at + PENDING] === OP.spin32 || s[at + PENDING] === OP.wait32) {
        const isBell = s[at + 12] === this.words.bell;
        if (isBell && (s[at + PENDING] === OP.spin32 || s[at + PENDING] === OP.wait32)) s[at + 13] = s[at + 8];
      }
    }
    s[BELL] = 1;
  }

  // -- machines in and out of the state; what no later operation reads is cleared, so that equal states are equal

  #loadWorker(seat: number): Worker {
    const { s } = this;
    const m = this.#worker;
    const at = WORKER + seat * WORKER_CELLS;
    const v = this.#values;
    m.seat = seat;
    m.at = s[at];
    m.afterRing = s[at + 1];
    m.sleeperWord = s[at + 2];
    m.own = s[at + 3];
    m.entered = s[at + 4];
    m.step = s[at + 5];
    m.phase = s[at + 6];
    m.index = s[at + 7];
    m.bell = s[at + 8];
    m.isOpen = (s[at + 9] & 1) === 1;
    for (let unit = 0; unit < m.known.length; unit++) m.known[unit] = (s[at + 9] >> (unit + 1)) & 1;
    m.lateIndex = s[at + 10];
    m.firstClaim = s[at + 11];
    m.word = s[at + 12];
    m.value32 = s[at + 13];
    m.ctl = v[s[at + 14]];
    m.slot = v[s[at + 15]];
    m.claim = v[s[at + 16]];
    m.mine = v[s[at + 17]];
    m.expected = v[s[at + 18]];
    m.value64 = v[s[at + 19]];
    m.tag = v[s[at + 20]];
    m.slotTag = v[s[at + 21]];
    m.units = s[at + 22];
    return m;
  }

  #saveWorker(m: Worker, seat: number, op: number): void {
    const { s } = this;
    const at = WORKER + seat * WORKER_CELLS;
    const isParked = m.at <= 5;
    const isRinging = m.at >= 100;
    const isBetween = m.at <= 8 || (m.at >= 26 && m.at <= 30) || isRinging;
    let known = m.isOpen && !isBetween ? 1 : 0;
    if (!isParked) for (let unit = 0; unit < m.known.length; unit++) known |= m.known[unit] << (unit + 1);
    const uses64 = op === OP.compareExchange64;
    s[at] = m.at;
    s[at + 1] = isRinging ? m.afterRing : 0;
    s[at + 2] = isRinging ? m.sleeperWord : 0;
    s[at + 3] = isParked ? 0 : m.own;
    s[at + 4] = isParked ? -1 : m.entered;
    s[at + 5] = isParked ? -1 : m.step;
    s[at + 6] = isParked ? -1 : m.phase;
    s[at + 7] = isBetween ? -1 : m.index;
    s[at + 8] = m.at <= 7 || isRinging || m.at === 26 ? 0 : m.bell;
    s[at + 9] = known;
    s[at + 10] = isBetween ? -1 : m.lateIndex;
    s[at + 11] = isParked ? 0 : m.firstClaim;
    s[at + 12] = m.word;
    s[at + 13] =
      op === OP.store32 || op === OP.wait32 || op === OP.spin32 || op === OP.or32 || op === OP.and32 ? m.value32 : 0;
    s[at + 14] = isParked ? this.#id(-1n) : this.#id(m.ctl);
    s[at + 15] = isBetween ? 0 : this.#id(m.slot);
    s[at + 16] = isBetween ? 0 : this.#id(m.claim);
    s[at + 17] = isBetween ? 0 : this.#id(m.mine);
    s[at + 18] = uses64 ? this.#id(m.expected) : 0;
    s[at + 19] = uses64 ? this.#id(m.value64) : 0;
    s[at + 20] = isParked ? 0 : this.#id(m.tag);
    s[at + 21] = isParked ? 0 : this.#id(m.slotTag);
    s[at + 22] = isParked ? 0 : m.units;
    s[at + PENDING] = op;
  }

  #loadCoordinator(): Coordinator {
    const { s } = this;
    const m =
      this.#without === 'deal buffers only while nobody runs' ? countingAgain(this.#coordinator) : this.#coordinator;
    const at = COORDINATOR + 1;
    const v = this.#values;
    m.at = s[at];
    m.afterRing = s[at + 1];
    m.sleeperWord = s[at + 2];
    for (let seat = 0; seat < SEATS; seat++) {
      m.live[seat] = (s[at + 3] >> seat) & 1;
      m.gone[seat] = (s[at + 4] >> seat) & 1;
      m.dealt[seat] = (s[at + 5] >> seat) & 1;
      m.leaving[seat] = (s[at + 6] >> seat) & 1;
      m.seats[seat] = s[at + 7 + seat];
    }
    m.ctl = v[s[at + 10]];
    m.running = s[at + 11];
    m.parked = s[at + 12];
    m.undealt = s[at + 13];
    m.staying = s[at + 14];
    m.written = v[s[at + 15]];
    m.seat = s[at + 16];
    m.index = s[at + 17];
    m.claim = v[s[at + 18]];
    for (let buffer = 0; buffer < BUFFERS; buffer++) m.used[buffer] = (s[at + 19] >> buffer) & 1;
    m.buffer = s[at + 20];
    m.word = s[at + 21];
    m.value32 = s[at + 22];
    m.expected = v[s[at + 23]];
    m.value64 = v[s[at + 24]];
    m.goal = v[s[at + 25]];
    return m;
  }

  #saveCoordinator(m: Coordinator, op: number): void {
    const { s } = this;
    s[COORDINATOR] = op;
    const at = COORDINATOR + 1;
    const isResting = op === OP.rest;
    const bits = (array: Uint8Array): number => array.reduce((sum, bit, index) => sum | (bit << index), 0);
    s[at] = m.at;
    s[at + 1] = m.at >= 100 ? m.afterRing : 0;
    s[at + 2] = m.at >= 100 ? m.sleeperWord : 0;
    s[at + 3] = bits(m.live);
    s[at + 4] = bits(m.gone);
    s[at + 5] = bits(m.dealt);
    s[at + 6] = bits(m.leaving);
    for (let seat = 0; seat < SEATS; seat++) s[at + 7 + seat] = isResting ? 0 : m.seats[seat];
    s[at + 10] = this.#id(isResting ? 0n : m.ctl);
    s[at + 11] = isResting ? 0 : m.running;
    s[at + 12] = isResting ? 0 : m.parked;
    s[at + 13] = m.undealt;
    s[at + 14] = m.staying;
    s[at + 15] = this.#id(m.written);
    s[at + 16] = isResting ? 0 : m.seat;
    s[at + 17] = isResting ? 0 : m.index;
    s[at + 18] = this.#id(op === OP.compareExchange64 || op === OP.load64 ? m.claim : 0n);
    s[at + 19] = isResting ? 0 : bits(m.used);
    s[at + 20] = isResting ? 0 : m.buffer;
    s[at + 21] = isResting ? 0 : m.word;
    s[at + 22] = op === OP.store32 || op === OP.and32 ? m.value32 : 0;
    s[at + 23] = this.#id(op === OP.compareExchange64 ? m.expected : 0n);
    s[at + 24] = this.#id(op === OP.compareExchange64 || op === OP.store64 ? m.value64 : 0n);
    s[at + 25] = this.#id(m.goal);
  }

  #loadReader(): Reader {
    const { s } = this;
    const m = this.#reader;
    const at = READER + 1;
    const v = this.#values;
    m.at = s[at];
    m.afterRing = s[at + 1];
    m.sleeperWord = s[at + 2];
    m.ctl = v[s[at + 3]];
    m.generation = s[at + 4];
    m.step = s[at + 5];
    m.word = s[at + 6];
    m.expected = v[s[at + 7]];
    m.value64 = v[s[at + 8]];
    m.value32 = s[at + 9];
    return m;
  }

  #saveReader(m: Reader, op: number): void {
    const { s } = this;
    s[READER] = op;
    const at = READER + 1;
    s[at] = m.at;
    s[at + 1] = m.at >= 100 ? m.afterRing : 0;
    s[at + 2] = m.at >= 100 ? m.sleeperWord : 0;
    s[at + 3] = this.#id(op === OP.compareExchange64 ? m.ctl : 0n);
    s[at + 4] = m.generation;
    s[at + 5] = m.step;
    s[at + 6] = m.word;
    s[at + 7] = this.#id(op === OP.compareExchange64 ? m.expected : 0n);
    s[at + 8] = this.#id(op === OP.compareExchange64 || op === OP.and64 ? m.value64 : 0n);
    s[at + 9] = op === OP.add32 ? m.value32 : 0;
  }
}

/** For one of the dropped rules: whatever the coordinator counts, nobody runs. */
const NOBODY_RUNS = { get: () => 0, set: () => {}, configurable: true, enumerable: true };

function countingAgain(m: Coordinator): Coordinator {
  Object.defineProperty(m, 'running', { value: 0, writable: true, configurable: true, enumerable: true });
  return m;
}
