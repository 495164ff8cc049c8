// Random stacks of dense layers and random samples for them: what the plan's properties are tested on.
import fc from 'fast-check';
import type { DatasetSpec } from '#src/data/source.js';
import { buildModel, type Model } from '#src/nn/build-model.js';
import type { LayerConfig } from '#src/nn/nn.schema.js';
import { randomNumbers } from '../graph/op-cases.ts';
import type { PlanBench, Samples } from './plan-bench.ts';

export interface Stack {
  model: Model;
  spec: DatasetSpec;
  layers: LayerConfig[];
}

const activation = fc.constantFrom('relu' as const, 'tanh' as const, 'sigmoid' as const);
const layer = fc.oneof(
  fc.record({
    dense: fc.integer({ min: 1, max: 40 }),
    activation: fc.oneof(activation, fc.constant('none' as const)),
    bias: fc.boolean(),
  }),
  fc.record({ activation }),
  fc.constant({ flatten: true as const }),
);

/** Any layers, then a dense one for the loss; image or vector inputs, labels or values. */
export const denseStack: fc.Arbitrary<Stack> = fc
  .record({
    layers: fc.array(layer, { maxLength: 5 }),
    inputShape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    isBytes: fc.boolean(),
    outputs: fc.integer({ min: 1, max: 12 }),
    isLabels: fc.boolean(),
    samples: fc.integer({ min: 1, max: 40 }),
  })
  .map(({ layers, inputShape, isBytes, outputs, isLabels, samples }) => {
    const all: LayerConfig[] = [...layers, { dense: outputs, activation: 'none', bias: true }];
    const spec: DatasetSpec = {
      name: 'random',
      samples,
      input: { shape: inputShape, storage: isBytes ? 'u8' : 'f32', divisor: isBytes ? 255 : 4 },
      target: isLabels
        ? { kind: 'class', storage: isBytes ? 'u8' : 'i32', classes: outputs }
        : { kind: 'values', storage: 'f32', shape: [outputs] },
    };
    return { model: buildModel(all, isLabels ? 'crossEntropy' : 'mse', spec), spec, layers: all };
  });

/** Samples of a dataset's shapes. */
export function randomSamples(spec: DatasetSpec, seed = 1): Samples {
  const elements = spec.input.shape.reduce((product, length) => product * length, spec.samples);
  const inputs = randomNumbers(elements, 0, spec.input.storage === 'u8' ? 256 : 1, seed).map((value) =>
    spec.input.storage === 'u8' ? Math.floor(value) : Math.fround(value),
  );
  if (spec.target.kind === 'class') {
    const targets = randomNumbers(spec.samples, 0, spec.target.classes, seed + 1).map(Math.floor);
    return { spec, inputs, targets };
  }
  const [units] = spec.target.shape;
  return { spec, inputs, targets: randomNumbers(spec.samples * units, -1, 1, seed + 1).map(Math.fround) };
}

/** Gives every parameter small random values, the same ones for every bench of the plan. */
export function randomizeParameters(bench: PlanBench): void {
  for (const { name, elements, elementOffset } of bench.plan.parameters) {
    bench.setParameter(name, randomNumbers(elements, -0.5, 0.5, elementOffset + 7));
  }
}

/** The sources' values as float64.ts takes them. */
export function sourceValues({ graph }: Model, { spec, inputs, targets }: Samples, bench: PlanBench) {
  const values = new Map<number, ArrayLike<number>>();
  for (const { id, op, layer: name, attrs } of graph.nodes) {
    if (op.source === 'input')
      values.set(
        id,
        Array.from(inputs, (value) => value / spec.input.divisor),
      );
    if (op.source === 'target') values.set(id, targets);
    if (op.source === 'parameter') values.set(id, bench.view(bench.parameters, bench.find(`${name}.${attrs.name}`)));
  }
  return values;
}
