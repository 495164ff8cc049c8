// The options of layers: what an item of `model` in a config may say. Coordinator only.
import { z } from 'zod';
import { type Frozen, flag, mapping, wholeNumber } from '../config/scalars.schema.ts';
import { activationOption, activationShape, checkActivationOptions } from './activations.schema.ts';
import { imageSchemas } from './image-layers.schema.ts';
import { checkBiasInit, initSchema } from './initializers.schema.ts';
import { layerName as name, onlyTrue } from './layer-name.schema.ts';
import { normalizationSchemas } from './normalization-layers.schema.ts';
import { tokenSchemas } from './token-layers.schema.ts';

const LAYERS_PHRASE = 'a list of layers such as [{ dense: 10 }]';
const SHAPE_PHRASE = 'a shape such as [1, 28, 28]';
const AXES_PHRASE = 'the axes of a sample in another order, such as [1, 0]';

const denseSchema = checkBiasInit(
  mapping({
    dense: wholeNumber(1).describe('units; all axes of a sample are flattened into one'),
    activation: activationOption(),
    bias: flag().default(true),
    init: initSchema,
    name,
  }),
);

const axis = z.int({ error: 'a whole number' }).default(-1).describe('of a sample, negative from the end');

const shapeSchemas = [
  mapping({ flatten: onlyTrue(), name }),
  mapping({
    reshape: z.array(wholeNumber(1), { error: SHAPE_PHRASE }).min(1, { error: SHAPE_PHRASE }),
    name,
  }),
  mapping({ transpose: z.array(wholeNumber(0), { error: AXES_PHRASE }).min(1, { error: AXES_PHRASE }), name }),
  mapping({ softmax: onlyTrue(), axis, name }),
  mapping({ logSoftmax: onlyTrue(), axis, name }),
] as const;

/** Layers that hold no others. Attention has dropout: it comes before the layer of that name. */
const leafSchemas = [denseSchema, ...imageSchemas, ...tokenSchemas, ...normalizationSchemas, ...shapeSchemas] as const;

// Its key is an option of other layers too: it comes last.
const lastSchemas = [checkActivationOptions(mapping({ ...activationShape, name }))] as const;

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

/** The resolved options of the layers of one kind. */
export type LayerOf<Kind extends string> = Extract<LeafConfig, Readonly<Record<Kind, unknown>>>;

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
