// A shard in one pass, in several, and in float64: gradients and sums.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePlan } from '#src/plan/compile.js';
import { centralDifferences, evaluateGraph } from '../graph/float64.ts';
import { denseStack, randomizeParameters, randomSamples, type Stack, sourceValues } from './dense-stack.ts';
import { expectClose } from './expect-close.ts';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const compile = ({ model, spec }: Stack, microBatch: 'auto' | number) =>
  compilePlan(model, { numerics: 'portable', microBatch, largestShardRows: spec.samples, dataset: spec });

const allIds = ({ spec }: Stack): number[] => [...Array(spec.samples).keys()];

function openStack(stack: Stack, microBatch: number, backend: (typeof BACKENDS)[number]): PlanBench {
  const bench = new PlanBench(compile(stack, microBatch), randomSamples(stack.spec), backend);
  randomizeParameters(bench);
  return bench;
}

describe.each(BACKENDS)('on %s', (backend) => {
  it('a shard cut into micro-batches gives the loss and gradients of float64', () => {
    fc.assert(
      fc.property(denseStack, fc.integer({ min: 1, max: 40 }), (stack, microBatch) => {
        const bench = openStack(stack, microBatch, backend);
        bench.train(allIds(stack));
        const values = sourceValues(stack.model, randomSamples(stack.spec), bench);
        const { graph, loss } = stack.model;
        const [expected] = evaluateGraph(graph, values, stack.spec.samples)[loss] as number[];
        expectClose([bench.sums[0]], [expected], { relative: 1e-4, ofLargest: 0 });
        // Only the biases: central differences of all weights would take minutes, and a bias sees every layer behind it.
        for (const { id, layer, attrs } of graph.nodes.filter((node) => node.attrs.name === 'bias')) {
          const differences = centralDifferences(graph, loss, id, values, stack.spec.samples, 1e-6);
          const gradient = bench.gradient(`${layer}.${attrs.name}`);
          // ReLU's kink makes a difference of the float64 loss wrong where a sum is within 2h of 0: the median is compared, and h is
          // small, as with a single sample one sum near 0 is in most of them. float64 leaves 1e-10 of the loss.
          const errors = differences.map((difference, i) => Math.abs(difference - gradient[i])).sort((a, b) => a - b);
          const largest = Math.max(1e-3, ...differences.map(Math.abs));
          expect(errors[errors.length >> 1]).toBeLessThan(1e-3 * largest);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('micro-batches add up to what one pass gives, as closely as float32 sums in another order do', () => {
    fc.assert(
      fc.property(denseStack, fc.integer({ min: 1, max: 40 }), (stack, microBatch) => {
        const whole = openStack(stack, stack.spec.samples, backend);
        const cut = openStack(stack, microBatch, backend);
        for (const bench of [whole, cut]) bench.train(allIds(stack));
        expectClose(cut.sums, whole.sums, { relative: 1e-9, ofLargest: 0 });
        for (const { name } of whole.plan.parameters) {
          // At most 40 rows: 40 roundings of the largest partial sum.
          expectClose(cut.gradient(name), whole.gradient(name), { relative: 1e-5, ofLargest: 1e-5 });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('fewer rows than the plan was made for give the same bits as a plan made for them', () => {
    fc.assert(
      fc.property(denseStack, fc.integer({ min: 1, max: 40 }), (stack, count) => {
        const ids = allIds(stack).slice(0, count);
        const large = openStack(stack, stack.spec.samples, backend);
        const exact = openStack(stack, ids.length, backend);
        for (const bench of [large, exact]) bench.train(ids);
        expect(large.sums).toEqual(exact.sums);
        for (const { name } of large.plan.parameters) expect(large.gradient(name)).toEqual(exact.gradient(name));
      }),
      { numRuns: 40 },
    );
  });

  it('evaluation gives the sums of training', () => {
    fc.assert(
      fc.property(denseStack, fc.integer({ min: 1, max: 40 }), (stack, microBatch) => {
        const bench = openStack(stack, microBatch, backend);
        bench.train(allIds(stack));
        const trained = bench.sums.slice();
        bench.evaluate(allIds(stack));
        expect(bench.sums).toEqual(trained);
      }),
      { numRuns: 40 },
    );
  });

  it('a second shard leaves nothing of the first in the gradient buffer', () => {
    fc.assert(
      fc.property(denseStack, (stack) => {
        const [used, fresh] = [openStack(stack, 7, backend), openStack(stack, 7, backend)];
        used.train(allIds(stack));
        for (const bench of [used, fresh]) bench.train([0]);
        for (const { name } of used.plan.parameters) expect(used.gradient(name)).toEqual(fresh.gradient(name));
        expect(used.sums).toEqual(fresh.sums);
      }),
      { numRuns: 20 },
    );
  });
});

describe('microBatch: auto', () => {
  const spec = {
    name: 'images',
    samples: 10_000,
    input: { shape: [1, 28, 28], storage: 'u8' as const, divisor: 255 },
    target: { kind: 'class' as const, storage: 'u8' as const, classes: 10 },
  };
  const rowsOf = async (units: number, largestShardRows: number): Promise<number> => {
    const { buildModel } = await import('#src/nn/build-model.js');
    const dense = { activation: 'relu' as const, bias: true };
    const model = buildModel(
      [
        { dense: units, ...dense },
        { dense: 10, ...dense },
      ],
      'crossEntropy',
      spec,
    );
    const plan = compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows, dataset: spec });
    if (plan.rows > 16) expect(plan.activationBytes).toBeLessThanOrEqual(2 ** 20);
    return plan.rows;
  };

  it('is the whole shard where its activations fit in 1 MiB', async () => {
    expect(await rowsOf(512, 64)).toBe(64);
    expect(await rowsOf(512, 7)).toBe(7);
  });

  it('is the largest multiple of 16 whose activations fit', async () => {
    // Most is live behind the last layer's backward: 784 + 512 + 512 (gradient) + 10 floats a row, 7,272 bytes; 2^20 / 7272 = 144.2.
    expect(await rowsOf(512, 5000)).toBe(144);
  });

  it('is 16 where not even those fit, and never more than the shard', async () => {
    expect(await rowsOf(40_000, 5000)).toBe(16);
    expect(await rowsOf(40_000, 3)).toBe(3);
  });
});
