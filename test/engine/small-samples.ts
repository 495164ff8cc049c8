// A small classification and a network of three ranges for it: what the phases of a step are tested on.
import type { LayerConfig } from '#src/nn/nn.schema.js';
import { randomNumbers } from '../graph/op-cases.ts';
import { randomSamples } from '../plan/dense-stack.ts';
import { type BenchSpec, PhaseBench } from './phase-bench.ts';

/** 40 · 60 + 60 + 60 · 5 + 5 parameters: three ranges of 1,024, the last one shorter. */
const LAYERS: LayerConfig[] = [
  { dense: 60, activation: 'tanh', bias: true },
  { dense: 5, activation: 'none', bias: true },
];

const INPUT = { shape: [40], storage: 'f32' as const, divisor: 1 };

/** A bench over `count` random samples, its first weights random too; every key may be another one. */
export function openBench({ count = 64, ...keys }: Partial<BenchSpec> & { count?: number }): PhaseBench {
  const samples = randomSamples({
    name: 'small',
    samples: count,
    input: INPUT,
    target: { kind: 'class', storage: 'i32', classes: 5 },
  });
  const bench = new PhaseBench({
    backend: 'simd',
    layers: LAYERS,
    loss: 'crossEntropy',
    samples,
    shards: 5,
    batchSize: 17,
    ...keys,
  });
  const weights = randomNumbers(bench.plan.parameterElements, -0.3, 0.3, 11);
  bench.setValues(bench.generation(0), (i) => weights[i]);
  return bench;
}
