// Every kernel has a case, and each case's arguments are what the kernel means: the reference gives the same with them.
import { describe, expect, it } from 'vitest';
import { Arena } from '#src/bench/arena.js';
import { ARENA_BYTES, kernelCases, kernelsWithoutCase } from '#src/bench/kernel-cases.js';
import { measureKernels } from '#src/bench/measure-kernels.js';
import { KERNEL_NAMES } from '#src/kernels/kernel-set.js';
import { openKernels } from '../kernels/kernel-bench.ts';

const FIRST_BYTE = 65_536;
const arenas = { simd: new Arena(ARENA_BYTES), reference: new Arena(ARENA_BYTES) };
const simd = openKernels('simd', arenas.simd.memory).kernels;
const reference = openKernels('reference', arenas.reference.memory).kernels;

/** Every float outside of scratch and sums, and some behind all of them. */
function arraysOf(arena: Arena): Float32Array {
  const floats = new Float32Array(arena.memory.buffer.slice(FIRST_BYTE, arena.end + 64));
  for (const { address, bytes } of arena.rooms) {
    floats.fill(0, (address - FIRST_BYTE) >> 2, (address + bytes - FIRST_BYTE + 3) >> 2);
  }
  return floats;
}

describe('kernelCases', () => {
  it('has a case of every kernel: a new kernel is measured in src/bench/*-cases.ts', () => {
    expect(kernelsWithoutCase()).toEqual([]);
  });

  it('keeps the order of KERNEL_NAMES, and takes those that are asked for', () => {
    const names = kernelCases().map(({ kernel }) => kernel);
    expect([...new Set(names)]).toEqual([...KERNEL_NAMES]);
    expect(kernelCases(['adam', 'copy']).map(({ kernel }) => kernel)).toEqual(['copy', 'adam']);
  });

  it.each(kernelCases().map((one) => [`${one.kernel} ${one.size}`, one] as const))(
    '%s: the kernel and the reference write the same with these arguments, finite numbers',
    (_, one) => {
      for (const [arena, kernels] of [
        [arenas.simd, simd],
        [arenas.reference, reference],
      ] as const) {
        arena.clear();
        new Uint8Array(arena.memory.buffer, FIRST_BYTE).fill(0);
        kernels[one.kernel](...one.args(arena));
      }
      const [actual, expected] = [arraysOf(arenas.simd), arraysOf(arenas.reference)];
      expect(actual.length).toBe(expected.length);
      // The bits are the kernels' own tests' matter; wrong arguments differ by far more than a thousandth.
      // Four index bytes of 255 are no number as one float.
      const isIndex = (i: number): boolean => one.kernel === 'convReluPool' && Object.is(actual[i], expected[i]);
      const isClose = (x: number, i: number): boolean => Math.abs(actual[i] - x) <= 1e-3 * Math.max(1, Math.abs(x));
      const wrong = expected.findIndex((x, i) => !isClose(x, i) && !isIndex(i));
      expect(wrong === -1 ? null : { at: wrong, actual: actual[wrong], expected: expected[wrong] }).toBeNull();
      expect(arenas.simd.movedBytes).toBeGreaterThan(0);
    },
  );
});

describe('measureKernels', () => {
  it('gives rates of what a case computes and moves', () => {
    const { rows, peak } = measureKernels({ numerics: 'portable', kernels: ['adam', 'add'], kernelMs: 2 });
    expect(rows.map(({ kernel }) => kernel)).toEqual(['add', 'adam']);
    const [add] = rows;
    // Three arrays of 16,384 f32 and as many sums.
    expect(add.gigabytes * add.us.median * 1000).toBeCloseTo(3 * 4 * 16_384, 3);
    expect(add.gigaflops * add.us.median * 1000).toBeCloseTo(16_384, 3);
    expect(add.share).toBeCloseTo(Math.max(add.gigabytes / peak.cachedGigabytes, add.gigaflops / peak.gigaflops), 9);
  });
});
