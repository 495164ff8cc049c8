// The options of layers: what an item of `model` in a config may say. Coordinator only.
import { z } from 'zod';
import { type Frozen, flag, mapping, oneOf, wholeNumber } from '../config/scalars.schema.ts';
import { initSchema } from './initializers.schema.ts';

const NAME_PHRASE = 'a name of letters, digits, _ and -, a letter first, 64 at most';
const LAYERS_PHRASE = 'a list of layers such as [{ dense: 10 }]';

// The name becomes part of keys of the weights file (`dense1.weight`): no dots and no blanks in it.
const layerNameSchema = z.string({ error: NAME_PHRASE }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, { error: NAME_PHRASE });
const name = layerNameSchema.optional();

const denseSchema = mapping({
  dense: wholeNumber(1),
  activation: oneOf(['relu', 'tanh', 'sigmoid', 'none']).default('none'),
  bias: flag().default(true),
  init: initSchema,
  name,
});

const activationSchema = mapping({ activation: oneOf(['relu', 'tanh', 'sigmoid']), name });

const flattenSchema = mapping({ flatten: z.literal(true, { error: 'true' }), name });

const reshapeSchema = mapping({
  reshape: z
    .array(wholeNumber(1), { error: 'a shape such as [1, 28, 28]' })
    .min(1, { error: 'a shape such as [1, 28, 28]' }),
  name,
});

/** Layers that hold no others. */
const leafSchemas = [denseSchema, flattenSchema, reshapeSchema] as const;

// Its key is an option of other layers too: it comes last.
const lastSchemas = [activationSchema] as const;

const innerLayers: z.ZodType<readonly LayerConfig[], unknown> = z.lazy(() => layersSchema);

const containerSchemas = [
  mapping({
    residual: innerLayers.describe('their result is added to their input'),
    shortcut: innerLayers.optional().describe('what the input goes through before it is added'),
    name,
  }),
  mapping({ sequential: innerLayers.describe('layers under one name'), name }),
  mapping({
    repeat: wholeNumber(1, 10_000).describe('how often, each time with parameters of its own'),
    layers: innerLayers,
    name,
  }),
] as const;

/** A layer with layers in it. */
export type ContainerConfig =
  | {
      readonly residual: readonly LayerConfig[];
      readonly shortcut?: readonly LayerConfig[];
      readonly name?: string;
    }
  | { readonly sequential: readonly LayerConfig[]; readonly name?: string }
  | { readonly repeat: number; readonly layers: readonly LayerConfig[]; readonly name?: string };

/** A layer without layers in it, all defaults filled in. */
export type LeafConfig = Frozen<z.output<(typeof leafSchemas)[number] | (typeof lastSchemas)[number]>>;

/** A resolved item of `model`, all defaults filled in. */
export type LayerConfig = LeafConfig | ContainerConfig;

const schemas = [...leafSchemas, ...containerSchemas, ...lastSchemas] as const;

/** The keys that name a kind of layer, in the order in which an item is asked for them. */
export const LAYER_KINDS = schemas.map((schema) => Object.keys(schema.shape)[0]) as readonly string[];

/** The schema of one kind. */
export function layerSchemaOf(kind: string): z.ZodType<LayerConfig> {
  return schemas[LAYER_KINDS.indexOf(kind)] as unknown as z.ZodType<LayerConfig>;
}

/** One item of `model`: the key that names its kind, and that kind's options. */
export const layerSchema = z.union(schemas, {
  error: 'a layer such as { dense: 10 }',
});

/** The layers from input to output. */
export const layersSchema = z
  .array(layerSchema, { error: LAYERS_PHRASE })
  .min(1, { error: 'a list of at least one layer such as [{ dense: 10 }]' });
