import { describe, expect, it } from 'vitest';
import { packr } from '#src/plan/pack.js';
import { type Plan, planSha256, unpackPlan } from '#src/plan/plan.js';

describe('packr', () => {
  it('keeps the floats of a Float32Array, which the bare pack of msgpackr cuts to bytes', () => {
    const floats = Float32Array.of(0.5, -1.25, 3e38, 1e-40);
    expect(packr.unpack(packr.pack({ floats }))).toEqual({ floats });
  });
});

describe('planSha256', () => {
  const hash = (plan: object): string => planSha256(plan as Plan);

  it('is the SHA-256 of the JSON with sorted keys', () => {
    // printf '{"a":[1,0.5],"b":"x"}' | sha256sum
    expect(hash({ b: 'x', a: [1, 0.5] })).toBe('360f7f88950464b53cf7f0610d13a176dca281615fdf307d4a9cd05d48e15dc4');
  });

  it('does not depend on the order of keys, but on that of lists', () => {
    expect(hash({ a: 1, b: 2 })).toBe(hash({ b: 2, a: 1 }));
    expect(hash({ a: [1, 2] })).not.toBe(hash({ a: [2, 1] }));
  });

  it.each([NaN, Infinity])('refuses %s', (value) => {
    expect(() => hash({ a: value })).toThrow(`plan: expected finite numbers, got ${value}`);
  });
});

describe('unpackPlan', () => {
  it.each([{ version: 2 }, null, 'text'])('refuses %o', (value) => {
    expect(() => unpackPlan(packr.pack(value))).toThrow(/^plan: expected version 1, got .*; compile the model again/);
  });
});
