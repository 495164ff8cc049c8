// What the protocol's machines are made of: one operation with its operands and result, and ringing the bell. Pure; any thread.
//
// A machine is a deterministic function of (its local state, the result of its last operation). It touches no memory: it names
// an operation (`Op`), its word and operands, and the caller carries it out and leaves the result in `result64` or `result32`.
// The state is advanced in place, so that a step allocates nothing; whoever explores interleavings copies the state first.
import { OP, type Op, type Words } from './protocol-words.ts';

/** An operation with its operands and its result; every machine carries one. */
export interface Operation {
  word: number;
  expected: bigint;
  value64: bigint;
  value32: number;
  result64: bigint;
  result32: number;
}
export const noOperation = (): Operation => ({
  word: 0,
  expected: 0n,
  value64: 0n,
  value32: 0,
  result64: 0n,
  result32: 0,
});

export function load64(m: Operation, word: number): Op {
  m.word = word;
  return OP.load64;
}
export function compareExchange64(m: Operation, word: number, expected: bigint, value: bigint): Op {
  m.word = word;
  m.expected = expected;
  m.value64 = value;
  return OP.compareExchange64;
}
export function store64(m: Operation, word: number, value: bigint): Op {
  m.word = word;
  m.value64 = value;
  return OP.store64;
}
export function operate32(m: Operation, op: Op, word: number, value = 0): Op {
  m.word = word;
  m.value32 = value;
  return op;
}

/** A machine that can ring: bell + 1 first, then the sleepers (the other order loses a sleeper), then where it was going. */
export interface Ringer extends Operation {
  at: number;
  afterRing: number;
  sleeperWord: number;
}
const RING = 100;
const RING_LOOK = 101;
const RING_CHECK = 102;

export function ring(m: Ringer, after: number): void {
  m.afterRing = after;
  m.at = RING;
}

export function ringNext(m: Ringer, words: Words): Op {
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
