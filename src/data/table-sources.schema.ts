// The options of sources of tables that lie in memory: CSV, JSON lines, Arrow, and the embedded ones. Coordinator only.
import { z } from 'zod';
import { mapping, wordOr } from '../config/scalars.schema.ts';
import { common, leavesTraining, leavesTrainingIssue, path, test } from './common.schema.ts';
import { column, splitHasKey, splitKeyIssue, tableOptions } from './table.schema.ts';

export const csvSchema = mapping({
  source: z.literal('csv'),
  file: path(),
  target: column().describe('the column to predict, by name or index'),
  header: wordOr('auto', z.boolean(), 'true or false').default('auto'),
  delimiter: z
    .string({ error: 'one character' })
    .regex(/^[^"\r\n]$/u, { error: 'one character' })
    .default(','),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

export const jsonlSchema = mapping({
  source: z.literal('jsonl'),
  file: path(),
  target: column().describe('the name to predict, nested ones as a.b'),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

export const arrowSchema = mapping({
  source: z.literal('arrow'),
  file: path(),
  target: column().describe('the column to predict, by name or index'),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);

export const embeddedTableSchema = mapping({
  source: z.enum(['breastCancer', 'diabetes', 'iris', 'penguins', 'wine']),
  target: column().optional().describe('the column to predict; the usual one where nothing is said'),
  ...tableOptions,
  ...common,
  test,
})
  .refine(leavesTraining, leavesTrainingIssue)
  .refine(splitHasKey, splitKeyIssue);
