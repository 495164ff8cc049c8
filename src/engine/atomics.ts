// Carries out the protocol's operations on shared memory: the only file that uses Atomics. Any thread.
import type { Operation } from './protocol-operation.ts';
import { OP, type Op } from './protocol-words.ts';

/** The control words: 64-bit ones for steps and claims, 32-bit ones to wait on. */
export interface ControlWords {
  words64: BigInt64Array;
  words32: Int32Array;
}

// A belt: every wait looks again after a second, though a ring always comes.
const WAIT_MS = 1000;

/**
 * Does one operation of a machine and leaves the old value in its result. Sequentially consistent; plain data before a
 * store, compare-exchange or add is seen by whoever reads that word afterwards.
 */
export function perform(
  op: Op,
  m: Operation,
  { words64, words32 }: ControlWords,
  spinTurns: number,
  waitMs = WAIT_MS,
): void {
  switch (op) {
    case OP.load64:
      m.result64 = Atomics.load(words64, m.word);
      return;
    case OP.store64:
      Atomics.store(words64, m.word, m.value64);
      return;
    case OP.compareExchange64:
      m.result64 = Atomics.compareExchange(words64, m.word, m.expected, m.value64);
      return;
    case OP.and64:
      m.result64 = Atomics.and(words64, m.word, m.value64);
      return;
    case OP.load32:
      m.result32 = Atomics.load(words32, m.word);
      return;
    case OP.store32:
      Atomics.store(words32, m.word, m.value32);
      return;
    case OP.add32:
      m.result32 = Atomics.add(words32, m.word, m.value32);
      return;
    case OP.or32:
      m.result32 = Atomics.or(words32, m.word, m.value32);
      return;
    case OP.and32:
      m.result32 = Atomics.and(words32, m.word, m.value32);
      return;
    case OP.wait32:
      Atomics.wait(words32, m.word, m.value32, waitMs);
      return;
    case OP.notify32:
      Atomics.notify(words32, m.word);
      return;
    case OP.spin32:
      m.result32 = spin(words32, m.word, m.value32, spinTurns);
      return;
    default:
      throw new Error(`atomics: expected an operation on a word, got ${op}; this is a fault in lockstep`);
  }
}

function spin(words32: Int32Array, word: number, value: number, turns: number): number {
  for (let turn = 0; turn < turns; turn++) if (Atomics.load(words32, word) !== value) return 1;
  return 0;
}

/** A word as it is now; between kernels a worker looks whether the step has moved on. */
export const currentWord64 = (words64: BigInt64Array, word: number): bigint => Atomics.load(words64, word);
export const currentWord32 = (words32: Int32Array, word: number): number => Atomics.load(words32, word);

/**
 * Resolves when the word is no longer `value`, or after `timeoutMs`. For the coordinator, whose event loop must go on:
 * Atomics.wait would block Ctrl-C and timers. The timer keeps the process alive, waitAsync does not.
 */
export async function changeOf(words32: Int32Array, word: number, value: number, timeoutMs: number): Promise<void> {
  const wait = (Atomics as unknown as WithWaitAsync).waitAsync(words32, word, value, timeoutMs);
  if (!wait.async) return;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([wait.value, timeout]);
  clearTimeout(timer);
}

// In ES2024's library, not in ES2023's.
interface WithWaitAsync {
  waitAsync(
    array: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): { async: false; value: string } | { async: true; value: Promise<string> };
}

/** Wakes whoever waits on the word and changes it, so that nobody misses it. */
export function bump(words32: Int32Array, word: number): void {
  Atomics.add(words32, word, 1);
  Atomics.notify(words32, word);
}

/** Sleeps until the word is no longer `value`, or for `timeoutMs`. It blocks its thread. */
export function sleepOn(words32: Int32Array, word: number, value: number, timeoutMs: number): void {
  Atomics.wait(words32, word, value, timeoutMs);
}

/** Stores a word and wakes whoever waits on it; what was written before is seen by whoever reads it afterwards. */
export function publishWord32(words32: Int32Array, word: number, value: number): void {
  Atomics.store(words32, word, value);
  Atomics.notify(words32, word);
}

/** Whether a worker waits for the bell: its bit among the sleepers. */
export const isAsleep = (words32: Int32Array, sleepers: number, seat: number): boolean =>
  ((Atomics.load(words32, sleepers + (seat >> 5)) >>> (seat & 31)) & 1) === 1;

/** Sets a bit of a word; true for the one that did. */
export function raiseBit(words32: Int32Array, word: number, bit: number): boolean {
  return ((Atomics.or(words32, word, 1 << bit) >>> bit) & 1) === 0;
}
