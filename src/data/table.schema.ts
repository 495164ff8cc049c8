// The options of sources that are tables: columns, what is missing, what is standardised, how rows are split. Coordinator only.
import { z } from 'zod';
import {
  betweenKeys,
  flag,
  mapping,
  nonEmptyText,
  number,
  oneOf,
  text,
  wholeNumber,
} from '../config/scalars.schema.ts';
import { foldOptions } from './folds.schema.ts';

/** A column by its name in the header or by its index. */
export const column = () =>
  z.union([wholeNumber(0), nonEmptyText('a column')], { error: 'a column name or a column index of 0 or more' });

const missing = () =>
  z.union([z.enum(['error', 'drop', 'mean', 'median']), number()], { error: 'error, drop, mean, median or a number' });

const columnSchema = mapping({
  name: column(),
  type: oneOf(['number', 'category']).optional().describe('what its cells say where nothing is said'),
  missing: missing().optional(),
  indicator: flag().optional(),
  standardize: flag().optional(),
});

/** What every table takes. */
export const tableOptions = {
  task: oneOf(['auto', 'classification', 'regression']).default('auto'),
  id: column().optional().describe('names the samples; no input'),
  weight: column().optional().describe('what a row weighs in the loss, 0 or more; no input'),
  ignore: z.array(column(), { error: 'a list of columns such as [id, 3]' }).default([]),
  columns: z
    .array(columnSchema, { error: 'a list such as [{ name: age, missing: median }]' })
    .optional()
    .describe('what is said of single columns'),
  missing: missing()
    .default('error')
    .describe('missing cells: error, drop (the row), mean or median (of the training part), or a number'),
  indicator: flag().default(false).describe('one input more a column, 1 where the cell is missing'),
  missingCells: z
    .array(text('text'), { error: 'a list of texts such as ["", "-"]' })
    .optional()
    .describe('texts that mean that there is nothing; NA, N/A, NaN, nan, null, NULL and ? where nothing is said'),
  standardize: flag().default(false).describe('number columns to mean 0 and deviation 1 over the training part'),
  standardizeTarget: flag().default(false).describe('targets that are numbers too'),
  onBadSample: oneOf(['error', 'skip'])
    .default('error')
    .describe('skip: leave out rows that do not fit, and count them'),
  split: oneOf(['random', 'stratified', 'group', 'time'])
    .default('random')
    .describe('stratified by class; group and time go by the column splitBy'),
  splitBy: column().optional().describe('the column that a split by group or time goes by; no input'),
  ...foldOptions,
};

/** A split by group or time needs its column, and the others have none. */
export const splitHasKey = ({ split, splitBy }: { split?: unknown; splitBy?: unknown }) =>
  (split === 'group' || split === 'time') === (splitBy !== undefined);
export const splitKeyIssue = betweenKeys('splitBy', 'a column where split is group or time, and none where it is not');
