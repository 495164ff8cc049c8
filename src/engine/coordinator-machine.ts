// The step protocol's coordinator: from what it last read to its next atomic operation: it opens and closes the gate. Pure.
import {
  compareExchange64,
  load64,
  noOperation,
  operate32,
  type Ringer,
  ring,
  ringNext,
  store64,
} from './protocol-operation.ts';
import {
  CLAIM_PHASE,
  ctlPhase,
  ctlStep,
  ctlWord,
  HOLD_BITS,
  isTakenBy,
  nextAttempt,
  OP,
  type Op,
  ownWord,
  PHASE,
  SEAT,
  seatWord,
  slotBuffer,
  type Words,
} from './protocol-words.ts';

export interface Coordinator extends Ringer {
  words: Words;
  /** Seats with a live thread; the caller sets one when it starts a thread there. */
  live: Uint8Array;
  /** Seats whose thread is gone for certain (its exit event, or its task ended by itself): swept at the next look. */
  gone: Uint8Array;
  /** Steps below it may be begun. */
  goal: bigint;
  /** Seats that shall be given up: everybody parks, and these are told to leave. */
  leaving: Uint8Array;
  /** Seats whose worker was given a buffer: only those may run; a parked one without brings everybody to a halt for the deal. */
  dealt: Uint8Array;
  /** So many seats may train at once, the others stay parked: nothing waits for a particular worker (I7). Set while it is quiet. */
  mostRunning: number;
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
  /** Seats at work that shall be given up. */
  staying: number;
  written: bigint;
  seat: number;
  index: number;
  claim: bigint;
  used: Uint8Array;
  buffer: number;
}

/** Where the coordinator's machine goes on when its operation is done. */
export const COORDINATOR_AT = {
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
const C = COORDINATOR_AT;

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
    leaving: new Uint8Array(words.seats),
    dealt: new Uint8Array(words.seats),
    goal: 0n,
    mostRunning: words.seats,
    isHeld: false,
    mustStop: false,
    evaluation: 0,
    ctl: 0n,
    seats: new Int32Array(words.seats),
    running: 0,
    parked: 0,
    undealt: 0,
    staying: 0,
    written: 0n,
    seat: 0,
    index: 0,
    claim: 0n,
    used: new Uint8Array(words.shards + words.seats),
    buffer: 0,
  };
}

/** Whether nobody may begin a step: by intent, or because somebody leaves or waits for a buffer (I3: dealt only while nobody runs). */
const isHolding = (m: Coordinator): boolean => m.isHeld || m.undealt > 0 || m.staying > 0;

/** Between two steps, or behind the last one of a run that has met its end. */
const isBetweenSteps = (ctl: bigint): boolean => ctlPhase(ctl) === PHASE.shards || ctlPhase(ctl) === PHASE.halt;

/** Whether the seat that is looked at was seen at the gate. */
const isParked = (m: Coordinator): boolean => m.live[m.seat] === 1 && m.seats[m.seat] === SEAT.parked;

/** What a parked seat is told: nothing (-1), to run, or to leave. */
function orderFor(m: Coordinator): number {
  if (m.mustStop) return SEAT.stop;
  const phase = ctlPhase(m.ctl);
  if (isHolding(m) || phase === PHASE.halt) return -1;
  const isTraining = phase <= PHASE.update;
  return !isTraining || BigInt(ctlStep(m.ctl)) < m.goal ? SEAT.run : -1;
}

/** Whether as many train as may; an evaluation is for all seats. */
const isFull = (m: Coordinator): boolean => ctlPhase(m.ctl) <= PHASE.update && m.running >= m.mostRunning;

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
        m.staying = 0;
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
        if (m.result32 === SEAT.run && m.leaving[m.seat] === 1) m.staying++;
        if (m.result32 === SEAT.parked) m.parked++;
        if (m.result32 === SEAT.parked && m.dealt[m.seat] === 0 && m.leaving[m.seat] === 0) m.undealt++;
        m.at = C.scan;
        continue;
      case C.plan:
        m.seat = -1;
        m.index = -1;
        m.at = C.release;
        if (m.written !== (isHolding(m) ? 0n : m.goal)) {
          m.at = C.limit;
          continue;
        }
        if (m.running > 0) continue;
        if (m.undealt > 0) {
          m.used.fill(0);
          m.at = C.deal;
        } else if (m.evaluation !== 0 && !m.isHeld && isBetweenSteps(m.ctl)) {
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
        while (m.seat < words.seats && !(isParked(m) && m.leaving[m.seat] === 0));
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
        do m.seat++;
        while (m.seat < words.seats && !isParked(m));
        if (m.seat === words.seats) {
          m.at = C.rest;
          continue;
        }
        const order = m.leaving[m.seat] === 1 ? SEAT.stop : orderFor(m);
        if (order < 0 || (order === SEAT.run && isFull(m))) continue;
        if (order === SEAT.run) m.running++;
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
