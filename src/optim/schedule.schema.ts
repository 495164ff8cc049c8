// The options of learning rate schedules: what `schedule` in a config may say. All lengths are in steps. Coordinator only.
import { z } from 'zod';
import {
  alternatives,
  type Frozen,
  fraction,
  mapping,
  numberAbove0,
  numberFrom,
  oneOf,
  wholeNumber,
} from '../config/scalars.schema.ts';

/** What every schedule has. PyTorch's LinearLR begins at a third too. */
const warmup = {
  warmupSteps: wholeNumber(0)
    .default(0)
    .describe(
      'steps in which the rate rises in a straight line to the schedule’s first; the schedule begins behind them',
    ),
  warmupStart: fraction()
    .default(1 / 3)
    .describe('the share of the schedule’s first rate with which the warm-up begins'),
};

const totalSteps = wholeNumber(1)
  .optional()
  .describe('the schedule’s length in steps, warm-up not counted; the rest of the run where nothing is said');
const gamma = numberAbove0();
const minLr = numberFrom(0).default(0);

const constantSchema = mapping({ name: z.literal('constant'), ...warmup });

const stepSchema = mapping({
  name: z.literal('step'),
  stepSize: wholeNumber(1).describe('every so many steps the rate is multiplied by gamma'),
  gamma: gamma.default(0.1),
  ...warmup,
});

const milestonesPhrase = 'a list of steps, each above the one before, such as [1000, 2000]';

const multiStepSchema = mapping({
  name: z.literal('multiStep'),
  milestones: z
    .array(wholeNumber(1), { error: milestonesPhrase })
    .min(1, { error: milestonesPhrase })
    .refine((steps) => steps.every((step, i) => i === 0 || step > steps[i - 1]), { error: milestonesPhrase })
    .describe('steps from which on the rate is multiplied by gamma, once more at each'),
  gamma: gamma.default(0.1),
  ...warmup,
});

const exponentialSchema = mapping({
  name: z.literal('exponential'),
  gamma: gamma.describe('the rate is multiplied by it after every step'),
  ...warmup,
});

const polynomialSchema = mapping({
  name: z.literal('polynomial'),
  power: numberAbove0().default(1),
  endLr: numberFrom(0).default(0),
  totalSteps,
  ...warmup,
});

const cosineSchema = mapping({ name: z.literal('cosine'), minLr, totalSteps, ...warmup });

const warmRestartsSchema = mapping({
  name: z.literal('warmRestarts'),
  period: wholeNumber(1).describe('steps of the first cosine'),
  periodMultiplier: wholeNumber(1).default(1).describe('each cosine is so many times longer than the one before'),
  minLr,
  ...warmup,
});

const oneCycleSchema = mapping({
  name: z.literal('oneCycle'),
  maxLr: numberAbove0(),
  percentWarmup: fraction().default(0.3).describe('the share of the steps in which the rate rises'),
  divFactor: numberAbove0().default(25).describe('the first rate is maxLr / divFactor; optimizer.lr is not looked at'),
  finalDivFactor: numberAbove0().default(10_000).describe('the last rate is the first one / finalDivFactor'),
  totalSteps,
  ...warmup,
});

const reduceOnPlateauSchema = mapping({
  name: z.literal('reduceOnPlateau'),
  factor: fraction().default(0.1).describe('the rate is multiplied by it'),
  patience: wholeNumber(0).default(10).describe('evaluations without an improvement that are borne'),
  threshold: fraction().default(0.0001).describe('a relative improvement of no more than this is none'),
  minLr,
  mode: oneOf(['min', 'max']).optional().describe('evaluation.mode where nothing is said'),
  ...warmup,
});

const NAMES = [
  'constant',
  'step',
  'multiStep',
  'exponential',
  'polynomial',
  'cosine',
  'warmRestarts',
  'oneCycle',
  'reduceOnPlateau',
];

/** `schedule`: one of the schedules by name, each with its own options. */
export const scheduleSchema = z.discriminatedUnion(
  'name',
  [
    constantSchema,
    stepSchema,
    multiStepSchema,
    exponentialSchema,
    polynomialSchema,
    cosineSchema,
    warmRestartsSchema,
    oneCycleSchema,
    reduceOnPlateauSchema,
  ],
  { error: `a schedule: ${alternatives(NAMES)}` },
);

/** The resolved options of a schedule, all defaults filled in but those that need the length of the run. */
export type ScheduleConfig = Frozen<z.output<typeof scheduleSchema>>;
