// Every op of the table, on every backend: value and gradients against float64 loops and central differences of them.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { elementCount } from '#src/graph/tensor-type.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, PlanBench } from '../plan/plan-bench.ts';
import { centralDifferences, evaluateGraph } from './float64.ts';
import { LOSS_OP_FILES } from './loss-op-files.ts';
import { caseModel, OP_CASES, type OpCase, randomNumbers } from './op-cases.ts';

const SAMPLES = 5;

function openCase(opCase: OpCase, microBatch: number) {
  const model = caseModel(opCase);
  const { nodes } = model.graph;
  const [low, high] = opCase.range ?? [-2, 2];
  const targets = nodes.find(({ op }) => op.source === 'target')!;
  const spec: DatasetSpec = {
    name: 'random',
    samples: SAMPLES,
    input: { shape: [4], storage: 'f32', divisor: 1 },
    target: { kind: 'values', storage: 'f32', shape: [...targets.shape] },
  };
  const values = new Map<number, Float32Array>();
  for (const node of nodes) {
    const count = elementCount(node.shape) * (node.isBatched ? SAMPLES : 1);
    // f32 values, so that both sides start from the same numbers; half the range, as a batch is the sum of two of them.
    if (node.op.source !== undefined && node.op.source !== 'constant') {
      values.set(node.id, Float32Array.from(randomNumbers(count, low / 2, high / 2, node.id + 1)));
    }
  }
  const inputs = values.get(nodes.find(({ op }) => op.source === 'input')!.id)!;
  const samples = { spec, inputs, targets: values.get(targets.id)! };
  const plan = compilePlan(model, {
    numerics: 'portable',
    microBatch,
    largestShardRows: SAMPLES,
    dataset: spec,
  });
  return { model, plan, samples, values };
}

// In one pass, and added up from three.
const CASES = OP_CASES.flatMap((opCase) =>
  (opCase.mixesSamples ? [SAMPLES] : [SAMPLES, 2]).map((rows) => [opCase.op, opCase.title, rows, opCase] as const),
);

describe.each(BACKENDS)('on %s', (backend) => {
  it.each(CASES)(
    '%s %s, %i samples at once: loss and gradients are those of float64 and central differences',
    (_op, _title, microBatch, opCase) => {
      const { model, plan, samples, values } = openCase(opCase, microBatch);
      const bench = new PlanBench(plan, samples, backend);
      const parameters = model.graph.nodes.filter(({ op }) => op.source === 'parameter');
      for (const { id, attrs } of parameters) bench.setParameter(`layer.${attrs.name}`, values.get(id)!);
      bench.train([...Array(SAMPLES).keys()]);
      const [loss] = evaluateGraph(model.graph, values, SAMPLES)[model.loss] as number[];
      // A handful of float32 roundings a number; the sums are float64.
      expectClose([bench.sums[0]], [loss], { relative: 1e-5, ofLargest: 0 });
      for (const { id, attrs } of parameters) {
        const expected = centralDifferences(model.graph, model.loss, id, values, SAMPLES);
        expectClose(bench.gradient(`layer.${attrs.name}`), expected, { relative: 1e-4, ofLargest: 1e-5 });
      }
      expect(bench.brokenGuards()).toEqual([]);
    },
  );
});

describe('the op table', () => {
  it('has a case for every file of ops/ but the sources of a batch and the losses, which every case has', () => {
    const files = readdirSync(new URL('../../src/graph/ops', import.meta.url)).map((file) => file.replace('.ts', ''));
    const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const tested = new Set(OP_CASES.map(({ op }) => kebab(op)));
    const inEveryCase = ['input', 'target', 'mean-squared-error', 'softmax-cross-entropy', ...LOSS_OP_FILES];
    // test/kernels/weighted-loss.test.ts and test/experiment/weights.test.ts have these.
    const ofWeights = ['sample-weight', 'weighted-loss'];
    // test/plan/statistics.test.ts has these.
    const withoutGradient = ['statistic', 'update-statistic'];
    expect(files.filter((file) => !tested.has(file)).sort()).toEqual(
      [...inEveryCase, ...ofWeights, ...withoutGradient].sort(),
    );
  });
});
