// Weights of samples and classes through the real engine: PyTorch's trainings, repeated samples, splits into shards, workers.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Dataset } from '#src/data/dataset.js';
import { createPool, type WorkerPool } from '#src/engine/pool.js';
import { evaluatePart } from '#src/experiment/evaluate-part.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { openSession } from '#src/experiment/session.js';
import { parseConfig } from '#src/index.js';
import { openFixture } from '../graph/fixtures.ts';
import { randomNumbers } from '../graph/op-cases.ts';
import { expectClose } from '../plan/expect-close.ts';

const field = openFixture('weighted');
/** 37 samples in three epochs of batches of 10, the last one of 7. */
const [FEATURES, BATCH, STEPS] = [6, 10, 12];

let pool: WorkerPool | undefined;
afterEach(async () => {
  await pool?.destroy();
  pool = undefined;
});

interface Data {
  inputs: ArrayLike<number>;
  targets: ArrayLike<number>;
  target: Dataset['spec']['target'];
  weights?: Float32Array;
  test?: number[];
}

/** Numbers in memory; the first `inputs.length / 6` samples are trained on, in their order. */
function datasetOf({ inputs, targets, target, weights, test = [] }: Data): Dataset {
  const samples = inputs.length / FEATURES;
  const ids = Uint32Array.from({ length: samples }, (_, id) => id);
  const input = { shape: [FEATURES], storage: 'f32', divisor: 1 } as const;
  return {
    spec: {
      name: 'weighted',
      samples,
      input: { ...input, shape: [FEATURES] },
      target,
      ...(weights && { hasWeights: true }),
    },
    parts: {
      train: ids.filter((id) => !test.includes(id)),
      validation: new Uint32Array(),
      test: Uint32Array.from(test),
    },
    warnings: [],
    ...(weights && { weights }),
    preprocessing: {},
    sampleName: (id) => `sample ${id}`,
    fill(toInputs, toTargets) {
      toInputs.set(inputs);
      toTargets.set(targets);
    },
  };
}

interface Keys {
  [key: string]: unknown;
  batchSize: number | 'full';
}

async function trainSteps(dataset: Dataset, { batchSize, ...keys }: Keys, steps: number, init?: string) {
  const config = parseConfig({
    data: { source: 'digits', batchSize, shuffle: false },
    numerics: 'portable',
    workers: 2,
    steps,
    ...keys,
  });
  const run = prepareRun(config, { baseDir: '.', dataset });
  pool = createPool(run.workers);
  const losses: number[] = [];
  const denominators: number[] = [];
  const session = openSession(run, {
    pool,
    onStep: ({ lossNumerator, denominator }) => {
      losses.push(lossNumerator / denominator);
      denominators.push(denominator);
    },
  });
  const weights = session.engine.committed(0);
  if (init !== undefined) {
    for (const { name, elementOffset } of run.plan.parameters)
      weights.set(field(`${init}/${theirName(name)}`).values, elementOffset);
  }
  await session.engine.start();
  await session.engine.runTo(steps);
  const trained = Object.fromEntries(
    run.plan.parameters.map(({ name, elementOffset, elements }) => [
      name,
      Array.from(session.engine.committed(0).subarray(elementOffset, elementOffset + elements)),
    ]),
  );
  const hashes = session.hashes();
  const evaluated = run.training.testSamples > 0 ? await evaluatePart(run, session, 'test') : undefined;
  await session.engine.stop();
  await pool.destroy();
  return { losses, denominators, trained, evaluated, ...hashes };
}

const theirName = (name: string): string => name.replace('dense1', '0').replace('dense2', '2');

const OPTIMIZERS = { sgd: { name: 'sgd', lr: 0.1, momentum: 0.9 }, adam: { name: 'adam', lr: 0.01 } };
const CLASS_WEIGHTS = Array.from(field('class_weights').values);
const LOSSES = {
  cross_entropy: { loss: 'crossEntropy', isWeighted: true },
  class_weights: { loss: { name: 'crossEntropy', classWeights: CLASS_WEIGHTS }, isWeighted: false },
  both: { loss: { name: 'crossEntropy', classWeights: CLASS_WEIGHTS }, isWeighted: true },
  mse: { loss: 'mse', isWeighted: true },
  huber: { loss: { name: 'huber', delta: 0.8 }, isWeighted: true },
};
const TRAININGS = Object.keys(LOSSES).flatMap((loss) =>
  (loss === 'huber' ? ['sgd'] : ['sgd', 'adam']).map((optimizer) => ({ loss, optimizer })),
) as { loss: keyof typeof LOSSES; optimizer: keyof typeof OPTIMIZERS }[];

function fixtureDataset(loss: keyof typeof LOSSES): Dataset {
  const isOfValues = loss === 'mse' || loss === 'huber';
  return datasetOf({
    inputs: field('x').values,
    targets: isOfValues ? field('v').values : field('y').values,
    target: isOfValues ? { kind: 'values', storage: 'f32', shape: [3] } : { kind: 'class', storage: 'i32', classes: 4 },
    ...(LOSSES[loss].isWeighted && { weights: Float32Array.from(field('w').values) }),
  });
}

describe.each(TRAININGS)("PyTorch's training with weights: $loss, $optimizer", ({ loss, optimizer }) => {
  const outputs = loss === 'mse' || loss === 'huber' ? 3 : 4;
  const keys = {
    model: [{ dense: 8, activation: 'tanh' }, { dense: outputs }],
    loss: LOSSES[loss].loss,
    optimizer: OPTIMIZERS[optimizer],
    batchSize: BATCH,
  };

  test('has its losses and last weights, whatever the shards, and the same bits for 1, 2 and 3 workers', async () => {
    for (const shards of [1, 3, 8]) {
      const hashes = new Set<string>();
      for (const workers of shards === 8 ? [1, 2, 3] : [2]) {
        const init = `${loss}_${optimizer}/init`;
        const run = await trainSteps(fixtureDataset(loss), { ...keys, shards, workers }, STEPS, init);
        // Sums in another order, over 12 steps.
        expectClose(run.losses, field(`${loss}_${optimizer}/losses`).values, { relative: 2e-5, ofLargest: 0 });
        for (const [name, values] of Object.entries(run.trained)) {
          const theirs = field(`${loss}_${optimizer}/final/${theirName(name)}`).values;
          expectClose(values, theirs, { relative: 1e-4, ofLargest: 1e-4 });
        }
        hashes.add(run.stateSha256);
      }
      expect(hashes.size).toBe(1);
    }
  });
});

describe('weights of samples', () => {
  const model = [{ dense: 4 }];
  const labels = { kind: 'class', storage: 'i32', classes: 4 } as const;
  const dataOf = (count: number) => ({
    inputs: randomNumbers(count * FEATURES, -1, 1, 3),
    targets: Int32Array.from({ length: count }, (_, id) => (id * 7) % 4),
    target: labels,
  });

  test('of whole numbers do what so many copies of each sample do', async () => {
    const cases = fc.record({
      copies: fc
        .array(fc.integer({ min: 0, max: 3 }), { minLength: 9, maxLength: 20 })
        .filter((all) => all.some(Boolean)),
      shards: fc.integer({ min: 1, max: 6 }),
    });
    const one = fc.asyncProperty(cases, async ({ copies, shards }) => {
      const data = dataOf(copies.length);
      const ids = copies.flatMap((count, id) => new Array<number>(count).fill(id));
      const copied = {
        inputs: ids.flatMap((id) => Array.from(data.inputs).slice(id * FEATURES, (id + 1) * FEATURES)),
        targets: Int32Array.from(ids, (id) => data.targets[id]),
        target: labels,
      };
      const keys = {
        model,
        loss: 'crossEntropy',
        shards,
        optimizer: { name: 'sgd', lr: 0.5 },
        batchSize: 'full',
      } as const;
      const weighted = await trainSteps(datasetOf({ ...data, weights: Float32Array.from(copies) }), keys, 3);
      const repeated = await trainSteps(datasetOf(copied), keys, 3);
      expectClose(weighted.losses, repeated.losses, { relative: 1e-5, ofLargest: 0 });
      expect(weighted.denominators).toEqual(repeated.denominators);
      expectClose(weighted.trained['dense1.weight'], repeated.trained['dense1.weight'], {
        relative: 1e-5,
        ofLargest: 1e-5,
      });
    });
    await fc.assert(one, { numRuns: 12 });
  }, 120_000);

  test('weigh the loss of a part that is evaluated, and no metric', async () => {
    const data = dataOf(12);
    const keys = { model, loss: 'crossEntropy', batchSize: 4, shards: 2, evaluation: { metrics: ['f1'] } } as const;
    const test = [8, 9, 10, 11];
    const evaluate = async (weights: number[]) => {
      const all = Float32Array.from([...new Array<number>(8).fill(1), ...weights]);
      return (await trainSteps(datasetOf({ ...data, weights: all, test }), keys, 2)).evaluated!;
    };
    const each: Awaited<ReturnType<typeof evaluate>>[] = [];
    for (const i of [0, 1, 2, 3]) each.push(await evaluate(test.map((_, k) => (k === i ? 1 : 0))));
    const weights = [1, 0.5, 3, 0];
    const { loss, metric, values } = await evaluate(weights);
    const mean = weights.reduce((sum, weight, i) => sum + weight * each[i].loss, 0) / 4.5;
    expect(loss).toBeCloseTo(mean, 12);
    for (const one of each) expect([one.metric, one.values]).toEqual([metric, values]);
  });

  test('of 0 in a whole batch skip the step and leave the weights alone', async () => {
    const weights = Float32Array.from([1, 1, 1, 1, 0, 0, 0, 0]);
    const keys = { model, loss: 'crossEntropy', batchSize: 4, shards: 3, optimizer: { name: 'sgd', lr: 0.1 } } as const;
    const one = await trainSteps(datasetOf({ ...dataOf(8), weights }), keys, 1);
    const two = await trainSteps(datasetOf({ ...dataOf(8), weights }), keys, 2);
    expect(two.denominators).toEqual([4, 0]);
    expect(two.weightsSha256).toBe(one.weightsSha256);
  });
});
