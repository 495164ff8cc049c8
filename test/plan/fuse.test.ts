import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { add } from '#src/graph/ops/add.js';
import { dense } from '#src/graph/ops/dense.js';
import { input } from '#src/graph/ops/input.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { relu } from '#src/graph/ops/relu.js';
import { tanh } from '#src/graph/ops/tanh.js';
import { fuseActivations } from '#src/plan/fuse.js';

function start() {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [4] }, 'input');
  const attrs = { name: 'weight', shape: [3, 4], initializer: { kind: 'constant', value: 0 } } as const;
  const weight = graph.apply(parameter, [], attrs, 'dense1');
  return { graph, sum: graph.apply(dense, [x, weight], { activation: 'none' }, 'dense1') };
}

describe('fuseActivations', () => {
  it('moves an activation into the dense op whose only reader it is, under the name of the dense layer', () => {
    const { graph, sum } = start();
    const end = graph.apply(tanh, [graph.apply(relu, [sum], {}, 'relu1')], {}, 'tanh1');
    const fused = fuseActivations(graph, end.id);
    const rest = fused.graph.nodes
      .slice(2)
      .map(({ op, layer, attrs, inputs }) => ({ op: op.name, layer, attrs, inputs }));
    expect(rest).toEqual([
      { op: 'dense', layer: 'dense1', attrs: { activation: 'relu' }, inputs: [0, 1] },
      // One activation only: gemm has no second.
      { op: 'tanh', layer: 'tanh1', attrs: {}, inputs: [2] },
    ]);
    expect(fused.loss).toBe(3);
  });

  it('leaves a sum that somebody else reads too', () => {
    const { graph, sum } = start();
    const end = graph.apply(add, [graph.apply(relu, [sum], {}, 'relu1'), sum], {}, 'skip');
    expect(fuseActivations(graph, end.id).graph.nodes).toEqual(graph.nodes);
  });
});
