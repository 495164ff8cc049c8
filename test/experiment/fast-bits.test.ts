// The promise under `fast`, where BLAS takes the large products: the oracle is the one-worker run of the same config.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createPool } from '#src/engine/pool.js';
import { train, verify } from '#src/index.js';
import { findBlas } from '#src/kernels/find-blas.js';
import { compileKernels } from '#src/kernels/wasm.js';
import { packPlan } from '#src/plan/plan.js';
import { openBench } from '../engine/small-samples.ts';
import { smallConfig } from './small-config.ts';

const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-fast-'));
afterAll(() => rmSync(runsDir, { recursive: true }));

const { blas } = findBlas();
/** Shards of 22 or 21 samples: products on both sides of the rule, and two heights of the same product. */
const MLP = {
  numerics: 'fast',
  data: { source: 'synthetic', samples: 900, features: 100, classes: 7, batchSize: 171, validation: 0.1, test: 0.1 },
  shards: 8,
  model: [{ dense: 64, activation: 'relu' }, { dense: 33, activation: 'tanh' }, { dense: 7 }],
};

describe.skipIf(blas === undefined)('numerics fast with a BLAS', () => {
  it('gives the same bits with 1, 2, 3 and 5 workers, and others than portable', { timeout: 60_000 }, async () => {
    const { isSame, runs } = await verify(smallConfig(MLP), { steps: 12, workerCounts: [1, 2, 3, 5] });
    expect(isSame, JSON.stringify(runs)).toBe(true);
    const portable = await verify(smallConfig({ ...MLP, numerics: 'portable' }), { steps: 12, workerCounts: [2] });
    expect(portable.runs[0].weightsSha256).not.toBe(runs[0].weightsSha256);
    // The same mathematics, rounded in another order.
    expect(runs[0].loss).toBeCloseTo(portable.runs[0].loss, 4);
  });

  it('evaluates to the same figures with 1 and 3 workers', { timeout: 60_000 }, async () => {
    const figures = async (workers: number) => {
      const { summary } = await train(smallConfig({ ...MLP, workers, epochs: 2 }), { runsDir });
      const { testLoss, testAccuracy, best, weightsSha256, stateSha256, backend } = summary;
      return { testLoss, testAccuracy, best, weightsSha256, stateSha256, backend };
    };
    const alone = await figures(1);
    expect(alone.backend).toMatch(new RegExp(`^${blas!.identity.replaceAll('.', '\\.')}\\+wasm-`));
    expect(await figures(3)).toEqual(alone);
  });

  it('ends a worker that cannot load the library, or finds another one, with a message that says so', async () => {
    const { memory, map, plan, training } = openBench({ optimizer: { name: 'sgd', lr: 0.1 } as never });
    const pool = createPool(1);
    const module = compileKernels('simd');
    const job = { seat: 0, memory, module, build: 'simd' as const, map, training, spinTurns: 0, faults: [] };
    const run = (choice: { path: string; identity: string }) =>
      pool.run({ ...job, plan: packPlan(plan), blas: choice });
    await expect(run({ path: '/nowhere/blas.so', identity: blas!.identity })).rejects.toThrow(
      '/nowhere/blas.so: expected a library that loads, got: ',
    );
    await expect(run({ path: blas!.path, identity: 'openblas-0.0.0-none' })).rejects.toThrow(
      `${blas!.path}: expected openblas-0.0.0-none, got ${blas!.identity}; start the run again`,
    );
    await pool.destroy();
  });
});
