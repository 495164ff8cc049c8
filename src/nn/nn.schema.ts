// The options of layers and losses: what `model` and `loss` in a config may say. Coordinator only.
import { z } from 'zod';
import { text } from '../config/scalars.schema.ts';
import { type FamilyConfig, familySchemas } from './families.schema.ts';
import { type LayerConfig, layersSchema } from './layers.schema.ts';

export type { FamilyConfig } from './families.schema.ts';
export type { LayerConfig } from './layers.schema.ts';

const MODEL_PHRASE =
  'a list of layers such as [{ dense: 10 }], a family such as { name: mlp }, or the path of a module such as ./my-model.js';

/** `model`: the layers from input to output, a family of models, or a module whose default export is a function of tensors. */
export const modelSchema = z.union(
  [layersSchema, ...familySchemas, text(MODEL_PHRASE).regex(/\.[cm]?js$/, { error: MODEL_PHRASE })],
  { error: MODEL_PHRASE },
);

/** A resolved `model`. */
export type ModelConfig = readonly LayerConfig[] | FamilyConfig | string;

export {
  type LossConfig,
  type LossName,
  type LossOptions,
  lossOptions,
  lossSchema,
  simplifyLoss,
} from './loss.schema.ts';
