// The options of layers on images (channels, height, width), with PyTorch's names and defaults. Coordinator only.
import { z } from 'zod';
import { flag, mapping, oneOf, wholeNumber, wordOr } from '../config/scalars.schema.ts';
import { activationOption } from './activations.schema.ts';
import { checkBiasInit, initSchema } from './initializers.schema.ts';
import { layerName as name, onlyTrue, pairOf } from './layer-name.schema.ts';

const PADDING_PHRASE = 'same, a whole number of 0 or more, or a pair [vertical, horizontal]';

const convolution = {
  kernel: pairOf(1).default(3),
  stride: pairOf(1).default(1),
  padding: z
    .union([z.literal('same'), wholeNumber(0), z.array(wholeNumber(0)).length(2)], { error: PADDING_PHRASE })
    .default(0),
  dilation: pairOf(1).default(1),
  groups: wordOr('depthwise', wholeNumber(1), 'a whole number of 1 or more').default(1),
  bias: flag().default(true),
  activation: activationOption(),
  init: initSchema,
  name,
};

const { padding: _same, ...transposed } = convolution;

const pooling = {
  stride: pairOf(1).optional().describe('the kernel where nothing is said'),
  padding: pairOf(0).default(0),
};

/** Layers that take images. */
export const imageSchemas = [
  checkBiasInit(mapping({ conv: wholeNumber(1).describe('output channels'), ...convolution })),
  checkBiasInit(
    mapping({
      convTranspose: wholeNumber(1).describe('output channels'),
      ...transposed,
      padding: pairOf(0).default(0),
      outputPadding: pairOf(0).default(0),
    }),
  ),
  mapping({ maxPool: pairOf(1).describe('the kernel'), ...pooling, name }),
  mapping({ avgPool: pairOf(1).describe('the kernel'), ...pooling, countIncludePad: flag().default(true), name }),
  mapping({ globalAvgPool: onlyTrue(), name }),
  mapping({ globalMaxPool: onlyTrue(), name }),
  mapping({
    upsample: pairOf(1).describe('the factor'),
    mode: oneOf(['nearest', 'bilinear']).default('nearest'),
    name,
  }),
] as const;
