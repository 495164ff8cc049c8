// The options of model families: what `model` may say in place of a list of layers. Coordinator only.
import { z } from 'zod';
import { betweenKeys, type Frozen, flag, fraction, mapping, oneOf, wholeNumber } from '../config/scalars.schema.ts';
import { ACTIVATION_NAMES } from './activations.schema.ts';

const WIDTHS_PHRASE = 'a list of whole numbers of 1 or more such as [512, 256]';

const BLOCKS_PHRASE = 'a list of whole numbers of 1 or more such as [3, 3, 3]';

const mlpSchema = mapping({
  name: z.literal('mlp'),
  hidden: z.array(wholeNumber(1), { error: WIDTHS_PHRASE }).default([128]).describe('units of each hidden layer'),
  activation: oneOf([...ACTIVATION_NAMES, 'none']).default('relu'),
  dropout: fraction().default(0).describe('behind each hidden layer'),
});

const cnnSchema = mapping({
  name: z.literal('cnn'),
  channels: z
    .array(wholeNumber(1), { error: WIDTHS_PHRASE })
    .min(1, { error: WIDTHS_PHRASE })
    .default([32, 64])
    .describe('of each convolution'),
  kernel: wholeNumber(1).default(3).describe('size of the windows; images keep their size'),
  pool: wholeNumber(1).default(2).describe('max pooling behind each convolution; 1: none'),
  batchNorm: flag().default(false).describe('behind each convolution'),
  activation: oneOf([...ACTIVATION_NAMES, 'none']).default('relu'),
  dense: z
    .union([wholeNumber(1), z.array(wholeNumber(1))], { error: `a whole number of 1 or more, or ${WIDTHS_PHRASE}` })
    .default([])
    .describe('units of the dense layers before the outputs'),
  dropout: fraction().default(0).describe('behind each dense layer'),
});

const resnetSchema = mapping({
  name: z.literal('resnet'),
  stages: z
    .array(wholeNumber(1), { error: BLOCKS_PHRASE })
    .min(1, { error: BLOCKS_PHRASE })
    .default([3, 3, 3])
    .describe('blocks of each stage'),
  width: wholeNumber(1).default(16).describe('channels of the first stage; each further one has twice as many'),
});

const gptSchema = mapping({
  name: z.literal('gpt'),
  layers: wholeNumber(1).default(4).describe('transformer blocks'),
  width: wholeNumber(1).default(128).describe('numbers of a token'),
  heads: wholeNumber(1).default(4),
  dropout: fraction().default(0),
  bias: flag().default(true).describe('in the linear layers'),
}).refine(
  ({ width, heads }) => typeof width !== 'number' || typeof heads !== 'number' || width % heads === 0,
  betweenKeys('heads', 'heads that divide the width'),
);

const linearSchema = mapping({ name: z.literal('linear') });
const logisticSchema = mapping({ name: z.literal('logistic') });

/** Every family; the outputs come from the data. */
export const familySchemas = [mlpSchema, linearSchema, logisticSchema, cnnSchema, resnetSchema, gptSchema] as const;

/** The resolved options of a family. */
export type FamilyConfig = Frozen<z.output<(typeof familySchemas)[number]>>;
