// Which gradients there are, and that they are not computed twice; their numbers are checked in ops.test.ts.
import { describe, expect, it } from 'vitest';
import { differentiate } from '#src/graph/autodiff.js';
import { createGraph, type Graph } from '#src/graph/graph.js';
import { add } from '#src/graph/ops/add.js';
import { buildModel } from '#src/nn/build-model.js';

const SAMPLES = {
  input: { shape: [6] },
  target: { kind: 'values' as const, shape: [2] },
};
const dense = (units: number, activation: 'relu' | 'none') => ({ dense: units, activation, bias: true });

const opNames = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op.name);

describe('differentiate', () => {
  const model = buildModel([dense(4, 'relu'), dense(2, 'none')], 'mse', SAMPLES);
  const { graph, gradients } = differentiate(model.graph, model.loss);
  const forward = model.graph.nodes.length;

  it('leaves the forward part as it is', () => {
    expect(graph.nodes.slice(0, forward)).toEqual(model.graph.nodes);
  });

  it('gives a gradient to everything between a parameter and the loss, and none to the inputs', () => {
    const without = model.graph.nodes.filter(({ id }) => !gradients.has(id)).map(({ op }) => op.name);
    expect(without).toEqual(['input', 'target']);
    for (const [of, gradient] of gradients) expect(graph.nodes[gradient].shape).toEqual(graph.nodes[of].shape);
  });

  it('takes weights and biases before the inputs, and the step behind the activation once', () => {
    expect(opNames(graph).slice(forward)).toEqual([
      'sumTo',
      'rowsMatmul',
      'matmul',
      'reluBackward',
      'sumTo',
      'rowsMatmul',
    ]);
  });

  it('adds the gradients of a tensor that is used twice', () => {
    const builder = createGraph(model.graph);
    const loss = builder.nodes[model.loss];
    const [outputs, targets] = loss.inputs.map((id) => builder.nodes[id]);
    const doubled = builder.apply(add, [outputs, outputs], {}, 'twice');
    const end = builder.apply(loss.op, [doubled, targets], {}, 'loss');
    const { gradients: found, graph: whole } = differentiate(builder, end.id);
    expect(whole.nodes[found.get(outputs.id)!]).toMatchObject({ op: { name: 'add' }, inputs: [end.id, end.id] });
  });
});
