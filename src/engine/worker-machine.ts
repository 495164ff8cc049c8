// The step protocol's worker: from what it last read to the next atomic operation of its thread. Pure; tests run it on a plain array.
//
// Invariants (docs/architecture.md has the table):
//   I1 a claim that succeeds for (step, phase) means that the control word still says (step, phase);
//   I2 slotOf[v] goes from (s-1, .) to (s, .) once a step: each shard counts once, late results lose;
//   I3 buffers are a bijection: V in slots, one a running seat, the rest free;
//   I4 a step assigns cells under a claim and accumulates nothing;
//   I5 generation step & 1 is whole in every reachable state;
//   I6 what can make a sleeper useful is followed by a ring;
//   I7 nothing waits for a particular worker.
import {
  compareExchange64,
  load64,
  noOperation,
  operate32,
  type Ringer,
  ring,
  ringNext,
} from './protocol-operation.ts';
import {
  attemptOf,
  CLAIM_ATTEMPT,
  COMMIT,
  COMMIT_AND_HALT,
  claimTag,
  ctlPhase,
  ctlStep,
  ctlWord,
  DONE,
  HOLD_BITS,
  HOLDS,
  NEXT_TAG,
  nextAttempt,
  OP,
  type Op,
  ownWord,
  PHASE,
  SEAT,
  seatWord,
  slotBuffer,
  slotWord,
  TAKEN,
  type Words,
} from './protocol-words.ts';

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

/** Where a worker's machine goes on when its operation is done. */
export const WORKER_AT = {
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
const W = WORKER_AT;

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
