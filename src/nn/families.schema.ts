// The options of model families: what `model` may say in place of a list of layers. Coordinator only.
import { z } from 'zod';
import { type Frozen, mapping, oneOf, wholeNumber } from '../config/scalars.schema.ts';

const WIDTHS_PHRASE = 'a list of whole numbers of 1 or more such as [512, 256]';

const mlpSchema = mapping({
  name: z.literal('mlp'),
  hidden: z.array(wholeNumber(1), { error: WIDTHS_PHRASE }).default([128]).describe('units of each hidden layer'),
  activation: oneOf(['relu', 'tanh', 'sigmoid', 'none']).default('relu'),
});

const linearSchema = mapping({ name: z.literal('linear') });
const logisticSchema = mapping({ name: z.literal('logistic') });

/** Every family; the outputs come from the data. */
export const familySchemas = [mlpSchema, linearSchema, logisticSchema] as const;

/** The resolved options of a family. */
export type FamilyConfig = Frozen<z.output<(typeof familySchemas)[number]>>;
