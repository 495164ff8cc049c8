// Every kernel: in both builds, with a reference twin, compared with it by a table of this folder, and measured by `bench kernels`.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { kernelCases, kernelsWithoutCase } from '#src/bench/kernel-cases.js';
import { KERNEL_NAMES, type KernelName } from '#src/kernels/kernel-set.js';
import { BACKENDS, openKernels } from './kernel-bench.ts';

/** Kernels that some of this does not hold for, each with the reason. None today: a name here needs a sentence. */
const EXEMPT: Partial<Record<KernelName, string>> = {};

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const OWN_NAME = 'every-kernel.test.ts';

/** The test files that compare backends with the reference. */
const tables = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.test.ts') && name !== OWN_NAME)
  .map((name) => readFileSync(`${FOLDER}${name}`, 'utf8'))
  .filter((text) => /\b(?:expectAsReference|runKernel)\(/.test(text) && /BACKENDS/.test(text));

/** As `'relu'`, as the key `relu:`, or for `reluBackward` as `'relu'` in a file that tests `${…}Backward`. */
function isNamed(kernel: string): boolean {
  const literal = (name: string): RegExp => new RegExp(`['"\`]${name}['"\`]|^\\s*${name}:`, 'm');
  const forward = kernel.replace(/Backward$/, '');
  return tables.some(
    (text) =>
      literal(kernel).test(text) ||
      (forward !== kernel && /\$\{\w+\}Backward`/.test(text) && literal(forward).test(text)),
  );
}

const names = KERNEL_NAMES.filter((name) => !(name in EXEMPT));
const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });

describe('every kernel', () => {
  test('is named once', () => {
    expect(new Set(KERNEL_NAMES).size).toBe(KERNEL_NAMES.length);
    for (const exempt of Object.keys(EXEMPT)) expect(KERNEL_NAMES).toContain(exempt);
  });

  test.each([...BACKENDS, 'reference'] as const)('is a function of %s, which has no others', (backend) => {
    const { kernels } = openKernels(backend, memory);
    expect(Object.keys(kernels).sort()).toEqual([...KERNEL_NAMES].sort());
    expect(KERNEL_NAMES.filter((name) => typeof kernels[name] !== 'function')).toEqual([]);
  });

  test('is in a table that compares it with the reference', () => {
    expect(names.filter((name) => !isNamed(name))).toEqual([]);
    expect(isNamed('gemmm')).toBe(false);
    expect(isNamed('gemmBackward')).toBe(false);
  });

  // test/bench/kernel-cases.test.ts runs each case on the reference too, and compares what both write.
  test('has a row in bench kernels', () => {
    expect(kernelsWithoutCase().filter((name) => names.includes(name))).toEqual([]);
    expect([...new Set(kernelCases(names).map(({ kernel }) => kernel))]).toEqual(names);
  });
});
