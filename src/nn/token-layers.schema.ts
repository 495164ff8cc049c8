// The options of layers on sequences (tokens, width), with PyTorch's names and defaults. Coordinator only.
import { flag, fraction, mapping, wholeNumber } from '../config/scalars.schema.ts';
import { activationOption } from './activations.schema.ts';
import { attentionInitSchema, checkBiasInit, initSchema, weightInitSchema } from './initializers.schema.ts';
import { layerName as name, onlyTrue } from './layer-name.schema.ts';

/** Layers on sequences. */
export const tokenSchemas = [
  mapping({
    embedding: wholeNumber(1).describe('the width of a token'),
    vocabulary: wholeNumber(1).optional().describe('rows of the table; those of the data where nothing is said'),
    init: weightInitSchema,
    name,
  }),
  mapping({
    positionEmbedding: onlyTrue().describe('a learned vector a position is added'),
    init: weightInitSchema,
    name,
  }),
  checkBiasInit(
    mapping({
      attention: wholeNumber(1).describe('heads'),
      causal: flag().default(false).describe('whether a token sees only itself and those before it'),
      dropout: fraction().default(0).describe('the share of the result that is dropped'),
      bias: flag().default(true),
      init: attentionInitSchema,
      name,
    }),
  ),
  checkBiasInit(
    mapping({
      linear: wholeNumber(1).describe('units; acts on the last axis alone, as nn.Linear'),
      activation: activationOption(),
      bias: flag().default(true),
      init: initSchema,
      name,
    }),
  ),
] as const;
