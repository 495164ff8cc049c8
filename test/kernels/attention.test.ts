import { describe, expect, test } from 'vitest';
import { attentionBackwardScratchBytes, attentionScratchBytes } from '#src/kernels/attention-scratch.js';
import { exp32 } from '#src/kernels/reference/vector-math.js';
import {
  type Argument,
  BACKENDS,
  type Backend,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  scratch,
} from './kernel-bench.ts';

/** Tokens, heads, size of a head. */
const SHAPES = [
  [1, 1, 1],
  [2, 3, 3],
  [3, 1, 4],
  [4, 2, 5],
  [5, 1, 8],
  [7, 2, 9],
  [8, 1, 16],
  [9, 2, 1],
  [12, 1, 7],
  [33, 1, 17],
  [70, 1, 12],
];

function forward(backend: Backend, qkv: Float32Array, [samples, tokens, heads, size]: number[], isCausal: number) {
  const out = output(samples * tokens * heads * size);
  const args = [out, input(qkv), samples, tokens, heads, size, isCausal, scratch(attentionScratchBytes(tokens, size))];
  return runKernel(backend, 'selfAttention', args).read(out);
}

describe.each(BACKENDS)('attention, %s', (backend) => {
  test.each([0, 1])('gives the bits of the reference, forward and backward, causal %i', (isCausal) => {
    for (const samples of [0, 1, 2])
      for (const [tokens, heads, size] of SHAPES) {
        const n = samples * tokens * heads * size;
        const qkv = input(numbers(3 * n, tokens).map((x) => x * 3));
        const shape = [samples, tokens, heads, size, isCausal];
        const forwardArgs: Argument[] = [output(n), qkv, ...shape, scratch(attentionScratchBytes(tokens, size))];
        expectAsReference(backend, 'selfAttention', forwardArgs);
        const room = scratch(attentionBackwardScratchBytes(tokens, size));
        const backwardArgs: Argument[] = [output(3 * n), input(numbers(n, 5)), qkv, ...shape, room];
        expectAsReference(backend, 'selfAttentionBackward', backwardArgs);
      }
  });

  test('the exponential that the reference uses has the bits of the exp kernel', () => {
    const x = [...numbers(4099, 3).map((value) => value * 110), ...SPECIAL, 89, 88.8, -104, -103.9, -87.5, 0.5, 1.5];
    const out = output(x.length);
    const expected = runKernel(backend, 'exp', [out, input(x), x.length]).read(out);
    expect(Float32Array.from(x.map((value) => exp32(Math.fround(value))))).toEqual(expected);
  });
});

describe.each([...BACKENDS, 'reference'] as const)('attention by hand, %s', (backend) => {
  test('queries of 0 gather the mean of the values seen', () => {
    const qkv = Float32Array.from([1, 2, 3, 4, 5, 6].flatMap((value) => [0, value, value]));
    expect([...forward(backend, qkv, [1, 6, 1, 1], 1)]).toEqual([1, 1.5, 2, 2.5, 3, 3.5]);
    expect([...forward(backend, qkv, [1, 6, 1, 1], 0)]).toEqual([3.5, 3.5, 3.5, 3.5, 3.5, 3.5]);
  });

  test('scores of thousands do not overflow: the largest takes all', () => {
    const qkv = Float32Array.from([1000, 5, 7, 1000, -5, 11, 1000, 9, 13]);
    expect([...forward(backend, qkv, [1, 3, 1, 1], 0)]).toEqual([13, 13, 13]);
  });

  test('a causal token is the same whatever comes after it, a NaN or an infinity too', () => {
    const shape = [1, 11, 2, 5];
    const qkv = numbers(11 * 30, 3);
    const clean = forward(backend, qkv, shape, 1);
    for (const bad of [Number.NaN, Infinity])
      for (let token = 1; token < 11; token++) {
        const spoilt = qkv.slice().fill(bad, token * 30);
        expect(forward(backend, spoilt, shape, 1).slice(0, token * 10)).toEqual(clean.slice(0, token * 10));
      }
  });

  test('no gradient of a causal token has a number of one that it does not see, or that does not see it', () => {
    const [tokens, size] = [43, 5];
    const [qkv, dOut] = [numbers(tokens * 3 * size, 3), numbers(tokens * size, 4)];
    const backward = (x: Float32Array, d: Float32Array) => {
      const dQkv = output(tokens * 3 * size);
      const room = scratch(attentionBackwardScratchBytes(tokens, size));
      const args = [dQkv, input(d), input(x), 1, tokens, 1, size, 1, room];
      const all = [...runKernel(backend, 'selfAttentionBackward', args).read(dQkv)];
      const of = (part: number) => all.filter((_, i) => Math.floor(i / size) % 3 === part);
      return { queries: of(0), keysAndValues: [of(1), of(2)] };
    };
    const clean = backward(qkv, dOut);
    for (const bad of [Number.NaN, Infinity])
      for (const token of [0, 1, 3, 6, 8, 31, 32, 40, 42]) {
        const at = token * 3 * size;
        const keys = backward(qkv.slice().fill(bad, at + size, at + 3 * size), dOut);
        expect(keys.queries.slice(0, token * size)).toEqual(clean.queries.slice(0, token * size));
        const spoilt = dOut.slice().fill(bad, token * size, (token + 1) * size);
        const query = backward(qkv.slice().fill(bad, at, at + size), spoilt);
        const others = (values: number[]) => values.filter((_, i) => Math.floor(i / size) !== token);
        expect(others(query.queries)).toEqual(others(clean.queries));
        const later = (values: number[]) => values.slice((token + 1) * size);
        expect(query.keysAndValues.map(later)).toEqual(clean.keysAndValues.map(later));
      }
  });

  test('a sample has the same bits among others as alone, forward and backward', () => {
    const [one, tokens, heads, size] = [6 * 2 * 3, 6, 2, 3];
    const [qkv, dOut] = [numbers(3 * 3 * one, 3), numbers(3 * one, 4)];
    const backward = (samples: number, from: number) => {
      const dQkv = output(3 * samples * one);
      const room = scratch(attentionBackwardScratchBytes(tokens, size));
      const gradient = input(dOut.subarray(from * one, (from + samples) * one));
      const x = input(qkv.subarray(3 * from * one, 3 * (from + samples) * one));
      const args = [dQkv, gradient, x, samples, tokens, heads, size, 1, room];
      return runKernel(backend, 'selfAttentionBackward', args).read(dQkv);
    };
    const together = forward(backend, qkv, [3, tokens, heads, size], 1);
    const alone = forward(backend, qkv.subarray(3 * one, 6 * one), [1, tokens, heads, size], 1);
    expect(together.slice(one, 2 * one)).toEqual(alone);
    expect(backward(3, 0).slice(3 * one, 6 * one)).toEqual(backward(1, 1));
  });
});
