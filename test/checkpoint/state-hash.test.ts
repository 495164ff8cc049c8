import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashError, stateSha256, weightsSha256 } from '#src/checkpoint/state-hash.js';

const A = { name: 'a', shape: [2], values: Float32Array.of(1, 2) };
const B = { name: 'b', shape: [1], values: Float32Array.of(-0.5) };
const STATE = {
  parameters: [A, B],
  optimizerState: [{ name: 'firstMoment.a', shape: [2], values: Float32Array.of(0, 0.25) }],
  schedule: { wait: 1.5 },
  epoch: 1,
  step: 3,
};

// The golden values were made with printf and coreutils' sha256sum from the documented layout.
describe('weightsSha256', () => {
  it('is the SHA-256 of the float32 bytes joined in name order', () => {
    const expected = '1ffe038578726b0db1430093131187306c7d4859c5dfbbabac87a9637825787c';
    expect(weightsSha256([A, B])).toBe(expected);
    expect(weightsSha256([B, A])).toBe(expected);
  });

  it('orders names by code unit, not by any alphabet', () => {
    const named = (...names: [string, string]) =>
      weightsSha256([
        { ...A, name: names[0] },
        { ...B, name: names[1] },
      ]);
    for (const names of [
      ['Z', 'a'],
      ['a.10', 'a.9'],
      ['z', 'ä'],
    ] as const) {
      expect(named(...(names as [string, string]))).toBe(weightsSha256([A, B]));
    }
  });

  it('reads views of shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(16), 4, 2);
    shared.set(A.values);
    expect(weightsSha256([{ ...A, values: shared }, B])).toBe(weightsSha256([A, B]));
  });

  it('differs in one bit of one weight', () => {
    const changed = Float32Array.of(1, 2);
    new Uint32Array(changed.buffer)[1] ^= 1;
    expect(weightsSha256([{ ...A, values: changed }, B])).not.toBe(weightsSha256([A, B]));
  });

  it('refuses NaN by name and place, and takes infinities and -0', () => {
    const withValue = (value: number) => () => weightsSha256([{ ...A, values: Float32Array.of(0, value) }]);
    expect(withValue(Number.NaN)).toThrow(HashError);
    expect(withValue(Number.NaN)).toThrow('weights hash: expected numbers, got NaN at a[1]; the run has diverged');
    expect(withValue(Number.POSITIVE_INFINITY)()).not.toBe(withValue(0)());
    expect(withValue(-0)()).not.toBe(withValue(0)());
  });
});

describe('stateSha256', () => {
  it('is the SHA-256 of the documented layout', () => {
    expect(stateSha256(STATE)).toBe('629880caf537c1dcc83ac612913d8f94ac3ba57823556932052ad23b1c0e9f02');
  });

  it('does not change with sections that are absent or empty', () => {
    const bare = 'efdd909cee10c2894ba26d4c8635fc030f5a79282387b09f046cc1e961a622bb';
    expect(stateSha256({ parameters: [B, A], epoch: 0, step: 0 })).toBe(bare);
    expect(stateSha256({ parameters: [A, B], statistics: [], averaged: [], schedule: {}, epoch: 0, step: 0 })).toBe(
      bare,
    );
  });

  it('refuses NaN in the optimizer state and in a schedule', () => {
    const broken = [{ name: 'firstMoment.a', shape: [1], values: Float32Array.of(Number.NaN) }];
    expect(() => stateSha256({ ...STATE, optimizerState: broken })).toThrow(
      'optimizerState hash: expected numbers, got NaN at firstMoment.a[0]',
    );
    expect(() => stateSha256({ ...STATE, schedule: { wait: Number.NaN } })).toThrow(HashError);
  });

  it('is the same for two states only if they are the same', () => {
    // Few names and values, so that values move between tensors, sections and numbers.
    const tensors = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'ab', 'parameters', 'epoch'),
        shape: fc.constant([1]),
        values: fc.array(fc.constantFrom(0, 1), { maxLength: 3 }).map((values) => Float32Array.from(values)),
      }),
      { selector: ({ name }) => name, maxLength: 3 },
    );
    const state = fc.record({
      parameters: tensors,
      statistics: tensors,
      averaged: tensors,
      epoch: fc.nat(2),
      step: fc.nat(2),
    });
    const plainOf = (value: unknown) =>
      JSON.stringify(value, (_, item) =>
        Array.isArray(item) && item[0]?.name !== undefined
          ? [...item].sort((a, b) => (a.name < b.name ? -1 : 1))
          : item,
      );
    fc.assert(
      fc.property(state, state, (left, right) => {
        expect(stateSha256(left) === stateSha256(right)).toBe(plainOf(left) === plainOf(right));
      }),
      { numRuns: 500 },
    );
  });
});
