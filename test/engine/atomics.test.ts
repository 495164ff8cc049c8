// The operations on words: hand-worked on small arrays; waiting and waking against a second thread, gated on words alone.
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { bump, changeOf, currentWord32, currentWord64, perform } from '#src/engine/atomics.js';
import type { Operation } from '#src/engine/protocol-operation.js';
import { OP, type Op } from '#src/engine/protocol-words.js';

const words = () => ({
  words64: new BigInt64Array(new SharedArrayBuffer(4 * 8)),
  words32: new Int32Array(new SharedArrayBuffer(4 * 4)),
});
const UNTOUCHED = -99;
const operation = (keys: Partial<Operation>): Operation => ({
  word: 1,
  expected: 0n,
  value64: 0n,
  value32: 0,
  result64: BigInt(UNTOUCHED),
  result32: UNTOUCHED,
  ...keys,
});

describe('perform leaves the old value in the result and the new one in the word', () => {
  const large = 2n ** 51n + 3n;
  it.each<[keyof typeof OP, bigint, Partial<Operation>, bigint, bigint | undefined]>([
    ['load64', large, {}, large, large],
    ['store64', 5n, { value64: large }, large, undefined],
    ['compareExchange64', 5n, { expected: 5n, value64: large }, large, 5n],
    ['compareExchange64', 5n, { expected: 4n, value64: large }, 5n, 5n],
    ['and64', 0b1110n, { value64: ~0b0100n }, 0b1010n, 0b1110n],
  ])('%s on %s', (name, before, operands, after, result) => {
    const control = words();
    control.words64.fill(before);
    const m = operation(operands);
    perform(OP[name], m, control, 0);
    expect([...control.words64]).toEqual([before, after, before, before]);
    expect(m.result64).toBe(result ?? BigInt(UNTOUCHED));
    expect([...control.words32]).toEqual([0, 0, 0, 0]);
  });

  it.each<[keyof typeof OP, number, Partial<Operation>, number, number | undefined]>([
    ['load32', 7, {}, 7, 7],
    ['store32', 7, { value32: -2 }, -2, undefined],
    ['add32', 7, { value32: 1 }, 8, 7],
    // The bell wraps.
    ['add32', 2 ** 31 - 1, { value32: 1 }, -(2 ** 31), 2 ** 31 - 1],
    ['or32', 0b0101, { value32: 0b0010 }, 0b0111, 0b0101],
    // Seat 31's bit is the sign.
    ['or32', 1, { value32: 1 << 31 }, (1 << 31) | 1, 1],
    ['and32', 0b0111, { value32: ~0b0010 }, 0b0101, 0b0111],
    ['notify32', 7, {}, 7, undefined],
    ['spin32', 7, { value32: 7 }, 7, 0],
    ['spin32', 8, { value32: 7 }, 8, 1],
    ['wait32', 8, { value32: 7 }, 8, undefined],
  ])('%s on %s', (name, before, operands, after, result) => {
    const control = words();
    control.words32.fill(before);
    const m = operation(operands);
    perform(OP[name], m, control, 5);
    expect([...control.words32]).toEqual([before, after, before, before]);
    expect(m.result32).toBe(result ?? UNTOUCHED);
    expect([...control.words64]).toEqual([0n, 0n, 0n, 0n]);
  });

  it('spin32 with no turns does not look at all', () => {
    const control = words();
    control.words32.fill(8);
    const m = operation({ value32: 7 });
    perform(OP.spin32, m, control, 0);
    expect(m.result32).toBe(0);
  });

  it.each(['runShard', 'doRange', 'decide', 'leave', 'rest', 'copy', 'broken'] as const)(
    'refuses %s, which is no operation on a word',
    (name) => {
      expect(() => perform(OP[name] as Op, operation({}), words(), 0)).toThrow(
        `atomics: expected an operation on a word, got ${OP[name]}; this is a fault in lockstep`,
      );
    },
  );
});

/** Runs `body` in a thread, `words` and `Atomics` at hand. */
function inThread(words32: Int32Array, body: string): Promise<void> {
  const worker = new Worker(`const { workerData: words } = require('node:worker_threads'); ${body}`, {
    eval: true,
    workerData: words32,
  });
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

describe('between threads', () => {
  it('wait32 returns when another thread has changed the word and notified', { timeout: 20_000 }, async () => {
    const control = words();
    // Word 0 says that this thread is about to wait; the other one then changes word 1.
    const done = inThread(
      control.words32,
      'Atomics.wait(words, 0, 0); Atomics.store(words, 1, 5); Atomics.notify(words, 1);',
    );
    perform(OP.store32, operation({ word: 0, value32: 1 }), control, 0);
    perform(OP.notify32, operation({ word: 0 }), control, 0);
    while (currentWord32(control.words32, 1) === 0) perform(OP.wait32, operation({ value32: 0 }), control, 0);
    expect(currentWord32(control.words32, 1)).toBe(5);
    await done;
  });

  it('notify32 wakes everybody who waits on the word', { timeout: 20_000 }, async () => {
    const control = words();
    // They wait without a time limit for a word that never changes: only a notification lets them go on.
    const body = 'Atomics.wait(words, 1, 0); Atomics.add(words, 2, 1);';
    const done = Promise.all([inThread(control.words32, body), inThread(control.words32, body)]);
    while (currentWord32(control.words32, 2) < 2) {
      perform(OP.notify32, operation({}), control, 0);
      // Threads start with the help of this one's event loop.
      await new Promise(setImmediate);
    }
    await done;
  });

  it('changeOf resolves when another thread bumps the word', { timeout: 20_000 }, async () => {
    const control = words();
    const done = inThread(control.words32, 'Atomics.add(words, 1, 1); Atomics.notify(words, 1);');
    while (currentWord32(control.words32, 1) === 0) await changeOf(control.words32, 1, 0, 60_000);
    await done;
  });
});

describe('changeOf', () => {
  it('resolves at once where the word is another already', async () => {
    const control = words();
    control.words32[1] = 3;
    await changeOf(control.words32, 1, 2, 2 ** 30);
  });

  it('resolves after its time where nothing changes', async () => {
    await changeOf(words().words32, 1, 0, 1);
  });

  it('resolves on a bump, long before its time', { timeout: 20_000 }, async () => {
    const control = words();
    const change = changeOf(control.words32, 1, 0, 60_000);
    bump(control.words32, 1);
    await change;
    expect([...control.words32]).toEqual([0, 1, 0, 0]);
  });
});

it('currentWord reads a word as it is', () => {
  const control = words();
  control.words64[2] = -5n;
  control.words32[3] = 9;
  expect([currentWord64(control.words64, 2), currentWord32(control.words32, 3)]).toEqual([-5n, 9]);
});
