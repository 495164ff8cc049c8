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
  isTakenBy,
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
import { createReader, READER_AT, type Reader, readerNext } from '#src/engine/reader-machine.js';
import { createWorker, WORKER_AT, type Worker, workerNext } from '#src/engine/worker-machine.js';
import { Canonical, isDealing } from './canonical.ts';
import {
  BELL,
  BUFFER,
  COORDINATOR,
  CRASHES_LEFT,
  DELAYED_RING,
  GENERATION,
  LENGTH,
  MEMORY64,
  NEWS,
  RANGES,
  READER,
  RESIZES_LEFT,
  SEAT_OWN,
  SEAT_STATE,
  SEATS,
  SHARDS,
  SLEEPERS,
  Values,
  W,
  WORKER,
  WORKER_CELLS,
} from './cells.ts';
import { loadCoordinator, loadReader, loadWorker, saveCoordinator, saveReader, saveWorker } from './machine-cells.ts';

export interface ModelSpec {
  hasNorm?: boolean;
  firstStep: number;
  /** The step at which the run is over. */
  endStep: number;
  crashes: number;
  allowsBackups?: boolean;
  /** The second worker leaves at some moment, and at a later one a worker joins in its seat. */
  hasResize?: boolean;
  /** Somebody copies the committed generation, from some moment on; it may be what crashes. */
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

export class Model {
  readonly spec: ModelSpec;
  readonly words = layOutWords({ shards: SHARDS, ranges: RANGES, chunks: 0, seats: SEATS, hasNorm: false });
  readonly #values: Values;
  readonly #slotOf64 = new Map<number, number>();
  readonly #worker: Worker;
  readonly #coordinator: Coordinator;
  readonly #reader: Reader;
  readonly #canonical: Canonical;
  readonly #isReduced: boolean;
  #without: DroppedRule | undefined;
  /** The state under way: one array for all of them. */
  readonly s = new Int32Array(LENGTH);

  /** @param isReduced false: every operation is a move of its own, and states are as they are, whatever of them can still matter */
  constructor(spec: ModelSpec, isReduced = true, values = new Values()) {
    this.spec = spec;
    this.#isReduced = isReduced;
    this.#values = values;
    const { words } = this;
    if (spec.hasNorm) words.hasNorm = true;
    const used = [words.ctl, words.runUntil];
    for (let v = 0; v < SHARDS; v++) used.push(words.slots + v);
    for (let word = words.claims; word < words.count64; word++) used.push(word);
    used.forEach((word, index) => void this.#slotOf64.set(word, index));
    this.#worker = createWorker(words, 0, spec.allowsBackups === true);
    this.#coordinator = createCoordinator(words);
    this.#reader = createReader(words, 0);
    this.#canonical = new Canonical(words, this.#values, spec.allowsBackups === true);
  }

  initial(): Int32Array {
    const { words, spec } = this;
    const w64 = new BigInt64Array(words.count64);
    const w32 = new Int32Array(words.count32);
    initializeWords(words, w64, w32, spec.firstStep);
    this.s.fill(0);
    for (const [word, slot] of this.#slotOf64) this.s[MEMORY64 + slot] = this.#values.id(w64[word]);
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
    saveCoordinator(this.s, this.#values, coordinator, OP.rest);
    this.s[NEWS] = 1;
    for (let seat = 0; seat < SEATS; seat++) this.#spawn(seat);
    if (spec.hasReader) {
      const reader = createReader(words, 0);
      saveReader(this.s, this.#values, reader, readerNext(reader));
    }
    this.#without = undefined;
    this.#start();
    this.#without = spec.without;
    return this.s.slice();
  }

  /** As the engine begins: all stand at the gate, the coordinator deals and lets them go. From here on the order is anybody's. */
  #start(): void {
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      while (this.s[at + W.waits] === 0) this.#moveWorker(seat, 0);
    }
    while (this.#moveCoordinator());
    if (this.#isReduced) this.#canonical.apply(this.s);
  }

  get #step(): number {
    return ctlStep(this.#load(this.words.ctl));
  }

  /** Whether the run is over: all steps done, everybody parked or gone, nothing left to see. */
  isEnd(from: Int32Array): boolean {
    this.s.set(from);
    const { s } = this;
    if (this.#step < this.spec.endStep || s[NEWS] === 1 || s[COORDINATOR] !== OP.rest) return false;
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if (s[at + W.alive] === 1 && !(s[SEAT_STATE + seat] === SEAT.parked && s[at + W.waits] === 2)) return false;
    }
    return true;
  }

  /** Every state that one move leads to from `from`, in an array that the next one overwrites. @throws Violation */
  moves(from: Int32Array, take: (state: Int32Array, isRare: boolean) => void): number {
    let count = 0;
    const move = (make: () => boolean, isRare = false): void => {
      this.s.set(from);
      if (!make()) return;
      if (this.#isReduced) this.#canonical.apply(this.s);
      count++;
      take(this.s, isRare);
    };
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if ((from[at + W.alive] & 1) === 0) continue;
      move(() => this.#moveWorker(seat, 0));
      if (from[at + W.pending] === OP.isLate) move(() => this.#moveWorker(seat, 1));
      if (from[at + W.alive] !== 1 || from[CRASHES_LEFT] === 0) continue;
      move(() => this.#crash(seat), true);
      if (this.#isReduced && from[at + W.isBusy] === 1) move(() => this.#crashWhenDone(seat), true);
    }
    move(() => this.#moveCoordinator());
    // A copy takes long, so that it meets what comes meanwhile.
    if (this.spec.hasReader) move(() => this.#moveReader(), from[READER] === OP.copy);
    if (this.spec.hasReader && from[CRASHES_LEFT] > 0) move(() => this.#crashReader(), true);
    // The coordinator's look is one piece of JavaScript: intents change between two of them.
    if (from[RESIZES_LEFT] > 0 && from[COORDINATOR] === OP.rest) move(() => this.#resize(), true);
    return count;
  }

  /** Of a state of unreduced moves: its reduced form, or undefined where a reduced move or a deal is half done. */
  reducedForm(from: Int32Array): Int32Array | undefined {
    this.s.set(from);
    if (isDealing(from) || from[READER] === OP.and64) return undefined;
    for (let seat = 0; seat < SEATS; seat++) {
      const at = WORKER + seat * WORKER_CELLS;
      if (this.s[at + W.alive] !== 1) continue;
      const m = loadWorker(this.s, this.#values, seat, this.#worker);
      const isFinished = m.at === WORKER_AT.published || m.at === WORKER_AT.markedDone;
      if (isFinished || this.#isAtOnce(m, this.s[at + W.pending], seat)) return undefined;
    }
    if (this.#isAtOnceForCoordinator(this.#coordinatorNow(), this.s[COORDINATOR])) return undefined;
    // A parked seat that is given up has a buffer which nobody reads any more, under any name, until it is told so.
    const { leaving } = this.#coordinatorNow();
    for (let seat = 0; seat < SEATS; seat++) {
      const isParked = this.s[SEAT_STATE + seat] === SEAT.parked;
      if (leaving[seat] === 1 && isParked && this.s[COORDINATOR] !== OP.rest) return undefined;
    }
    this.#canonical.apply(this.s);
    return this.s;
  }

  // -- the threads

  #moveWorker(seat: number, choice: number): boolean {
    const { s } = this;
    const at = WORKER + seat * WORKER_CELLS;
    if (s[at + W.waits] !== 0) return false;
    const m = loadWorker(s, this.#values, seat, this.#worker);
    let op = s[at + W.pending];
    const wasBusy = s[at + W.isBusy] === 1;
    if (wasBusy) this.#finishWork(m, op, at);
    else if (op === OP.isLate) m.result32 = choice;
    else if (this.#perform(op, m, seat)) {
      s[at + W.waits] = m.word === this.words.bell ? 1 : 2;
      // What is left to do when it wakes up is the next operation.
    }
    op = s[at + W.waits] === 0 ? this.#nextOfWorker(m, seat) : workerNext(m);
    if (wasBusy && this.#isReduced) {
      // That it is done is seen by nobody before it is published or marked: one move.
      this.#perform(op, m, seat);
      op = this.#nextOfWorker(m, seat);
    }
    if (op === OP.broken) throw new Violation('a claim was lost that nobody may take');
    if (op === OP.leave) {
      s[at + W.alive] = 2;
      this.#gone(seat);
    }
    if (op === OP.runShard || op === OP.doRange) this.#beginWork(m, op, at);
    saveWorker(this.s, this.#values, m, op);
    return true;
  }

  /** The next operation whose order against those of others matters; the others are done at once. */
  #nextOfWorker(m: Worker, seat: number): number {
    for (;;) {
      const op = workerNext(m);
      if (op === OP.decide) m.result32 = this.#decide(m);
      else if (this.#isReduced && this.#isAtOnce(m, op, seat)) this.#perform(op, m, seat);
      else return op;
    }
  }

  /** What leads to the same now and later, so that other orders are left out. */
  #isAtOnce(m: Worker, op: number, seat: number): boolean {
    const { words } = this;
    // The coordinator looks when there is news; its bell is not waited for here. Loads of the bell after a ring with nobody asleep are idle.
    if (op === OP.notify32) return m.word === words.coordBell;
    if (op === OP.load32 && m.word === words.bell) {
      return m.at === m.afterRing && m.at !== WORKER_AT.lookCtl && this.s[DELAYED_RING + seat] === 0;
    }
    if (op === OP.load32 || op === OP.store32) return m.word === ownWord(words, seat);
    if (op === OP.spin32) return true;
    if (op !== OP.load64) return false;
    // It says "done" already, and always will: a slot published for this step, a range marked done.
    if (m.word >= words.rangeClaims) return this.#load(m.word) >= m.tag + 2n * TAKEN;
    return m.word >= words.slots && m.word < words.claims && this.#load(m.word) >= m.slotTag;
  }

  #decide(m: Worker): number {
    if (m.phase === PHASE.shards) return this.words.hasNorm ? PHASE.norm : PHASE.update;
    return m.phase === PHASE.norm ? PHASE.update : COMMIT;
  }

  #beginWork(m: Worker, op: number, at: number): void {
    const { s } = this;
    s[at + W.isBusy] = 1;
    if (op === OP.runShard) {
      if (m.own < 0) throw new Violation('a worker computes that was dealt no buffer');
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
    s[at + W.isBusy] = 0;
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
    if (worksOn) s[at + W.alive] = 3;
    else this.#forgetThread(seat);
    this.#gone(seat);
    return true;
  }

  /** Before what it has done is published or marked: in reduced moves that is no state of its own. */
  #crashWhenDone(seat: number): boolean {
    if (this.#without === 'sweep ranges only after the thread is gone') return false;
    const m = loadWorker(this.s, this.#values, seat, this.#worker);
    const at = WORKER + seat * WORKER_CELLS;
    this.#finishWork(m, this.s[at + W.pending], at);
    return this.#crash(seat);
  }

  #forgetThread(seat: number): void {
    this.s.fill(0, WORKER + seat * WORKER_CELLS, WORKER + (seat + 1) * WORKER_CELLS);
  }

  #gone(seat: number): void {
    const m = this.#coordinatorNow();
    m.gone[seat] = 1;
    saveCoordinator(this.s, this.#values, m, this.s[COORDINATOR]);
    this.s[NEWS] = 1;
  }

  #spawn(seat: number): void {
    this.s[SEAT_STATE + seat] = SEAT.boot;
    const m = createWorker(this.words, seat, this.spec.allowsBackups === true);
    this.#forgetThread(seat);
    this.s[WORKER + seat * WORKER_CELLS + W.alive] = 1;
    saveWorker(this.s, this.#values, m, this.#nextOfWorker(m, seat));
  }

  #resize(): boolean {
    const { s } = this;
    const m = this.#coordinatorNow();
    const seat = SEATS - 1;
    const isLeaving = s[RESIZES_LEFT] === 2;
    s[RESIZES_LEFT]--;
    m.leaving[seat] = isLeaving ? 1 : 0;
    const mustSpawn = !isLeaving && m.live[seat] === 0;
    if (mustSpawn) m.live[seat] = 1;
    saveCoordinator(this.s, this.#values, m, s[COORDINATOR]);
    if (mustSpawn) this.#spawn(seat);
    s[NEWS] = 1;
    return true;
  }

  #moveCoordinator(): boolean {
    const { s } = this;
    const m = this.#coordinatorNow();
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
    while (this.#isReduced && this.#isAtOnceForCoordinator(m, op)) {
      this.#perform(op, m, -1);
      op = coordinatorNext(m);
    }
    if (hidden) for (let seat = 0; seat < SEATS; seat++) m.gone[seat] |= hidden[seat];
    if (this.#without === 'deal the complement of the slots') m.used.fill(0);
    saveCoordinator(this.s, this.#values, m, op);
    return true;
  }

  #isAtOnceForCoordinator(m: Coordinator, op: number): boolean {
    const { words } = this;
    // Nobody claims anything for a thread that is gone.
    if (op === OP.load64 && m.word >= words.claims) return !isTakenBy(this.#load(m.word), m.seat);
    if (op !== OP.load32 || m.word === words.bell) return false;
    // Parked: nobody but the coordinator changes that.
    const seatState = this.s[this.#place32(m.word)];
    return seatState !== SEAT.run && seatState !== SEAT.boot;
  }

  #coordinatorNow(): Coordinator {
    const isCountless = this.#without === 'deal buffers only while nobody runs';
    const m = isCountless ? countingAgain(this.#coordinator) : this.#coordinator;
    return loadCoordinator(this.s, this.#values, m);
  }

  #moveReader(): boolean {
    const { s } = this;
    const m = loadReader(s, this.#values, this.#reader);
    let op = s[READER];
    if (op === OP.leave) return false;
    do {
      this.#performForReader(m, op);
      op = readerNext(m);
      // A bit that could not be set was as if it had not been tried; that the copy is done is seen by nobody before the bit is cleared.
    } while (this.#isReduced && (op === OP.compareExchange64 || op === OP.and64));
    if (op === OP.copy) this.#checkCopy(m);
    saveReader(s, this.#values, m, op);
    return true;
  }

  #performForReader(m: Reader, op: number): void {
    const isRing = op === OP.add32 && m.word === this.words.bell;
    const isHold = op === OP.compareExchange64 && this.#without === 'copy only under a hold';
    if (op === OP.copy) this.#checkCopy(m);
    else if (isHold) m.result64 = m.expected;
    else if (!(isRing && this.#without === 'a reader rings when it is done')) this.#perform(op, m, -1);
  }

  /** It has set its bit: whoever learns that it is gone clears that, again where it was cleared, and rings. */
  #crashReader(): boolean {
    const { s } = this;
    const pending = s[READER];
    const isHeld =
      pending !== OP.rest && pending !== OP.leave && pending !== OP.load64 && pending !== OP.compareExchange64;
    if (!isHeld) return false;
    s[CRASHES_LEFT]--;
    const m = loadReader(s, this.#values, this.#reader);
    m.at = READER_AT.copied;
    const op = readerNext(m);
    saveReader(s, this.#values, m, op);
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

  #load(word: number): bigint {
    return this.#values.of(this.s[MEMORY64 + this.#slotOf64.get(word)!]);
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
        s[MEMORY64 + this.#slotOf64.get(m.word)!] = this.#values.id(m.value64);
        return false;
      case OP.compareExchange64:
        this.#compareExchange(m, worker);
        return false;
      case OP.and64:
        m.result64 = this.#load(m.word);
        s[MEMORY64 + this.#slotOf64.get(m.word)!] = this.#values.id(m.result64 & m.value64);
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
      if (mine !== 0 && this.s[at + W.waits] === mine) this.s[at + W.waits] = 0;
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
    s[slot] = this.#values.id(m.value64);
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
}

/** For one of the dropped rules: whatever the coordinator counts, nobody runs. */
const NOBODY_RUNS = { get: () => 0, set: () => {}, configurable: true, enumerable: true };

function countingAgain(m: Coordinator): Coordinator {
  Object.defineProperty(m, 'running', { value: 0, writable: true, configurable: true, enumerable: true });
  return m;
}
