import { expect, test } from 'vitest';
import { philox4x32 } from '#src/kernels/philox.js';
import { BACKENDS, output, runKernel } from './kernel-bench.ts';

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

test.each([...BACKENDS, 'reference'] as const)('uniform of %s takes the published words in order', (backend) => {
  // The counter's first word is the block: the first vector is block 0 of a counter of zeros.
  const out = output(4);
  const values = [...runKernel(backend, 'uniform', [out, 4, 0, 0, 0, 0, 0, 0, 1]).read(out)];
  expect(values).toEqual(VECTORS[0][2].map((word) => (word >>> 8) * 2 ** -24));
});

test.each([...BACKENDS, 'reference'] as const)(
  'uniform of %s takes the words of philox4x32 block by block',
  (backend) => {
    const out = output(11);
    const values = runKernel(backend, 'uniform', [out, 11, 0xa4093822, 0x299f31d0, 5, 6, 7, 0, 1]).read(out);
    const words = new Uint32Array(4);
    values.forEach((value: number, i: number) => {
      philox4x32(i >> 2, 5, 6, 7, 0xa4093822, 0x299f31d0, words);
      expect(value).toBe((words[i & 3] >>> 8) * 2 ** -24);
    });
  },
);
