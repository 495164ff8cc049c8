// A model family's options and the dataset's shapes → the layers that a config would list for it. Pure; coordinator only.
import { ModelError } from '../graph/model-error.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { powInteger } from '../kernels/scalar.ts';
import type { FamilyConfig } from './families.schema.ts';
import { type LayerConfig, layersSchema } from './layers.schema.ts';
import { type LossConfig, lossOptions } from './loss.schema.ts';
import type { SampleSpec } from './trace.ts';

type Layers = readonly Readonly<Record<string, unknown>>[];

/**
 * The layers of a family, resolved as those of a config are.
 * @throws ModelError where the family cannot learn such data.
 */
export function familyLayers(family: FamilyConfig, loss: LossConfig, samples: SampleSpec): readonly LayerConfig[] {
  return layersSchema.parse(listLayers(family, loss, samples));
}

function listLayers(family: FamilyConfig, loss: LossConfig, samples: SampleSpec): Layers {
  switch (family.name) {
    case 'linear':
      return outputLayers(loss, samples);
    case 'logistic':
      return logistic(loss, samples);
    case 'mlp': {
      const { hidden, activation, dropout } = family;
      return [...denseLayers(hidden, activation, dropout), ...outputLayers(loss, samples)];
    }
    case 'cnn':
      return cnn(family, loss, samples);
    case 'resnet':
      return resnet(family, loss, samples);
    case 'gpt':
      return gpt(family, samples);
  }
}

function denseLayers(widths: readonly number[], activation: string, dropout: number): Layers {
  return widths.flatMap((units) => [{ dense: units, activation }, ...(dropout === 0 ? [] : [{ dropout }])]);
}

type CnnConfig = Extract<FamilyConfig, { name: 'cnn' }>;

/** Convolution, (batch norm,) activation, pooling for each entry of `channels`; then dense layers. */
function cnn(
  { channels, kernel, pool, batchNorm, activation, dense, dropout }: CnnConfig,
  loss: LossConfig,
  samples: SampleSpec,
): Layers {
  requireImages(samples, 'cnn');
  const convolutions = channels.flatMap((count) => {
    const conv = { conv: count, kernel, padding: 'same' };
    // The shift of the batch norm takes the bias's place.
    const layers = batchNorm
      ? [{ ...conv, bias: false }, { batchNorm: true }, ...(activation === 'none' ? [] : [{ activation }])]
      : [{ ...conv, activation }];
    return pool === 1 ? layers : [...layers, { maxPool: pool }];
  });
  return [...convolutions, ...denseLayers([dense].flat(), activation, dropout), ...outputLayers(loss, samples)];
}

/**
 * The ResNets for CIFAR: a 3×3 convolution, stages of blocks of two 3×3 convolutions, the first of every stage but the first with stride
 * 2 and twice the channels; the mean of each channel. Shortcuts of another shape are 1×1 convolutions with batch norm (option B).
 * @see He et al. 2016, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2
 */
function resnet(
  { stages, width }: Extract<FamilyConfig, { name: 'resnet' }>,
  loss: LossConfig,
  samples: SampleSpec,
): Layers {
  requireImages(samples, 'resnet');
  const widths = stages.map((_, stage) => width * powInteger(2, stage));
  const blocks = stages.flatMap((count, stage) =>
    Array.from({ length: count }, (_, block) => {
      const isFirst = block === 0 && stage > 0;
      return residualBlock(widths[stage], isFirst ? 2 : 1, isFirst);
    }).flat(),
  );
  return [
    ...normalizedConv(width, 3, 1),
    { activation: 'relu' },
    ...blocks,
    { globalAvgPool: true },
    ...outputLayers(loss, samples),
  ];
}

function residualBlock(channels: number, stride: number, hasShortcut: boolean): Layers {
  const residual = [...normalizedConv(channels, 3, stride), { activation: 'relu' }, ...normalizedConv(channels, 3, 1)];
  const block = hasShortcut ? { residual, shortcut: normalizedConv(channels, 1, stride) } : { residual };
  return [block, { activation: 'relu' }];
}

function normalizedConv(channels: number, kernel: number, stride: number): Layers {
  const weight = { name: 'kaimingNormal', mode: 'fanOut', nonlinearity: 'relu' };
  const conv = { conv: channels, kernel, stride, padding: (kernel - 1) / 2, bias: false, init: { weight } };
  return [conv, { batchNorm: true }];
}

/**
 * A decoder that predicts each next token: blocks with layer norm in front, GELU by tanh, GPT-2's first values.
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3; karpathy/nanoGPT, model.py
 */
function gpt(
  { layers, width, heads, dropout, bias }: Extract<FamilyConfig, { name: 'gpt' }>,
  samples: SampleSpec,
): Layers {
  const { input, target } = samples;
  if (input.storage !== 'i32' || input.shape.length !== 1 || target.kind !== 'class') {
    throw new ModelError(
      `model: expected sequences of tokens and labels for gpt, got inputs of shape (${input.shape.join(',')}) in ${input.storage ?? 'f32'}; use data of tokens, or another family`,
    );
  }
  const weight = { name: 'normal', std: 0.02 };
  // What is added to the residual stream, 2 · layers times, is smaller, so that its sum is not larger.
  const last = { name: 'normal', std: 0.02 / Math.sqrt(2 * layers) };
  const ofBias = bias ? { bias: 'zeros' } : {};
  const init = { weight, ...ofBias };
  const drop = dropout === 0 ? [] : [{ dropout }];
  const attention = { attention: heads, causal: true, bias, dropout, init: { ...init, projection: last } };
  const mlp = [
    { linear: 4 * width, bias, init },
    { activation: 'gelu', approximate: 'tanh' },
    { linear: width, bias, init: { weight: last, ...ofBias } },
    ...drop,
  ];
  return [
    { embedding: width, init: { weight } },
    { positionEmbedding: true, init: { weight } },
    ...drop,
    {
      repeat: layers,
      layers: [{ residual: [{ layerNorm: true }, attention] }, { residual: [{ layerNorm: true }, ...mlp] }],
      name: 'block',
    },
    { layerNorm: true },
    { linear: target.classes, bias: false, init: { weight } },
  ];
}

function requireImages({ input }: SampleSpec, family: string): void {
  if (input.shape.length === 3 && input.storage !== 'i32') return;
  throw new ModelError(
    `model: expected images (channels,height,width) for ${family}, got inputs of shape (${input.shape.join(',')}); use data of images, or model.name: mlp`,
  );
}

/** Logistic regression: a linear layer of class scores. */
function logistic(loss: LossConfig, samples: SampleSpec): Layers {
  if (samples.target.kind === 'class') return outputLayers(loss, samples);
  throw new ModelError(
    `model: expected data with class labels for logistic, got values of shape (${samples.target.shape.join(',')}); set model.name: linear, or use data with labels`,
  );
}

/** One output a class (one in all to tell two apart by `bceWithLogits`), or as many as the targets have numbers, in their shape. */
function outputLayers(loss: LossConfig, { target }: SampleSpec): Layers {
  const { shape = [] } = target;
  const isOneOutput = lossOptions(loss).name === 'bceWithLogits';
  const outputs = target.kind === 'class' ? [...shape, isOneOutput ? 1 : target.classes] : shape;
  const units = { dense: elementCount(outputs) };
  return outputs.length === 1 ? [units] : [units, { reshape: outputs }];
}
