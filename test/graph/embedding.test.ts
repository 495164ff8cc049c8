// Ids that come with the samples: the labels themselves pick rows of a table.
import { expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { createGraph } from '#src/graph/graph.js';
import { embedding } from '#src/graph/ops/embedding.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { softmaxCrossEntropy } from '#src/graph/ops/softmax-cross-entropy.js';
import { target } from '#src/graph/ops/target.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, PlanBench } from '../plan/plan-bench.ts';
import { centralDifferences, evaluateGraph } from './float64.ts';
import { randomNumbers } from './op-cases.ts';

const CLASSES = 3;
const LABELS = [2, 0, 2, 1, 2, 0, 2];

function openLabels(labels: readonly number[], microBatch: number) {
  const graph = createGraph();
  const ids = graph.apply(target, [], { shape: [], element: 'i32' }, 'target');
  const initializer = { kind: 'constant', value: 0 } as const;
  const table = graph.apply(parameter, [], { name: 'table', shape: [CLASSES, CLASSES], initializer }, 'layer');
  const loss = graph.apply(softmaxCrossEntropy, [graph.apply(embedding, [ids, table], {}, 'layer'), ids], {}, 'loss');
  const spec: DatasetSpec = {
    name: 'labels',
    samples: labels.length,
    input: { shape: [1], storage: 'f32', divisor: 1 },
    target: { kind: 'class', storage: 'i32', classes: CLASSES },
  };
  const plan = compilePlan(
    { graph, loss: loss.id, metric: 'accuracy', layers: [] },
    { numerics: 'portable', microBatch, largestShardRows: labels.length, dataset: spec },
  );
  const values = Float32Array.from(randomNumbers(CLASSES ** 2, -1, 1, 3));
  const samples = { spec, inputs: new Float32Array(labels.length), targets: labels };
  return { graph, plan, samples, values, nodes: { ids: ids.id, table: table.id, loss: loss.id } };
}

it.each(BACKENDS.flatMap((backend) => [LABELS.length, 3].map((rows) => [backend, rows] as const)))(
  'on %s, %i samples at once: a table picked by the labels has the loss and gradient of float64',
  (backend, rows) => {
    const { graph, plan, samples, values, nodes } = openLabels(LABELS, rows);
    const bench = new PlanBench(plan, samples, backend);
    bench.setParameter('layer.table', values);
    bench.train([...LABELS.keys()]);
    const given = new Map<number, ArrayLike<number>>([
      [nodes.ids, LABELS],
      [nodes.table, values],
    ]);
    expectClose([bench.sums[0]], [evaluateGraph(graph, given, LABELS.length)[nodes.loss][0]], {
      relative: 1e-5,
      ofLargest: 0,
    });
    const expected = centralDifferences(graph, nodes.loss, nodes.table, given, LABELS.length);
    expectClose(bench.gradient('layer.table'), expected, { relative: 1e-4, ofLargest: 1e-5 });
    expect(bench.brokenGuards()).toEqual([]);
  },
);
