// Causal attention against PyTorch's value and gradients, on every backend: q, k and v of the fixture side by side for each token.
import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { constant } from '#src/graph/ops/constant.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { selfAttention } from '#src/graph/ops/self-attention.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, PlanBench, type Samples } from '../plan/plan-bench.ts';
import { openFixture } from './fixtures.ts';
import { weightedSum } from './weighted-sum.ts';

const [SAMPLES, HEADS, TOKENS, SIZE] = [2, 3, 10, 8];
const DIM = HEADS * SIZE;
const field = (name: string) => openFixture('ops')(`causal_attention/${name}`).values;

/** Tensors (samples, heads, tokens, size) → (samples, tokens, tensors · heads · size). */
function byTokens(...tensors: ArrayLike<number>[]): number[] {
  const width = tensors.length * DIM;
  return Array.from({ length: SAMPLES * TOKENS * width }, (_, i) => {
    const [token, column] = [Math.floor(i / width), i % width];
    const [sample, head] = [Math.floor(token / TOKENS), Math.floor((column % DIM) / SIZE)];
    const row = (sample * HEADS + head) * TOKENS + (token % TOKENS);
    return tensors[Math.floor(column / DIM)][row * SIZE + (column % SIZE)];
  });
}

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

describe.each(BACKENDS)('on %s', (backend) => {
  it('causal attention gives the value and the gradients of PyTorch', () => {
    const graph = createGraph();
    const shape = [SAMPLES, TOKENS, 3 * DIM];
    const initializer = { kind: 'constant', value: 0 } as const;
    const qkv = graph.apply(parameter, [], { name: 'qkv', shape, initializer }, 'attention');
    const out = graph.apply(selfAttention, [qkv], { heads: HEADS, causal: true }, 'attention');
    const g = graph.apply(constant, [], { shape: out.shape, values: byTokens(field('g')) }, 'attention');
    const loss = graph.apply(weightedSum, [out, g], {}, 'loss');
    const options = { numerics: 'portable', microBatch: 'auto', largestShardRows: 1 } as const;
    const model = { graph, loss: loss.id, metric: 'mse', layers: [] } as const;
    const plan = compilePlan(model, { ...options, dataset: NO_SAMPLES.spec });
    const bench = new PlanBench(plan, NO_SAMPLES, backend);
    bench.setParameter('attention.qkv', byTokens(field('q'), field('k'), field('v')));
    bench.forward([0]);
    const outAt = plan.train.forward.find(({ kernel }) => kernel === 'selfAttention')!.args[0];
    // Both sides round to float32 in their own order: the bounds of pytorch.test.ts.
    const expected = byTokens(field('out'));
    expectClose(bench.tensorAt(outAt, expected.length), expected, { relative: 1e-5, ofLargest: 1e-6 });
    bench.train([0]);
    const gradient = byTokens(field('d_q'), field('d_k'), field('d_v'));
    expectClose(bench.gradient('attention.qkv'), gradient, { relative: 1e-4, ofLargest: 1e-5 });
    expect(bench.brokenGuards()).toEqual([]);
  });
});
