import { expect, test } from 'vitest';
import { philox4x32 } from '#src/kernels/philox.js';
import { BACKENDS, openBackend } from './backends.ts';

// Random123's known-answer vectors for philox4x32 with 10 rounds: counter, key, result.
const VECTORS = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test.each(VECTORS)('philox4x32 gives the published words for counter %j, key %j', (counter, key, expected) => {
  const out = new Uint32Array(4);
  philox4x32(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
  expect([...out]).toEqual(expected);
});

test.each(BACKENDS)('uniform of %s takes the words of philox4x32 in order', (name) => {
  const { kernels, place } = openBackend(name);
  const out = place(new Float32Array(11));
  kernels.uniform(out.byteOffset, 11, 0xa4093822, 0x299f31d0, 5, 6, 7, 0, 1);
  const words = new Uint32Array(4);
  out.forEach((value, i) => {
    philox4x32(i >> 2, 5, 6, 7, 0xa4093822, 0x299f31d0, words);
    expect(value).toBe((words[i & 3] >>> 8) * 2 ** -24);
  });
});
