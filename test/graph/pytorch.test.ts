// Ops and losses against PyTorch's own values and gradients, case by case, on every backend.
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { createGraph, type GraphBuilder } from '#src/graph/graph.js';
import type { GraphNode } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { constant } from '#src/graph/ops/constant.js';
import { dense } from '#src/graph/ops/dense.js';
import { exp } from '#src/graph/ops/exp.js';
import { input } from '#src/graph/ops/input.js';
import { log } from '#src/graph/ops/log.js';
import { matmul } from '#src/graph/ops/matmul.js';
import { mean } from '#src/graph/ops/mean.js';
import { mul } from '#src/graph/ops/mul.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { relu } from '#src/graph/ops/relu.js';
import { sigmoid } from '#src/graph/ops/sigmoid.js';
import { sqrt } from '#src/graph/ops/sqrt.js';
import { square } from '#src/graph/ops/square.js';
import { sub } from '#src/graph/ops/sub.js';
import { sum } from '#src/graph/ops/sum.js';
import { tanh } from '#src/graph/ops/tanh.js';
import type { Model } from '#src/nn/build-model.js';
import { addLoss } from '#src/nn/losses.js';
import type { LossConfig } from '#src/nn/nn.schema.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, type Backend, PlanBench, type Samples } from '../plan/plan-bench.ts';

import { ACTIVATION_FIXTURES } from './cases/activation-cases.ts';
import { BATCHED_MATMUL_FIXTURES } from './cases/batched-matmul-cases.ts';
import { CONV_FIXTURES } from './cases/conv-fixtures.ts';
import { EXTREME_FIXTURES } from './cases/extreme-cases.ts';
import { NORMALIZATION_FIXTURES } from './cases/normalization-fixtures.ts';
import { SHAPE_FIXTURES } from './cases/shape-cases.ts';
import { SOFTMAX_FIXTURES } from './cases/softmax-cases.ts';
import { openFixture } from './fixtures.ts';
import { weightedSum } from './weighted-sum.ts';

const ops = openFixture('ops');
const losses = openFixture('losses');

// Both sides round to float32 in their own order: rtol 1e-5 for values; gradients as the fixtures' own bound.
const VALUE_BOUND = { relative: 1e-5, ofLargest: 1e-6 };
const GRADIENT_BOUND = { relative: 1e-4, ofLargest: 1e-5 };

const unary = (op: typeof relu) => ({ inputs: ['x'], build: ([x]: GraphNode[], apply: Apply) => apply(op, [x], {}) });
type Apply = (
  op: Parameters<ReturnType<typeof createGraph>['apply']>[0],
  inputs: GraphNode[],
  attrs: object,
) => GraphNode;

const OP_FIXTURES: Record<string, { inputs: string[]; build: (inputs: GraphNode[], apply: Apply) => GraphNode }> = {
  linear: { inputs: ['x', 'w', 'b'], build: (nodes, apply) => apply(dense as never, nodes, { activation: 'none' }) },
  matmul: { inputs: ['a', 'b'], build: (nodes, apply) => apply(matmul as never, nodes, { transposed: false }) },
  broadcast_add_mul: {
    inputs: ['a', 'b', 'c'],
    build: ([a, b, c], apply) => apply(mul, [apply(add, [a, b], {}), c], {}),
  },
  relu: unary(relu),
  sigmoid: unary(sigmoid),
  tanh: unary(tanh),
  exp: unary(exp),
  square: unary(square),
  log: unary(log),
  sqrt: unary(sqrt),
  sum_axis: { inputs: ['x'], build: ([x], apply) => apply(sum as never, [x], { axes: [1], keepDims: false }) },
  ...(ACTIVATION_FIXTURES as object),
  ...(SOFTMAX_FIXTURES as object),
  ...(SHAPE_FIXTURES as object),
  ...(BATCHED_MATMUL_FIXTURES as object),
  ...(EXTREME_FIXTURES as object),
  mean_keep: { inputs: ['x'], build: ([x], apply) => apply(mean as never, [x], { axes: [0, 2], keepDims: true }) },
  ...NORMALIZATION_FIXTURES,
  ...CONV_FIXTURES,
};

const LOSS_FIXTURES: Record<string, LossConfig> = {
  mse: 'mse',
  l1: 'l1',
  smooth_l1: { name: 'smoothL1', beta: 0.5 },
  huber: { name: 'huber', delta: 0.8 },
  cross_entropy: 'crossEntropy',
  cross_entropy_smooth: { name: 'crossEntropy', labelSmoothing: 0.1 },
  cross_entropy_weighted: {
    name: 'crossEntropy',
    labelSmoothing: 0,
    classWeights: [...losses('cross_entropy_weighted/class_weights').values],
  },
  cross_entropy_ignore: { name: 'crossEntropy', labelSmoothing: 0, ignoreIndex: -100 },
  cross_entropy_extreme: 'crossEntropy',
  bce_with_logits: 'bceWithLogits',
  nll: 'nll',
  bce_pos_weight: { name: 'bceWithLogits', posWeight: 2.5 },
};

const NO_SAMPLES: Samples = {
  spec: {
    name: 'none',
    samples: 1,
    input: { shape: [1], storage: 'f32', divisor: 1 },
    target: { kind: 'values', storage: 'f32', shape: [1] },
  },
  inputs: [0],
  targets: [0],
};

const compile = (model: Model, spec: DatasetSpec) =>
  compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows: spec.samples, dataset: spec });

function runOp(name: string, backend: Backend) {
  const { inputs, build } = OP_FIXTURES[name];
  const graph = createGraph();
  const apply: Apply = (op, nodes, attrs) => graph.apply(op, nodes, attrs as never, name);
  const nodes = inputs.map((field) => {
    const { shape } = ops(`${name}/${field}`);
    return apply(parameter as never, [], { name: field, shape, initializer: { kind: 'constant', value: 0 } });
  });
  const output = build(nodes, apply);
  const { shape, values } = ops(`${name}/g`);
  const g = apply(constant as never, [], { shape, values: [...values] });
  const loss = apply(weightedSum, [output, g], {});
  const plan = compile({ graph, loss: loss.id, metric: 'mse', layers: [] }, NO_SAMPLES.spec);
  const bench = new PlanBench(plan, NO_SAMPLES, backend);
  for (const field of inputs) bench.setParameter(`${name}.${field}`, ops(`${name}/${field}`).values);
  bench.forward([0]);
  const looksAt = plan.train.forward.find(({ label }) => label.includes('look at x'))!.args[1];
  const out = bench.tensorAt(looksAt, ops(`${name}/out`).values.length).slice();
  bench.train([0]);
  return { output, out, bench };
}

/** Outputs that are the samples themselves, moved by a parameter of 0, so that there is something to train. */
function runLoss(name: string, backend: Backend) {
  const [x, y] = [losses(`${name}/x`), losses(`${name}/y`)];
  const isLabels = y.shape.length === 1;
  const [samples, units] = x.shape;
  const graph = createGraph();
  const inputs = graph.apply(input, [], { shape: [units] }, 'input');
  const zero = graph.apply(
    parameter,
    [],
    { name: 'zero', shape: [units], initializer: { kind: 'constant', value: 0 } },
    'zero',
  );
  const moved = graph.apply(add, [inputs, zero], {}, 'zero');
  // The fixture of nll takes scores, and log_softmax is in it.
  const outputs = name === 'nll' ? logSoftmax(graph, moved) : moved;
  const spec: DatasetSpec = {
    name,
    samples,
    input: { shape: [units], storage: 'f32', divisor: 1 },
    target: isLabels
      ? { kind: 'class', storage: 'i32', classes: units }
      : { kind: 'values', storage: 'f32', shape: [units] },
  };
  const { node, ...rest } = addLoss(graph, LOSS_FIXTURES[name], outputs, spec.target);
  const plan = compile({ graph, loss: node.id, layers: [], ...rest }, spec);
  const bench = new PlanBench(plan, { spec, inputs: x.values, targets: y.values }, backend);
  bench.setParameter('zero.zero', new Float32Array(units));
  const ids = [...Array(samples).keys()];
  // The gradient of one sample's loss by the parameter is that by the sample.
  const dX = ids.flatMap((id) => {
    bench.train([id]);
    return [...bench.gradient('zero.zero')];
  });
  bench.train(ids);
  return { sums: bench.sums, dX, dAll: bench.gradient('zero.zero') };
}

function logSoftmax(graph: GraphBuilder, x: GraphNode): GraphNode {
  const powers = graph.apply(exp, [x], {}, 'zero');
  const total = graph.apply(sum, [powers], { axes: [-1], keepDims: true }, 'zero');
  return graph.apply(sub, [x, graph.apply(log, [total], {}, 'zero')], {}, 'zero');
}

describe.each(BACKENDS)('on %s', (backend) => {
  it.each(Object.keys(OP_FIXTURES))('%s gives the value and the gradients of PyTorch', (name) => {
    const { output, out, bench } = runOp(name, backend);
    expect(output.shape).toEqual(ops(`${name}/out`).shape);
    expectClose(out, ops(`${name}/out`).values, VALUE_BOUND);
    for (const field of OP_FIXTURES[name].inputs) {
      expectClose(bench.gradient(`${name}.${field}`), ops(`${name}/d_${field}`).values, GRADIENT_BOUND);
    }
  });

  it.each(Object.keys(LOSS_FIXTURES))('%s gives the loss and the gradient of PyTorch', (name) => {
    const { sums, dX, dAll } = runLoss(name, backend);
    const [numerator, denominator] = sums;
    expectClose([numerator / denominator], losses(`${name}/out`).values, VALUE_BOUND);
    expectClose(
      dX.map((value) => value / denominator),
      losses(`${name}/d_x`).values,
      GRADIENT_BOUND,
    );
    const columns = Array.from(dAll, (_, c) => dX.filter((_, i) => i % dAll.length === c).reduce((a, b) => a + b));
    expectClose(dAll, columns, GRADIENT_BOUND);
  });
});
