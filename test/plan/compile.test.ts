// What a plan consists of and depends on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { ModelError } from '#src/graph/model-error.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { buildModel, type Model, traceModel } from '#src/nn/build-model.js';
import { type CustomModel, customModel } from '#src/nn/custom-model.js';
import type { LayerFunction } from '#src/nn/model-layers.js';
import type { LayerConfig } from '#src/nn/nn.schema.js';
import { compilePlan, type PlanOptions } from '#src/plan/compile.js';
import { packPlan, planSha256, unpackPlan } from '#src/plan/plan.js';
import { denseStack } from './dense-stack.ts';

const MNIST: PlanOptions['dataset'] = {
  name: 'mnist',
  samples: 60_000,
  input: { shape: [1, 28, 28], storage: 'u8', divisor: 255 },
  target: { kind: 'class', storage: 'u8', classes: 10 },
};
const OPTIONS: PlanOptions = { numerics: 'portable', microBatch: 'auto', largestShardRows: 64, dataset: MNIST };

const dense = (units: number, activation: 'relu' | 'none' = 'none'): LayerConfig => ({
  dense: units,
  activation,
  bias: true,
});
const mlp = (...layers: LayerConfig[]): Model => buildModel(layers, 'crossEntropy', MNIST);

describe('compilePlan', () => {
  const plan = compilePlan(mlp(dense(32, 'relu'), dense(10)), OPTIONS);

  it('lists the calls of a dense network as one would write them by hand', () => {
    const labels = Object.entries(plan.train).map(([part, calls]) => [part, calls.map(({ label }) => label)]);
    expect(Object.fromEntries(labels)).toEqual({
      gather: ['input (rows,1,28,28) u8 / 255', 'target (rows) u8 labels'],
      forward: [
        'dense1 (rows,784)·(784,32) +bias relu',
        'dense2 (rows,32)·(32,10) +bias',
        'loss softmaxCrossEntropy (rows,10) → d dense2',
      ],
      backward: [
        'dense2 sum (rows,10) to (10) → d dense2.bias',
        'dense2 (10,rows)·(rows,32) → d dense2.weight',
        'dense2 (rows,10)·(10,32) → d dense1',
        'dense1 reluBackward (rows,32)',
        'dense1 sum (rows,32) to (32) → d dense1.bias',
        'dense1 (32,rows)·(rows,784) → d dense1.weight',
      ],
    });
    expect(plan.evaluate.forward.map(({ label }) => label)).toEqual([
      'dense1 (rows,784)·(784,32) +bias relu',
      'dense2 (rows,32)·(32,10) +bias',
      'loss softmaxCrossEntropy (rows,10)',
    ]);
  });

  it('shows a tensor of several calls at the last of them: before it, it holds what lay there', () => {
    const spec = { ...MNIST, target: { kind: 'values' as const, storage: 'f32' as const, shape: [8] } };
    const define: CustomModel = (x, nn) => {
      const layer = nn.dense as LayerFunction;
      return layer(x, 4).concat(layer(x, 4)).tanh();
    };
    const model = traceModel(customModel({ path: '/m.js', file: 'm.js', define }), 'mse', spec);
    const { train } = compilePlan(model, { ...OPTIONS, dataset: spec });
    const copies = train.forward.filter(({ label }) => label.startsWith('model concat'));
    expect(copies.map(({ out }) => out === null)).toEqual([true, false]);
    expect([...train.forward, ...train.backward].filter(({ out }) => out === null)).toHaveLength(1);
  });

  it('lays out thousands of layers, with more arguments of calls than a stack holds', () => {
    const layers = [{ repeat: 3000, layers: [dense(1)] }, dense(10)];
    expect(compilePlan(mlp(...layers), OPTIONS).train.forward).toHaveLength(3002);
  });

  it('puts parameters at multiples of 16 elements, in the order of the layers', () => {
    const places = plan.parameters.map(({ name, shape, elementOffset, elements }) => [
      name,
      shape,
      elementOffset,
      elements,
    ]);
    expect(places).toEqual([
      ['dense1.weight', [32, 784], 0, 25_088],
      ['dense1.bias', [32], 25_088, 32],
      ['dense2.weight', [10, 32], 25_120, 320],
      ['dense2.bias', [10], 25_440, 10],
    ]);
    expect(plan.parameterElements).toBe(25_456);
  });

  it('moves an activation layer into the dense layer in front of it: the same kernel calls', () => {
    const apart = compilePlan(mlp(dense(32), { activation: 'relu' }, dense(10)), OPTIONS);
    const calls = ({ train }: typeof plan) => Object.values(train).flatMap((part) => part.map(({ args }) => args));
    expect(calls(apart)).toEqual(calls(plan));
  });

  it('is the same plan every time, to the last byte', () => {
    fc.assert(
      fc.property(denseStack, ({ layers, spec, model }) => {
        const again = buildModel(structuredClone(layers), spec.target.kind === 'class' ? 'crossEntropy' : 'mse', spec);
        const options: PlanOptions = { ...OPTIONS, dataset: spec };
        const [a, b] = [model, again].map((one) => compilePlan(one, options));
        expect(planSha256(b)).toBe(planSha256(a));
        expect(packPlan(b)).toEqual(packPlan(a));
      }),
      { numRuns: 50 },
    );
  });

  it('is plain data: MessagePack and JSON give it back', () => {
    expect(unpackPlan(packPlan(plan))).toEqual(plan);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('has another hash where the bits may differ', () => {
    const others = [
      compilePlan(mlp(dense(32, 'relu'), dense(10)), { ...OPTIONS, numerics: 'fast' }),
      compilePlan(mlp(dense(32, 'relu'), dense(10)), { ...OPTIONS, microBatch: 32 }),
      compilePlan(mlp(dense(33, 'relu'), dense(10)), OPTIONS),
    ];
    expect(new Set([plan, ...others].map(planSha256)).size).toBe(4);
  });

  it('takes microBatch as it is, up to the largest shard', () => {
    const rows = (microBatch: number) => compilePlan(mlp(dense(10)), { ...OPTIONS, microBatch }).rows;
    expect([1, 7, 64, 1000].map(rows)).toEqual([1, 7, 64, 64]);
  });

  it('refuses a parameter that does not reach the loss', () => {
    const model = mlp(dense(10));
    const graph = createGraph(model.graph);
    const attrs = { name: 'weight', shape: [3], initializer: { kind: 'constant', value: 0 } } as const;
    graph.apply(parameter, [], attrs, 'lost');
    expect(() => compilePlan({ ...model, graph }, OPTIONS)).toThrow(
      new ModelError(
        "lost: expected every parameter to reach the loss, got lost.weight, which does not; use the layer's output or remove the layer",
      ),
    );
  });

  it('refuses a tensor that kernels cannot count', () => {
    const options = { ...OPTIONS, microBatch: 3_000_000, largestShardRows: 3_000_000 };
    expect(() => compilePlan(mlp(dense(10)), options)).toThrow(
      new ModelError(
        'input: expected at most 2147483647 elements in a tensor, got 2352000000 for 3000000 rows of shape (1,28,28); set a smaller microBatch or layer',
      ),
    );
  });

  it('refuses more parameters than kernels can count', () => {
    const wide = mlp(dense(1_600_000), dense(1000), dense(10));
    expect(() => compilePlan(wide, OPTIONS)).toThrow(
      /^model: expected 1 to 2147483647 parameters, got 285\d+; use smaller layers$/,
    );
  });
});
