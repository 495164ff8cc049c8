// The options of an experiment: its name, its length, how it is evaluated and logged. Coordinator only.
import { z } from 'zod';
import { flag, mapping, numberFrom, oneOf, text, wholeNumber, wordOr } from '../config/scalars.schema.ts';
import { metricsSchema, watchedMetricSchema } from '../nn/metrics.schema.ts';

const NAME_PHRASE = 'a name of letters, digits, blanks and . _ - that starts with a letter or digit, 100 at most';

// File systems take 255; the number of a run of the same name needs some.
const MOST_NAME_BYTES = 200;

/** `name`: the run folder is called so; `latest` is the link beside the run folders. */
export const nameSchema = z
  .string({ error: NAME_PHRASE })
  .regex(/^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]{0,98}[\p{L}\p{M}\p{N}_-])?$/u, { error: NAME_PHRASE })
  .refine((name) => new TextEncoder().encode(name).length <= MOST_NAME_BYTES, {
    error: `a name of at most ${MOST_NAME_BYTES} bytes`,
  })
  .refine((name) => name.toLowerCase() !== 'latest', {
    error: 'a name other than latest, which is the link to the last run',
  });

/** `description`: why these values. */
export const descriptionSchema = text('text').default('').describe('why these values');

/** `seed`: of initialisation, shuffling and splits. */
export const seedSchema = wholeNumber(0, Number.MAX_SAFE_INTEGER)
  .default(1)
  .describe('of initialisation, shuffling and splits');

// The words of the step protocol have 39 bits for a step; an epoch has at least one.
const MOST_STEPS = 2 ** 39 - 1;

/** `epochs`: the length in passes over the training part; the config has this or `steps`. */
export const epochsSchema = wholeNumber(1, MOST_STEPS)
  .optional()
  .describe('passes over the training part; 10 where neither this nor steps is said');

/** `steps`: the length in optimizer updates. */
export const stepsSchema = wholeNumber(1, MOST_STEPS).optional().describe('optimizer updates, in place of epochs');

/** The name of a config that has none and is in no file. */
export const DEFAULT_NAME = 'run';

/** The epochs of a config that says neither `epochs` nor `steps`. */
export const DEFAULT_EPOCHS = 10;

/** `evaluation`: how often, and which figure says what the best weights are. */
export const evaluationSchema = mapping({
  everyEpochs: wholeNumber(1).default(1).describe('how often the validation part is evaluated'),
  metric: watchedMetricSchema
    .default('auto')
    .describe('says which weights are the best; auto: accuracy where the loss has it, else loss'),
  mode: oneOf(['min', 'max']).optional().describe('the better end of the metric where nothing is said'),
  patience: wholeNumber(1)
    .optional()
    .describe('evaluations in a row without a better metric that end the run; never where nothing is said'),
  minDelta: numberFrom(0).default(0).describe('by how much a metric has to be better to count'),
  metrics: metricsSchema.optional().describe('what is told of the validation and test part beside the loss'),
}).prefault({});

/** `checkpoint`: how often the whole state of the run is saved, and how many of them are kept. */
export const checkpointSchema = mapping({
  everySteps: wholeNumber(1).optional().describe('saved at exactly these steps; by time alone where nothing is said'),
  everySeconds: numberFrom(0).default(60).describe('saved so often while it trains; 0: never by time'),
  keep: wholeNumber(1, 1000).default(2).describe('so many of the last ones are kept, and the best one'),
}).prefault({});

const SIZE_PHRASE = 'a size such as 2 GB or 512 MiB, or a number of bytes';

/** `memory`: the most that a run may take; one that needs more is refused before it begins. */
export const memorySchema = wordOr(
  'auto',
  z.union([wholeNumber(1), z.string().regex(/^\d+(?:\.\d+)? *(?:[KMGT]i?)?B$/i)], { error: SIZE_PHRASE }),
  SIZE_PHRASE,
)
  .default('auto')
  .describe('the most memory that the run may take; auto: what the machine has');

/** `logging`: how often the live figures are written. */
export const loggingSchema = mapping({
  everySteps: wordOr('auto', wholeNumber(1), 'a whole number of 1 or more')
    .default('auto')
    .describe('steps between two lines of metrics.jsonl; auto: as many as there is time for'),
  noiseScaleSteps: wordOr('auto', wholeNumber(0), 'a whole number of 0 or more')
    .default('auto')
    .describe('steps between two estimates of the gradient noise scale; auto: 32; 0: none'),
}).prefault({});

/** `ledger`: how often a step's loss and hashes are recorded. */
export const ledgerSchema = mapping({
  everySteps: wordOr('off', wholeNumber(1), 'a whole number of 1 or more')
    .default(1)
    .describe('steps from one row of ledger.jsonl to the next, or off; decides no bit'),
  state: flag().default(false).describe('hash the state of the optimizer too: a third of what it takes to update it'),
}).prefault({});

/** The resolved `evaluation`: `auto` has become a metric, the mode is known. */
export interface EvaluationConfig {
  readonly everyEpochs: number;
  readonly metric: string;
  readonly mode: 'min' | 'max';
  /** Undefined where the run does not end early. */
  readonly patience?: number;
  readonly minDelta: number;
  /** Absent where none are asked for. */
  readonly metrics?: readonly string[];
}

/** All metrics that a run tells of its parts: those that are asked for, and the one that says what is best. */
export function toldMetrics({ metric, metrics = [] }: EvaluationConfig): string[] {
  const isAsked = metric === 'loss' || metric === 'accuracy' || metrics.includes(metric);
  return isAsked ? [...metrics] : [...metrics, metric];
}
