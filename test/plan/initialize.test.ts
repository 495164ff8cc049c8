import { describe, expect, it } from 'vitest';
import { philox4x32 } from '#src/kernels/philox.js';
import { PURPOSE } from '#src/kernels/purpose.js';
import { buildModel } from '#src/nn/build-model.js';
import { compilePlan } from '#src/plan/compile.js';
import { initializeParameters } from '#src/plan/initialize.js';
import { randomSamples } from './dense-stack.ts';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const SEED = 5 * 2 ** 32 + 4_000_000_007;
const spec = {
  name: 'values',
  samples: 1,
  input: { shape: [7], storage: 'f32' as const, divisor: 1 },
  target: { kind: 'values' as const, storage: 'f32' as const, shape: [3] },
};
const model = buildModel(
  [
    { dense: 30, activation: 'relu', bias: true },
    { dense: 3, activation: 'none', bias: true },
  ],
  'mse',
  spec,
);
const plan = compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows: 1, dataset: spec });

function initialize(backend: (typeof BACKENDS)[number], seed: number): PlanBench {
  const bench = new PlanBench(plan, randomSamples(spec), backend);
  initializeParameters(plan, bench.kernels.kernels, seed, bench.parametersAt);
  return bench;
}

/** By the definition: word i mod 4 of the block at counter (⌊i/4⌋, 0, parameter, initialisation). */
function expectedValue(parameter: number, i: number, bound: number): number {
  const words = new Uint32Array(4);
  philox4x32(i >>> 2, 0, parameter, PURPOSE.initialisation, 4_000_000_007, 5, words);
  const [low, span] = [Math.fround(-bound), Math.fround(Math.fround(bound) - Math.fround(-bound))];
  return Math.fround(low + Math.fround(Math.fround((words[i & 3] >>> 8) * 2 ** -24) * span));
}

describe.each(BACKENDS)('initializeParameters on %s', (backend) => {
  it('gives every element the number that Philox has for its seed, parameter and position', () => {
    const bench = initialize(backend, SEED);
    plan.parameters.forEach(({ name, shape }, index) => {
      const bound = 1 / Math.sqrt(name.startsWith('dense1') ? 7 : 30);
      const values = bench.view(bench.parameters, bench.find(name));
      expect(values.length, name).toBe(shape.reduce((product, length) => product * length));
      values.forEach((value, i) => {
        expect(value, `${name}[${i}]`).toBe(expectedValue(index, i, bound));
      });
    });
  });

  it('puts 0 into the padding, and touches nothing else', () => {
    const bench = initialize(backend, SEED);
    const isParameter = new Uint8Array(plan.parameterElements);
    for (const { elementOffset, elements } of plan.parameters)
      isParameter.fill(1, elementOffset, elementOffset + elements);
    const padding = bench.parameters.filter((_, i) => isParameter[i] === 0);
    expect(padding.length).toBe(plan.parameterElements - 7 * 30 - 30 - 30 * 3 - 3);
    expect(padding.every((value) => Object.is(value, 0))).toBe(true);
    expect(bench.brokenGuards()).toEqual([]);
  });

  it('depends on both halves of the seed', () => {
    const [a, low, high] = [SEED, SEED + 1, SEED + 2 ** 32].map((seed) => initialize(backend, seed).parameters);
    expect(low).not.toEqual(a);
    expect(high).not.toEqual(a);
  });
});
