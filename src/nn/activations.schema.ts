// The activations by name and their options: what `activation` of a layer may say. Coordinator only.
import type { z } from 'zod';
import { betweenKeys, numberFrom, oneOf } from '../config/scalars.schema.ts';

/** Every activation; the numbers of most are fixed. */
export const ACTIVATION_NAMES = [
  'relu',
  'tanh',
  'sigmoid',
  'gelu',
  'silu',
  'leakyRelu',
  'elu',
  'selu',
  'softplus',
  'hardswish',
  'hardsigmoid',
  'mish',
  'softsign',
] as const;

/** The name of an activation. */
export type ActivationName = (typeof ACTIVATION_NAMES)[number];

/** `activation` of a layer that has others: with its default options. */
export const activationOption = () => oneOf([...ACTIVATION_NAMES, 'none']).default('none');

/** Which activation has which option. */
const OPTION_OF = { negativeSlope: 'leakyRelu', alpha: 'elu', approximate: 'gelu' } as const;

/** The keys of an activation that is a layer of its own. */
export const activationShape = {
  activation: oneOf(ACTIVATION_NAMES),
  negativeSlope: numberFrom(0).optional().describe('of leakyRelu; 0.01 where nothing is said'),
  alpha: numberFrom(0).optional().describe('of elu; 1 where nothing is said'),
  approximate: oneOf(['none', 'tanh']).optional().describe('of gelu; none where nothing is said'),
};

/** Refuses the options of another activation. */
export function checkActivationOptions<Schema extends z.ZodType>(schema: Schema): Schema {
  return Object.entries(OPTION_OF).reduce(
    (checked, [option, name]) =>
      checked.refine(
        (value) =>
          (value as Record<string, unknown>)[option] === undefined ||
          (value as Record<string, unknown>).activation === name,
        betweenKeys(option, `no ${option}, which only ${name} has`),
      ),
    schema,
  );
}
