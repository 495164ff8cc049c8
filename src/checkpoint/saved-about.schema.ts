// What a checkpoint says of itself and of its plan, as its reader wants it. Coordinator only.
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Infinite before the first value; zod's own numbers are finite. */
const number = z.custom<number>((value) => typeof value === 'number' && !Number.isNaN(value), { error: 'a number' });
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The section `about`. */
export const savedAboutSchema = z.strictObject({
  /** The version of lockstep that wrote it. */
  lockstep: z.string(),
  /** Steps and epochs done. */
  step: count,
  epoch: count,
  numerics: z.enum(['portable', 'fast']),
  /** The backend's identity: a run goes on with the same bits only on the same one. */
  backend: z.string(),
  configSha256: sha256,
  planSha256: sha256,
  /** Of the module that made the model; null where the config describes it. */
  modelSha256: sha256.nullable(),
  samples: z.strictObject({ train: count, validation: count, test: count }),
  /** The arrays of a generation behind the parameters. */
  states: z.array(z.string()).max(16),
  /** What `until.plateau` remembers. */
  leastLoss: z.strictObject({ least: number, stepsSince: count }),
  /** What `reduceOnPlateau` remembers; null without it. */
  plateau: z.strictObject({ best: number, badEvaluations: count, factor: number }).nullable(),
});

/** See the schema. */
export type SavedAbout = z.output<typeof savedAboutSchema>;

const address = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32);
const call = z.strictObject({
  kernel: z.string(),
  // The slot of `env` (below ENV_LENGTH of plan.ts, which a schema may not import), a whole multiplier, and an offset or a number.
  args: z.array(z.tuple([z.number().int().min(0).max(18), z.number(), z.number()])).max(64),
  label: z.string(),
  out: z.looseObject({ layer: z.string() }).nullable(),
});
const place = z.looseObject({
  name: z.string(),
  shape: z.array(address).max(64),
  elementOffset: address,
  elements: address,
});

const calls = z.strictObject({ gather: z.array(call), forward: z.array(call), backward: z.array(call).optional() });

/** The section `plan`: what the interpreter and the memory map rely on. */
export const savedPlanSchema = z.looseObject({
  version: z.literal(1),
  numerics: z.enum(['portable', 'fast']),
  rows: address.min(1),
  parameters: z.array(place),
  statistics: z.array(place),
  parameterElements: address,
  sums: z.array(z.string()).min(3).max(64),
  metric: z.string(),
  constants: z.array(z.number().int()),
  activationBytes: address,
  scratchBytes: address,
  evaluationActivationBytes: address,
  layers: z.array(z.looseObject({ name: z.string() })),
  train: calls,
  evaluate: calls,
});
