// The order of streamed samples: a permutation in every epoch, for any blocks and windows, and the bounds that memory is laid out by.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BlockOrder,
  epochWindows,
  mostWindowSamples,
  mostWindowsTouched,
  windowAt,
  windowBlocksOf,
  windowPositions,
  windowsPerEpoch,
} from '#src/data/block-order.js';

const orders = fc.record({
  seed: fc.nat(),
  isShuffled: fc.boolean(),
  windowBlocks: fc.integer({ min: 1, max: 7 }),
  counts: fc
    .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 })
    .map((counts) => Uint32Array.from(counts)),
});

/** An epoch's samples as (block, index in it), worked out position by position. */
function epochOrder(order: BlockOrder, epoch: number): string[] {
  const windows = epochWindows(order, epoch);
  return Array.from({ length: windowsPerEpoch(order) }, (_, window) => {
    const samples = [...windowBlocksOf(order, windows, window)].flatMap((block) =>
      Array.from({ length: order.counts[block] }, (_, i) => `${block}:${i}`),
    );
    return [...windowPositions(order, windows, window)].map((index) => samples[index]);
  }).flat();
}

describe('the order of blocks', () => {
  it('has every sample exactly once in every epoch', () => {
    fc.assert(
      fc.property(orders, fc.nat(5), (order, epoch) => {
        const all = [...order.counts].flatMap((count, block) =>
          Array.from({ length: count }, (_, i) => `${block}:${i}`),
        );
        const got = epochOrder(order, epoch);
        expect([...got].sort()).toEqual(all.sort());
        expect(epochOrder(order, epoch)).toEqual(got);
      }),
    );
  });

  it('is the order of the files where nothing is shuffled, and another one in each epoch where it is', () => {
    const order = { seed: 3, isShuffled: false, windowBlocks: 3, counts: Uint32Array.of(4, 4, 4, 4, 4, 4, 4, 2) };
    const plain = [...order.counts].flatMap((count, block) => Array.from({ length: count }, (_, i) => `${block}:${i}`));
    expect(epochOrder(order, 0)).toEqual(plain);
    expect(epochOrder(order, 1)).toEqual(plain);
    const shuffled = { ...order, isShuffled: true };
    const seen = [0, 1, 2].map((epoch) => epochOrder(shuffled, epoch).join());
    expect(new Set([...seen, plain.join(), epochOrder({ ...shuffled, seed: 4 }, 0).join()]).size).toBe(5);
  });

  it('keeps the samples of a window together and shuffles them among each other', () => {
    const order = { seed: 1, isShuffled: true, windowBlocks: 4, counts: new Uint32Array(16).fill(8) };
    const blocks = epochOrder(order, 0).map((sample) => Number(sample.split(':')[0]));
    const windows = [0, 1, 2, 3].map((w) => blocks.slice(w * 32, (w + 1) * 32));
    for (const window of windows) expect(new Set(window).size).toBe(4);
    // 8 samples in a row of one block would be an unshuffled window.
    expect(windows.every((window) => new Set(window.slice(0, 8)).size > 1)).toBe(true);
  });

  it('finds the window of a position, and bounds windows by their samples and the positions that touch them', () => {
    fc.assert(
      fc.property(orders, fc.nat(3), fc.integer({ min: 1, max: 40 }), (order, epoch, count) => {
        const { starts } = epochWindows(order, epoch);
        const windows = epochWindows(order, epoch);
        const total = starts[starts.length - 1];
        for (let position = 0; position < total; position++) {
          const w = windowAt(windows, position);
          expect(starts[w] <= position && position < starts[w + 1]).toBe(true);
          const last = windowAt(windows, Math.min(total, position + count) - 1);
          expect(last - w + 1).toBeLessThanOrEqual(mostWindowsTouched(order, count));
        }
        for (let w = 0; w + 1 < starts.length; w++) {
          expect(starts[w + 1] - starts[w]).toBeLessThanOrEqual(mostWindowSamples(order));
        }
      }),
    );
  });
});
