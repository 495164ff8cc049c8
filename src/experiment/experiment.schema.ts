// The options of an experiment: its name, its length, how it is evaluated and logged. Coordinator only.
import { z } from 'zod';
import { type Frozen, mapping, oneOf, text, wholeNumber, wordOr } from '../config/scalars.schema.ts';

const NAME_PHRASE = 'a name of letters, digits, blanks and . _ - that starts with a letter or digit, 100 at most';

/** `name`: the run folder is called so; `latest` is the link beside the run folders. */
export const nameSchema = z
  .string({ error: NAME_PHRASE })
  .regex(/^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]{0,98}[\p{L}\p{M}\p{N}_-])?$/u, { error: NAME_PHRASE })
  .refine((name) => name.toLowerCase() !== 'latest', {
    error: 'a name other than latest, which is the link to the last run',
  });

/** `description`: why these values. */
export const descriptionSchema = text('text').default('');

/** `seed`: of initialisation, shuffling and splits. */
export const seedSchema = wholeNumber(0, Number.MAX_SAFE_INTEGER).default(1);

/** `epochs`: the length in passes over the training part; the config has this or `steps`. */
export const epochsSchema = wholeNumber(1).optional();

/** `steps`: the length in optimizer updates. */
export const stepsSchema = wholeNumber(1).optional();

/** The epochs of a config that says neither `epochs` nor `steps`. */
export const DEFAULT_EPOCHS = 10;

/** `evaluation`: how often, and which figure says what the best weights are. */
export const evaluationSchema = mapping({
  everyEpochs: wholeNumber(1).default(1),
  metric: oneOf(['auto', 'loss', 'accuracy']).default('auto'),
  mode: oneOf(['min', 'max']).optional(),
}).prefault({});

/** `logging`: how often the live figures are written. */
export const loggingSchema = mapping({
  everySteps: wordOr('auto', wholeNumber(1), 'a whole number of 1 or more').default('auto'),
}).prefault({});

/** The resolved `evaluation`: `auto` has become a metric, the mode is known. */
export interface EvaluationConfig {
  readonly everyEpochs: number;
  readonly metric: 'loss' | 'accuracy';
  readonly mode: 'min' | 'max';
}

/** The resolved `logging`. */
export type LoggingConfig = Frozen<z.output<typeof loggingSchema>>;
