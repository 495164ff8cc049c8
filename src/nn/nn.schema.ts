// The options of layers and losses: what `model` and `loss` in a config may say. Coordinator only.
import { z } from 'zod';
import { type Frozen, flag, mapping, oneOf, wholeNumber } from '../config/scalars.schema.ts';

const NAME_PHRASE = 'a name of letters, digits, _ and -, a letter first, 64 at most';

// The name becomes a key of the weights file (`dense1.weight`): no dots and no blanks in it.
const layerNameSchema = z.string({ error: NAME_PHRASE }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, { error: NAME_PHRASE });

const denseSchema = mapping({
  dense: wholeNumber(1),
  activation: oneOf(['relu', 'tanh', 'sigmoid', 'none']).default('none'),
  bias: flag().default(true),
  name: layerNameSchema.optional(),
});

const activationSchema = mapping({
  activation: oneOf(['relu', 'tanh', 'sigmoid']),
  name: layerNameSchema.optional(),
});

const flattenSchema = mapping({
  flatten: z.literal(true, { error: 'true' }),
  name: layerNameSchema.optional(),
});

const reshapeSchema = mapping({
  reshape: z
    .array(wholeNumber(1), { error: 'a shape such as [1, 28, 28]' })
    .min(1, { error: 'a shape such as [1, 28, 28]' }),
  name: layerNameSchema.optional(),
});

/** The kinds of layers in the order in which an item is asked for them: `dense` before `activation`, which both may have. */
export const LAYER_KINDS = ['dense', 'activation', 'flatten', 'reshape'] as const;

/** One item of `model`: the key that names its kind, and that kind's options. */
export const layerSchema = z.union([denseSchema, activationSchema, flattenSchema, reshapeSchema], {
  error: 'a layer such as { dense: 10 }',
});

/** `model`: the layers from input to output. */
export const modelSchema = z
  .array(layerSchema, { error: 'a list of layers such as [{ dense: 10 }]' })
  .min(1, { error: 'a list of at least one layer such as [{ dense: 10 }]' });

export {
  type LossConfig,
  type LossName,
  type LossOptions,
  lossOptions,
  lossSchema,
  simplifyLoss,
} from './loss.schema.ts';

/** A resolved item of `model`, all defaults filled in. */
export type LayerConfig = Frozen<z.output<typeof layerSchema>>;
