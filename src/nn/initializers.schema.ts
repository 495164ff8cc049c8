// The options of initialisers, named as PyTorch's torch.nn.init has them: what `init` of a layer may say. Coordinator only.
import { z } from 'zod';
import {
  alternatives,
  betweenKeys,
  type Frozen,
  mapping,
  numberAbove0,
  numberFrom,
  oneOf,
} from '../config/scalars.schema.ts';

const MATRIX_NAMES = ['kaimingUniform', 'kaimingNormal', 'xavierUniform', 'xavierNormal', 'orthogonal'] as const;
const VECTOR_NAMES = ['normal', 'uniform', 'truncNormal', 'zeros', 'ones'] as const;

const FLOAT_PHRASE = 'a number that float32 can hold';
const number = () =>
  z
    .number({ error: 'a number' })
    .refine((value) => Number.isFinite(Math.fround(value)), { error: FLOAT_PHRASE, abort: true });
const named = <const Name extends string>(name: Name) => z.literal(name);

const fan = () => oneOf(['fanIn', 'fanOut']).default('fanIn');
const nonlinearity = () =>
  oneOf(['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu']).default('leakyRelu').describe('decides the gain');
const slope = () => number().default(0).describe('the negative slope of leakyRelu');

const isOrdered = ({ low, high }: { low: unknown; high: unknown }) =>
  typeof low !== 'number' || typeof high !== 'number' || low < high;
const isProbable = ({ mean, std, low, high }: Record<'mean' | 'std' | 'low' | 'high', number>) =>
  ![mean, std, low, high].every(Number.isFinite) || (low - 2 * std <= mean && mean <= high + 2 * std);

const uniformSchema = mapping({ name: named('uniform'), low: number().default(0), high: number().default(1) }).refine(
  isOrdered,
  betweenKeys('high', 'a number above low'),
);
const normalSchema = mapping({ name: named('normal'), mean: number().default(0), std: numberFrom(0).default(1) });
const truncNormalSchema = mapping({
  name: named('truncNormal'),
  mean: number().default(0),
  std: numberAbove0().default(1),
  low: number().default(-2),
  high: number().default(2),
})
  .refine(isOrdered, betweenKeys('high', 'a number above low'))
  .refine(isProbable, betweenKeys('mean', 'a mean within 2 std of [low, high]'));
const constantSchema = mapping({ name: named('constant'), value: number() });
const zerosSchema = mapping({ name: named('zeros') });
const onesSchema = mapping({ name: named('ones') });

const kaiming = { a: slope(), mode: fan(), nonlinearity: nonlinearity() };
const gain = { gain: number().default(1) };

const vectorOptions = [
  normalSchema,
  uniformSchema,
  truncNormalSchema,
  zerosSchema,
  onesSchema,
  constantSchema,
] as const;
const matrixOptions = [
  mapping({ name: named('kaimingUniform'), ...kaiming }),
  mapping({ name: named('kaimingNormal'), ...kaiming }),
  mapping({ name: named('xavierUniform'), ...gain }),
  mapping({ name: named('xavierNormal'), ...gain }),
  mapping({ name: named('orthogonal'), ...gain }),
] as const;

const matrixUnion = z.discriminatedUnion('name', [...matrixOptions, ...vectorOptions]);
const vectorUnion = z.discriminatedUnion('name', [...vectorOptions]);

/** A resolved initialiser, all options filled in. */
export type InitializerConfig = Frozen<z.output<typeof matrixUnion>>;

const PHRASE = `an initializer: ${alternatives([...MATRIX_NAMES, ...VECTOR_NAMES, 'constant'])}`;
const VECTOR_PHRASE = `an initializer of a vector: ${alternatives([...VECTOR_NAMES, 'constant'])}`;

/** An initialiser by its name, or with its options; for arrays of two axes or more. */
export const matrixInitSchema = z.union(
  [
    z.enum([...MATRIX_NAMES, ...VECTOR_NAMES], { error: PHRASE }).transform((name) => matrixUnion.parse({ name })),
    ...matrixOptions,
    ...vectorOptions,
  ],
  { error: PHRASE },
);

/** The same for vectors, which have no fan. */
export const vectorInitSchema = z.union(
  [z.enum(VECTOR_NAMES, { error: VECTOR_PHRASE }).transform((name) => vectorUnion.parse({ name })), ...vectorOptions],
  { error: VECTOR_PHRASE },
);

/** `init` of layers with a matrix of weights and, where they have one, a bias. */
export const initSchema = mapping({ weight: matrixInitSchema.optional(), bias: vectorInitSchema.optional() })
  .optional()
  .describe('how the first values are drawn; as in PyTorch where nothing is said');

/** `init` of attention: of both its matrices, or of the projection another than of queries, keys and values. */
export const attentionInitSchema = mapping({
  weight: matrixInitSchema.optional(),
  projection: matrixInitSchema.optional().describe('of the projection; as weight where nothing is said'),
  bias: vectorInitSchema.optional(),
})
  .optional()
  .describe('how the first values are drawn; as in PyTorch where nothing is said');

/** `init` of layers without a bias. */
export const weightInitSchema = mapping({ weight: matrixInitSchema.optional() })
  .optional()
  .describe('how the first values are drawn; as in PyTorch where nothing is said');

/** `init` of normalisations: a scale and a shift a channel. */
export const vectorsInitSchema = mapping({ weight: vectorInitSchema.optional(), bias: vectorInitSchema.optional() })
  .optional()
  .describe('how the first values are drawn; ones and zeros where nothing is said');

interface InitializedLayer {
  readonly init?: { readonly weight?: unknown; readonly bias?: unknown };
}

/** Refuses first values of parameters that a layer does not have: they would decide nothing. */
export function checkInit<Schema extends z.ZodType>(
  schema: Schema,
  has: (layer: z.output<Schema>) => { weight: boolean; bias: boolean },
): Schema {
  return schema.refine(
    (layer) => {
      const { weight, bias } = (layer as InitializedLayer).init ?? {};
      const found = has(layer);
      return (weight === undefined || found.weight) && (bias === undefined || found.bias);
    },
    betweenKeys('init', 'first values only of parameters that the layer has'),
  );
}

/** The same for layers with a weight, and a bias where `bias` says so. */
export function checkBiasInit<Schema extends z.ZodType<{ readonly bias: boolean }>>(schema: Schema): Schema {
  return checkInit(schema, ({ bias }) => ({ weight: true, bias }));
}
