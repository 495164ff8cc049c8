// The options of the losses, with PyTorch's defaults: what `loss` in a config may say. Coordinator only.
import { z } from 'zod';
import {
  alternatives,
  type Frozen,
  mapping,
  numberAbove0,
  numberFrom,
  share,
  wholeNumber,
} from '../config/scalars.schema.ts';

/** The losses, those of labels first. */
export const LOSS_NAMES = ['crossEntropy', 'nll', 'bceWithLogits', 'mse', 'l1', 'huber', 'smoothL1', 'kl'] as const;

/** The losses that tell right answers from wrong ones. */
export const LABEL_LOSSES: readonly LossName[] = ['crossEntropy', 'nll', 'bceWithLogits'];

/** The name of a loss. */
export type LossName = (typeof LOSS_NAMES)[number];

const PHRASE = `a loss: ${alternatives(LOSS_NAMES)}`;
const WEIGHTS_PHRASE = 'balanced, a list of numbers of 0 or more, one a class, or a mapping such as { malignant: 2 }';
const ALL_ZERO_PHRASE = 'a class whose weight is above 0';

const named = <const Name extends LossName>(name: Name) => z.literal(name, { error: PHRASE });

const labelOptions = {
  classWeights: z
    .union(
      [
        z.literal('balanced'),
        z
          .array(numberFrom(0), { error: WEIGHTS_PHRASE })
          .min(2, { error: WEIGHTS_PHRASE })
          .refine((weights) => weights.some((weight) => weight > 0), { error: ALL_ZERO_PHRASE }),
        z.record(z.string(), numberFrom(0), { error: WEIGHTS_PHRASE }),
      ],
      { error: WEIGHTS_PHRASE },
    )
    .optional()
    .describe(
      'a number a class, those of some classes by name, or balanced; the mean is over the weights of the labels',
    ),
  ignoreIndex: wholeNumber(1 - 2 ** 31, 2 ** 31 - 1)
    .optional()
    .describe('the label that counts for nothing'),
};

const crossEntropySchema = mapping({
  name: named('crossEntropy'),
  labelSmoothing: share().default(0).describe('the share of the target that is spread evenly over all classes'),
  ...labelOptions,
});
const nllSchema = mapping({ name: named('nll'), ...labelOptions });
const bceSchema = mapping({
  name: named('bceWithLogits'),
  posWeight: z
    .union([numberAbove0(), z.array(numberAbove0()).min(1)], { error: 'a number above 0, or a list of one an output' })
    .optional()
    .describe('multiplies the part of the targets that are 1'),
});
const huberSchema = mapping({
  name: named('huber'),
  delta: numberAbove0().default(1).describe('the distance from which on the loss is linear'),
});
const smoothL1Schema = mapping({
  name: named('smoothL1'),
  beta: numberFrom(0).default(1).describe('the distance from which on the loss is linear'),
});

/** A loss with options. */
const optionsSchema = [
  crossEntropySchema,
  nllSchema,
  bceSchema,
  mapping({ name: named('mse') }),
  mapping({ name: named('l1') }),
  huberSchema,
  smoothL1Schema,
  mapping({ name: named('kl') }),
] as const;

/** `loss`: what training lowers, by its name, or a mapping with its name and options. */
export const lossSchema = z.union([z.enum(LOSS_NAMES, { error: PHRASE }), ...optionsSchema], { error: PHRASE });

/** A loss with all its options, the defaults filled in. */
export type LossOptions = Frozen<z.output<(typeof optionsSchema)[number]>>;

/** A resolved `loss`: the bare name where no option says anything. */
export type LossConfig = LossName | LossOptions;

/** A loss by its name → its options, defaults filled in. */
export function lossOptions(loss: LossConfig): LossOptions {
  if (typeof loss !== 'string') return loss;
  if (loss === 'crossEntropy') return { name: loss, labelSmoothing: 0 };
  if (loss === 'huber') return { name: loss, delta: 1 };
  return loss === 'smoothL1' ? { name: loss, beta: 1 } : { name: loss };
}

/** The one way to write a loss: its name alone where it has no options, or where they change nothing; else all of them. */
export function simplifyLoss(loss: LossConfig): LossConfig {
  const options = lossOptions(loss);
  const isPlain = Object.entries(options).every(
    ([key, value]) => key === 'name' || value === undefined || (key === 'labelSmoothing' && value === 0),
  );
  return isPlain ? options.name : options;
}
