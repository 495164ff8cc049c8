// The options of optimizers, clipping and averaging, with PyTorch's defaults: what `optimizer`, `clip`, `averaging` in a config may say. Coordinator only.
import { z } from 'zod';
import {
  alternatives,
  betweenKeys,
  type Frozen,
  flag,
  fraction,
  mapping,
  nonEmptyText,
  numberAbove0,
  numberFrom,
} from '../config/scalars.schema.ts';

/** One of `groups`: the parameters that a pattern names, and what is other for them. */
const groupSchema = mapping({
  match: nonEmptyText('a name or pattern such as "*.bias"').describe(
    'a parameter such as dense1.weight, or a pattern in which * stands for any text; the first group that matches counts',
  ),
  lr: numberFrom(0).optional().describe('in place of optimizer.lr; the schedule’s factor applies to it'),
  lrScale: numberFrom(0).optional().describe('times optimizer.lr'),
  weightDecay: numberFrom(0).optional().describe('in place of optimizer.weightDecay'),
  frozen: flag().default(false).describe('true: these parameters stay as they are'),
}).refine(
  ({ lr, lrScale }) => lr === undefined || lrScale === undefined,
  betweenKeys('lrScale', 'lr or lrScale, not both'),
);

/** What every optimizer has. */
const shared = {
  lrReferenceBatch: numberAbove0()
    .optional()
    .describe('every lr is for this batch size: it is multiplied by batchSize / lrReferenceBatch'),
  groups: z
    .array(groupSchema, { error: 'a list of groups such as [{ match: "*.bias", weightDecay: 0 }]' })
    .min(1, { error: 'a list of at least one group' })
    .optional()
    .describe('parameters with settings of their own'),
};

const sgdSchema = mapping({
  name: z.literal('sgd'),
  lr: numberFrom(0).default(0.001),
  momentum: numberFrom(0).default(0),
  dampening: numberFrom(0).default(0),
  nesterov: flag().default(false),
  weightDecay: numberFrom(0).default(0),
  ...shared,
}).refine(
  ({ nesterov, momentum, dampening }) => nesterov !== true || (momentum > 0 && dampening === 0),
  betweenKeys('nesterov', 'false, or true with momentum above 0 and dampening 0'),
);

// `optional` lets the union choose adam where no name is given; the default then fills it in, so it is never undefined.
const adamName = z.literal('adam').default('adam').optional() as unknown as z.ZodDefault<z.ZodLiteral<'adam'>>;

/** What the optimizers with two moments share; they differ in defaults. */
function momentsShape(lr: number, weightDecay: number, eps = 1e-8) {
  return {
    lr: numberFrom(0).default(lr),
    beta1: fraction().default(0.9),
    beta2: fraction().default(0.999),
    eps: numberFrom(0).default(eps),
    weightDecay: numberFrom(0).default(weightDecay),
  };
}

/** Adam and AdamW differ in how the decay is applied and in its default. */
function adamMapping<Name extends z.ZodType>(name: Name, weightDecay: number) {
  return mapping({ name, ...momentsShape(0.001, weightDecay), amsgrad: flag().default(false), ...shared });
}

const nadamSchema = mapping({
  name: z.literal('nadam'),
  ...momentsShape(0.002, 0),
  momentumDecay: numberFrom(0).default(0.004),
  ...shared,
});

const radamSchema = mapping({ name: z.literal('radam'), ...momentsShape(0.001, 0), ...shared });

const rmspropSchema = mapping({
  name: z.literal('rmsprop'),
  lr: numberFrom(0).default(0.01),
  alpha: fraction().default(0.99),
  eps: numberFrom(0).default(1e-8),
  momentum: numberFrom(0).default(0),
  centered: flag().default(false),
  weightDecay: numberFrom(0).default(0),
  ...shared,
});

const adagradSchema = mapping({
  name: z.literal('adagrad'),
  lr: numberFrom(0).default(0.01),
  lrDecay: numberFrom(0).default(0),
  initialAccumulator: numberFrom(0).default(0),
  eps: numberFrom(0).default(1e-10),
  weightDecay: numberFrom(0).default(0),
  ...shared,
});

// PyTorch has neither. LAMB: the paper's betas, eps 1e-6 and weightDecay 0.01 (its BERT settings).
const lambSchema = mapping({ name: z.literal('lamb'), ...momentsShape(0.001, 0.01, 1e-6), ...shared });

// Lion: the paper's betas, and the rate and decay of its authors' code.
const lionSchema = mapping({
  name: z.literal('lion'),
  lr: numberFrom(0).default(0.0001),
  beta1: fraction().default(0.9),
  beta2: fraction().default(0.99),
  weightDecay: numberFrom(0).default(0),
  ...shared,
});

/** How errors call what `optimizer` takes. */
export const OPTIMIZER_PHRASE = `an optimizer: ${alternatives(['sgd', 'adam', 'adamw', 'nadam', 'radam', 'rmsprop', 'adagrad', 'lamb', 'lion'])}`;

/** `optimizer`: one of the optimizers by name, each with its own options. */
export const optimizerSchema = z.discriminatedUnion(
  'name',
  [
    sgdSchema,
    adamMapping(adamName, 0),
    adamMapping(z.literal('adamw'), 0.01),
    nadamSchema,
    radamSchema,
    rmspropSchema,
    adagradSchema,
    lambSchema,
    lionSchema,
  ],
  { error: OPTIMIZER_PHRASE },
);

/** `clip`: limits of the reduced, scaled gradient; where there are both, `value` comes first and the norm is of what it leaves. */
export const clipSchema = mapping({
  norm: numberAbove0().optional().describe('the largest global norm that the gradient keeps'),
  value: numberAbove0().optional().describe('the largest magnitude that an element keeps; applied before norm'),
}).refine(
  ({ norm, value }) => norm !== undefined || value !== undefined,
  betweenKeys('norm', 'norm or value, or both'),
);

/** `averaging`: a copy of the parameters that follows them slowly. */
export const averagingSchema = mapping({
  ema: fraction().describe('average = ema · average + (1 − ema) · parameters, after every step'),
});

/** The resolved options of an optimizer, all defaults filled in. */
export type OptimizerConfig = Frozen<z.output<typeof optimizerSchema>>;

/** The resolved options of a group of parameters. */
export type GroupConfig = Frozen<z.output<typeof groupSchema>>;

/** The resolved options of clipping. */
export type ClipConfig = Frozen<z.output<typeof clipSchema>>;

/** The resolved options of averaging. */
export type AveragingConfig = Frozen<z.output<typeof averagingSchema>>;
