// The options of the optimizers and of clipping, with PyTorch's defaults: what `optimizer` and `clip` in a config may say. Coordinator only.
import { z } from 'zod';
import {
  betweenKeys,
  type Frozen,
  flag,
  fraction,
  mapping,
  numberAbove0,
  numberFrom,
} from '../config/scalars.schema.ts';

const sgdSchema = mapping({
  name: z.literal('sgd'),
  lr: numberFrom(0).default(0.001),
  momentum: numberFrom(0).default(0),
  dampening: numberFrom(0).default(0),
  nesterov: flag().default(false),
  weightDecay: numberFrom(0).default(0),
}).refine(
  ({ nesterov, momentum, dampening }) => nesterov !== true || (momentum > 0 && dampening === 0),
  betweenKeys('nesterov', 'false, or true with momentum above 0 and dampening 0'),
);

// `optional` lets the union choose adam where no name is given; the default then fills it in, so it is never undefined.
const adamName = z.literal('adam').default('adam').optional() as unknown as z.ZodDefault<z.ZodLiteral<'adam'>>;

/** Adam and AdamW differ in how the decay is applied and in its default. */
function adamMapping<Name extends z.ZodType>(name: Name, weightDecay: number) {
  return mapping({
    name,
    lr: numberFrom(0).default(0.001),
    beta1: fraction().default(0.9),
    beta2: fraction().default(0.999),
    eps: numberFrom(0).default(1e-8),
    weightDecay: numberFrom(0).default(weightDecay),
  });
}

/** `optimizer`: one of the optimizers by name, each with its own options. */
export const optimizerSchema = z.discriminatedUnion(
  'name',
  [sgdSchema, adamMapping(adamName, 0), adamMapping(z.literal('adamw'), 0.01)],
  { error: 'an optimizer: sgd, adam or adamw' },
);

/** `clip`: the largest global norm that a gradient keeps. */
export const clipSchema = mapping({ norm: numberAbove0() });

/** The resolved options of an optimizer, all defaults filled in. */
export type OptimizerConfig = Frozen<z.output<typeof optimizerSchema>>;

/** The resolved options of clipping. */
export type ClipConfig = Frozen<z.output<typeof clipSchema>>;
