// Custom models as functions in this process. Oracle: the same arithmetic in plain loops, in float64.
import { describe, expect, it } from 'vitest';
import { ModelError } from '#src/graph/model-error.js';
import { traceModel } from '#src/nn/build-model.js';
import { type CustomModel, customModel } from '#src/nn/custom-model.js';
import type { LayerFunction, ParameterFunction } from '#src/nn/model-layers.js';
import { compilePlan } from '#src/plan/compile.js';
import { initializeParameters } from '#src/plan/initialize.js';
import { BACKENDS, PlanBench } from '../plan/plan-bench.ts';

const spec = {
  name: 'values',
  samples: 2,
  input: { shape: [2, 3], storage: 'f32' as const, divisor: 1 },
  target: { kind: 'values' as const, storage: 'f32' as const, shape: [7] },
};

const trace = (define: CustomModel) => traceModel(customModel({ path: '/m.js', file: 'm.js', define }), 'mse', spec);

describe.each(BACKENDS)('the methods of tensors on %s', (backend) => {
  it('compute what they say, axes counted with that of the samples in front', () => {
    const model = trace((x, nn) => {
      const parameter = nn.parameter as ParameterFunction;
      const products = x.matmul(x.transpose()).softmax(1);
      const parts = products.reshape([-1, 4]).concat(x.reshape([-1, 6]).slice(1, 2, 5), 1);
      const scaled = parts
        .mul(parameter('scale', [7], { name: 'constant', value: 3 }))
        .sub(1)
        .div(2)
        .pow(2);
      return scaled
        .add(x.mean([1, 2], { keepDims: true }).reshape([-1, 1]))
        .abs()
        .exp();
    });
    const plan = compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows: 2, dataset: spec });
    const inputs = Array.from({ length: 12 }, (_, i) => Math.sin(1 + 5 * i));
    const bench = new PlanBench(plan, { spec, inputs, targets: new Array(14).fill(0) }, backend);
    initializeParameters(plan, bench.kernels.kernels, 1, bench.parametersAt);
    bench.evaluate([0, 1]);
    const loss = [inputs.slice(0, 6), inputs.slice(6)]
      .flatMap(outputsOf)
      .reduce((sum, value) => sum + value * value, 0);
    // Some 20 f32 roundings a number.
    expect(Math.abs(bench.sums[0] - loss)).toBeLessThan(3e-6 * loss);
  });
});

/** x is (2, 3). */
function outputsOf(x: number[]): number[] {
  const product = (a: number, b: number) => [0, 1, 2].reduce((sum, e) => sum + x[3 * a + e] * x[3 * b + e], 0);
  // softmax over axis 1 of (-1,2,2): over the rows.
  const products = [0, 1].map((a) => [0, 1].map((b) => Math.exp(product(a, b))));
  const shares = products.map((row) => row.map((value, b) => value / (products[0][b] + products[1][b])));
  const mean = x.reduce((sum, value) => sum + value, 0) / 6;
  return [...shares.flat(), ...x.slice(2, 5)].map((value) => Math.exp(Math.abs(((3 * value - 1) / 2) ** 2 + mean)));
}

describe('a custom model', () => {
  it('sees the shapes that it makes, -1 the samples', () => {
    const shapes: number[][] = [];
    trace((x, nn) => {
      const h = (nn.dense as LayerFunction)(x, 7, { activation: 'gelu' });
      shapes.push(x.shape, x.transpose().shape, x.sum(-1).shape, x.mean().shape, h.shape);
      return h;
    });
    expect(shapes).toEqual([[-1, 2, 3], [-1, 3, 2], [-1, 2], [-1], [-1, 7]]);
  });

  it('names its layers as a list does, by kind and number or as it is told', () => {
    const { layers } = trace((x, nn) => {
      const dense = nn.dense as LayerFunction;
      const h = dense(dense(x, 5), 5, { name: 'middle' });
      return dense((nn.residual as LayerFunction)(h, [{ dense: 5 }]), 7);
    });
    expect(layers.map(({ name }) => name)).toEqual(['dense1', 'middle', 'residual1.dense1', 'residual1', 'dense3']);
  });

  it.each<[string, CustomModel, string]>([
    [
      'a name twice',
      (x, nn) => named(nn.dense, named(nn.dense, x, 'a'), 'a'),
      'model: expected a layer name of its own, got a again; set another name',
    ],
    [
      'a layer of a number',
      (_x, nn) => (nn.dense as LayerFunction)(3 as never, 4),
      'model: expected the first argument of nn.dense to be a tensor of this model, got 3; pass x or a result of it',
    ],
    [
      'a product with nothing',
      (x) => x.matmul(undefined as never),
      'model: expected the argument of matmul to be a tensor of this model, got undefined; pass x or a result of it',
    ],
    [
      'a transposition of the samples',
      (x) => x.transpose([1, 0, 2]),
      'model: expected an axis of one sample of (-1,2,3), got 1, that of the samples; name axes from 1 on',
    ],
    [
      'an axis that is not there',
      (x) => x.softmax(5),
      'model: expected an axis from -3 to 2 of (-1,2,3), got 5; name an axis it has',
    ],
    [
      'half an axis',
      (x) => x.sum(0.5),
      'model: expected an axis from -3 to 2 of (-1,2,3), got 0.5; name an axis it has',
    ],
    [
      'a sum with NaN',
      (x) => x.add(Number.NaN),
      'model: expected a number that add can take in float32, got NaN; correct the number',
    ],
    [
      'a division by 0',
      (x) => x.div(0),
      'model: expected a number that div can take in float32, got 0; correct the number',
    ],
    [
      'a product with more than float32 holds',
      (x) => x.mul(1e39),
      'model: expected a number that mul can take in float32, got 1e+39; correct the number',
    ],
    [
      'a slice of nothing',
      (x) => x.slice(1, 2, 2),
      'model: expected a slice of one position or more of axis 1 of (-1,2,3), got 2 to 2; correct them',
    ],
    [
      'a shape without the samples',
      (x) => x.reshape([6]),
      'model: expected a shape that begins with -1 for the samples to reshape (-1,2,3), got [6]; write it as in [-1, 2, 3]',
    ],
    [
      'a parameter without a shape',
      (_x, nn) => (nn.parameter as ParameterFunction)('w', 3 as never),
      'nn.parameter: expected a shape such as [10, 4] for w, got 3; correct it',
    ],
    [
      'an initializer that is none',
      (_x, nn) => (nn.parameter as ParameterFunction)('w', [3, 3], 'xavier'),
      'nn.parameter w: expected an initializer: kaimingUniform, ',
    ],
    [
      'a layer without its value',
      (x, nn) => (nn.dense as LayerFunction)(x),
      'nn.dense dense: expected a whole number of 1 or more, got true; correct the value',
    ],
  ])('is refused for %s', (_title, define, message) => {
    expect(() => trace(define)).toThrow(ModelError);
    expect(() => trace(define)).toThrow(message);
  });
});

function named(layer: unknown, x: Parameters<LayerFunction>[0], name: string): ReturnType<LayerFunction> {
  return (layer as LayerFunction)(x, 7, { name });
}
