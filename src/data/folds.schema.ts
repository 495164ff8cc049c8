// The options of k-fold cross-validation, for every source whose samples may be split. Coordinator only.
import type { z } from 'zod';
import { betweenKeys, wholeNumber } from '../config/scalars.schema.ts';

/** Each sample is tested in exactly one of so many trainings. */
export const foldOptions = {
  folds: wholeNumber(2).optional().describe('so many trainings, each tested on another part of the samples'),
  fold: wholeNumber(1).optional().describe('of the folds this one alone, counted from 1'),
};

type Options = { folds?: unknown; fold?: unknown; test?: unknown; split?: unknown };

const hasNoTest = ({ folds, test }: Options) => folds === undefined || test === 0;
const isOneOfThem = ({ folds, fold }: Options) =>
  fold === undefined || (typeof folds === 'number' && (typeof fold !== 'number' || fold <= folds));
const hasNoTime = ({ folds, split }: Options) => folds === undefined || split !== 'time';

/** Folds take the place of `test`, there is no fold beyond the last, and time has no folds. */
export function withFolds<Schema extends z.ZodType<Options>>(schema: Schema): Schema {
  return schema
    .refine(hasNoTest, betweenKeys('test', 'no fraction, as each fold is the test part in turn'))
    .refine(isOneOfThem, betweenKeys('fold', 'one of the folds, from 1 to data.folds'))
    .refine(hasNoTime, betweenKeys('split', 'random, stratified or group, as there are folds'));
}
