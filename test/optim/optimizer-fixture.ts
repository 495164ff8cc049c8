// optimizers.safetensors → each case of PyTorch's with our options for it.
import { fileURLToPath } from 'node:url';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import type { DatasetSpec } from '#src/data/source.js';
import type { LayerConfig } from '#src/nn/nn.schema.js';
import { type OptimizerConfig, optimizerSchema } from '#src/optim/optim.schema.js';
import type { Samples } from '../plan/plan-bench.ts';

interface StoredCase {
  optimizer: string;
  args: Record<string, unknown>;
  clipNorm: number | null;
  steps: number;
  batch: number;
}

/** Twenty steps of PyTorch's with one optimizer. */
export interface OptimizerCase {
  name: string;
  optimizer: OptimizerConfig;
  clipNorm: number | null;
  steps: number;
  batch: number;
}

const path = fileURLToPath(new URL('../fixtures/optimizers.safetensors', import.meta.url));
const { metadata, tensors } = readSafetensorsFile(path);

const NAMES: Record<string, string> = {
  SGD: 'sgd',
  Adam: 'adam',
  AdamW: 'adamw',
  RMSprop: 'rmsprop',
  Adagrad: 'adagrad',
  NAdam: 'nadam',
  RAdam: 'radam',
};
const OPTIONS: Record<string, string> = {
  lr: 'lr',
  momentum: 'momentum',
  dampening: 'dampening',
  nesterov: 'nesterov',
  weight_decay: 'weightDecay',
  eps: 'eps',
  amsgrad: 'amsgrad',
  centered: 'centered',
};

/** All cases of the file. Arguments that PyTorch was not given are left to our own defaults: they have to be PyTorch's. */
export const OPTIMIZER_CASES: readonly OptimizerCase[] = Object.entries(
  JSON.parse(metadata.cases) as Record<string, StoredCase>,
).map(([name, { optimizer, args, clipNorm, steps, batch }]) => ({
  name,
  optimizer: translate(optimizer, args),
  clipNorm,
  steps,
  batch,
}));

function translate(optimizer: string, args: Record<string, unknown>): OptimizerConfig {
  const options: Record<string, unknown> = { name: NAMES[optimizer] };
  for (const [key, value] of Object.entries(args)) {
    if (key === 'betas') [options.beta1, options.beta2] = value as [number, number];
    else options[OPTIONS[key]] = value;
  }
  return optimizerSchema.parse(options);
}

/** A stored float32 array. */
export const fixtureValues = (name: string): Float32Array => float32Values(tensors.get(name)!);

const labels = tensors.get('y')!;
const spec: DatasetSpec = {
  name: 'optimizers',
  samples: 64,
  input: { shape: [20], storage: 'f32', divisor: 1 },
  target: { kind: 'class', storage: 'i32', classes: 5 },
};

/** 64 samples of 20 numbers, 5 classes. */
export const FIXTURE_SAMPLES: Samples = {
  spec,
  inputs: fixtureValues('x'),
  targets: Array.from(new BigInt64Array(labels.bytes.slice().buffer), Number),
};

/** 20-16-5 with tanh. */
export const FIXTURE_LAYERS: LayerConfig[] = [
  { dense: 16, activation: 'tanh', bias: true },
  { dense: 5, activation: 'none', bias: true },
];

/** Our names of the parameters and PyTorch's. */
export const FIXTURE_NAMES = {
  'dense1.weight': '0.weight',
  'dense1.bias': '0.bias',
  'dense2.weight': '2.weight',
  'dense2.bias': '2.bias',
} as const;
