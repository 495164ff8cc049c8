// What `numerics` becomes: with this machine's BLAS, without any, with one that cannot be used.
import { afterEach, describe, expect, it } from 'vitest';
import { findBlas } from '#src/kernels/find-blas.js';
import { resolveNumerics } from '#src/kernels/numerics.js';
import { isRelaxedSimdAvailable } from '#src/kernels/wasm.js';

const asked = process.env.LOCKSTEP_BLAS;
afterEach(() => {
  if (asked === undefined) delete process.env.LOCKSTEP_BLAS;
  else process.env.LOCKSTEP_BLAS = asked;
});

const isRelaxed = isRelaxedSimdAvailable();
const PORTABLE = { numerics: 'portable', build: 'simd', identity: 'wasm-simd' };

describe('resolveNumerics', () => {
  it('is plain SIMD for portable, whatever LOCKSTEP_BLAS says', () => {
    process.env.LOCKSTEP_BLAS = '/nowhere/libopenblas.so.0';
    expect(resolveNumerics('portable')).toEqual(PORTABLE);
  });

  it.skipIf(findBlas().blas === undefined)('is BLAS and the best build for fast and for auto where one passes', () => {
    const { path, identity } = findBlas().blas!;
    const fast = resolveNumerics('fast');
    expect(fast).toMatchObject({ numerics: 'fast', build: isRelaxed ? 'relaxed' : 'simd', blas: { path, identity } });
    expect(fast.identity).toMatch(/^(openblas|blis|mkl|accelerate)-[\d.]+\S*-\S+\+wasm-(simd|relaxed-(fma|muladd))$/);
    expect(fast.notice).toBeUndefined();
    expect(resolveNumerics('auto')).toEqual(fast);
  });

  it('is relaxed SIMD without a BLAS; where there is neither, fast says so and auto is portable', () => {
    process.env.LOCKSTEP_BLAS = 'none';
    const fast = resolveNumerics('fast');
    if (isRelaxed) {
      expect(fast).toEqual({ numerics: 'fast', build: 'relaxed', identity: expect.stringMatching(/^wasm-relaxed-/) });
      expect(resolveNumerics('auto')).toEqual(fast);
    } else {
      expect(fast).toMatchObject({ numerics: 'fast', build: 'simd', identity: 'wasm-simd' });
      expect(fast.notice).toMatch(/^numerics: expected a BLAS or relaxed SIMD for fast, got no BLAS and node .*; fast/);
      expect(resolveNumerics('auto')).toEqual(PORTABLE);
    }
  });

  it.each(['fast', 'auto'] as const)(
    'refuses the library of LOCKSTEP_BLAS by name where it cannot be used, %s',
    (wanted) => {
      process.env.LOCKSTEP_BLAS = '/nowhere/libopenblas.so.0';
      expect(() => resolveNumerics(wanted)).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: expect.stringMatching(
            /^LOCKSTEP_BLAS: \/nowhere\/libopenblas.so.0: expected .*; or unset LOCKSTEP_BLAS$/,
          ),
        }),
      );
    },
  );
});
