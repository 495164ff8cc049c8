// The options of normalisations and of dropout, with PyTorch's names and defaults. Coordinator only.
import { flag, fraction, mapping, numberAbove0, share, wholeNumber } from '../config/scalars.schema.ts';
import { vectorsInitSchema } from './initializers.schema.ts';
import { layerName as name, trueOr } from './layer-name.schema.ts';

const eps = (value = 1e-5) => numberAbove0().default(value).describe('is added to the variance');
const affine = flag().default(true).describe('whether there are a weight and a bias to train');
const axes = wholeNumber(1).default(1).describe('how many of the last axes are normalised together');
const momentum = share().default(0.1).describe('how far a step moves the running statistics');

// torch.finfo(torch.float32).eps, which nn.RMSNorm takes.
const FLOAT32_EPSILON = 2 ** -23;

/** Layers that normalise or drop. */
export const normalizationSchemas = [
  mapping({ batchNorm: trueOr({ momentum, eps: eps(), affine }), init: vectorsInitSchema, name }),
  mapping({ layerNorm: trueOr({ eps: eps(), affine, axes }), init: vectorsInitSchema, name }),
  mapping({ rmsNorm: trueOr({ eps: eps(FLOAT32_EPSILON), affine, axes }), init: vectorsInitSchema, name }),
  mapping({
    groupNorm: wholeNumber(1).describe('groups of channels'),
    eps: eps(),
    affine,
    init: vectorsInitSchema,
    name,
  }),
  mapping({ dropout: fraction().describe('the share that is dropped'), name }),
] as const;
