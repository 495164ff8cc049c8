import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { adviseOn, presentDiagnosis } from '#src/cli/present-doctor.js';
import { formatBackend } from '#src/cli/present-start.js';
import type { Diagnosis } from '#src/experiment/diagnosis.js';
import { runLockstep } from './program.ts';

const PTHREAD = '/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0';
const SERIAL = '/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0';
const DIAGNOSIS: Diagnosis = {
  lockstep: '0.1.0',
  node: '20.20.2',
  platform: 'linux',
  arch: 'x64',
  cpu: 'AMD EPYC',
  cores: 2,
  memoryBytes: 16 * 2 ** 30,
  freeMemoryBytes: 12 * 2 ** 30,
  relaxedSimd: false,
  koffi: true,
  lockstepBlas: null,
  wasm: { simd: 39.6, relaxed: null },
  libraries: [
    { path: SERIAL, identity: null, refusal: `${SERIAL}: no`, products: null, seconds: null, gigaflops: null },
    {
      path: PTHREAD,
      identity: 'openblas-0.3.21-zen',
      refusal: null,
      products: 100_000,
      seconds: 2.345,
      gigaflops: 96.2,
    },
  ],
  auto: { numerics: 'fast', backend: 'openblas-0.3.21-zen+wasm-simd' },
};

describe('presentDiagnosis', () => {
  it('tells machine, speeds side by side, refusals, what auto is and what would help', () => {
    expect(presentDiagnosis(DIAGNOSIS, PLAIN_PAGE)).toBe(
      `lockstep 0.1.0 · node 20.20.2 · linux x64 · AMD EPYC · 2 cores · 16.0 GiB of memory, 12.0 GiB free
WebAssembly SIMD: yes · relaxed SIMD: no · koffi, which calls a BLAS: yes

512³ on one core       GFLOP/s  products                              * = used by numerics=fast
wasm simd                   40
openblas-0.3.21-zen *       96  100,000 at once in 2.3 s, none wrong  ${PTHREAD}

refused ${SERIAL}: no

numerics=auto is fast (openblas 0.3.21, wasm simd) here

Node 22 and later have relaxed SIMD, which makes our own products somewhat faster`,
    );
  });

  it('says why no run can begin with auto', () => {
    const auto = { error: 'LOCKSTEP_BLAS: /x: no' };
    expect(presentDiagnosis({ ...DIAGNOSIS, auto }, PLAIN_PAGE)).toContain('\nnumerics=auto: LOCKSTEP_BLAS: /x: no\n');
  });
});

describe('adviseOn', () => {
  const advise = (keys: Partial<Diagnosis>) => adviseOn({ ...DIAGNOSIS, relaxedSimd: true, ...keys }).join('\n');

  it('has nothing to say where a BLAS passes and relaxed SIMD is there', () => {
    expect(advise({})).toBe('');
  });

  it.each([
    ['linux', /sudo apt-get install libopenblas0-pthread/],
    ['darwin', /Accelerate/],
    ['win32', /LOCKSTEP_BLAS/],
  ])('says how to come to a BLAS on %s', (platform, expected) => {
    expect(advise({ platform, libraries: [] })).toMatch(expected);
  });

  it('asks for koffi where it is missing, and to unset a LOCKSTEP_BLAS that forbids all', () => {
    expect(advise({ koffi: false })).toMatch(/npm install koffi/);
    expect(advise({ lockstepBlas: 'none', libraries: [] })).toMatch(/^LOCKSTEP_BLAS=none: .*unset it/);
  });
});

it('formatBackend names library, version and build as people do', () => {
  expect(formatBackend('wasm-simd')).toBe('wasm simd');
  expect(formatBackend('wasm-relaxed-fma')).toBe('wasm relaxed fma');
  expect(formatBackend('openblas-0.3.21-zen+wasm-relaxed-fma')).toBe('openblas 0.3.21, wasm relaxed fma');
});

describe('lockstep doctor', () => {
  it('--json is one object with the speeds of this machine', async () => {
    const { code, stdout, stderr } = await runLockstep(['doctor', '--json', '--products', '500'], '.');
    expect([code, stderr, stdout.match(/\n/g)?.length]).toEqual([0, '', 1]);
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(diagnosis.node).toBe(process.versions.node);
    expect(diagnosis.wasm.simd).toBeGreaterThan(0);
    for (const { identity, refusal, gigaflops } of diagnosis.libraries) {
      expect(identity === null).toBe(typeof refusal === 'string');
      expect(identity === null).toBe(gigaflops === null);
    }
  });

  it('ends well where the library of LOCKSTEP_BLAS is not there, and says so', async () => {
    const { code, stdout } = await runLockstep(['doctor'], '.', { LOCKSTEP_BLAS: '/nowhere/blas.so' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nrefused \/nowhere\/blas\.so: expected /);
    expect(stdout).toMatch(/\nnumerics=auto: LOCKSTEP_BLAS: \/nowhere\/blas\.so: /);
  });

  it('--help ends with an example of itself; a count that is none is a usage error', async () => {
    expect((await runLockstep(['doctor', '--help'], '.')).stdout).toMatch(/\nExample:\n {2}\$ lockstep doctor\n$/);
    expect((await runLockstep(['doctor', '--products', '0'], '.')).code).toBe(2);
  });
});
