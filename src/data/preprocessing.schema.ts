// preprocessing.json of a run folder, as who reads it wants it: how raw data became inputs and targets. Coordinator only.
import { z } from 'zod';

const count = z.number().int().min(0).max(0xffff_ffff);
const shape = z.array(count.min(1)).max(8);
const text = z.string();

const inputSchema = z.union([
  z.looseObject({ shape, storage: z.enum(['u8', 'f32']), divisor: z.number().positive() }),
  z.looseObject({ shape, storage: z.literal('i32'), divisor: z.literal(1), classes: count.min(1) }),
]);

const columnSchema = z.discriminatedUnion('type', [
  z.looseObject({
    name: text,
    type: z.literal('number'),
    fill: z.number().nullable(),
    mean: z.number(),
    deviation: z.number(),
    indicator: z.boolean(),
  }),
  z.looseObject({
    name: text,
    type: z.literal('category'),
    categories: z.array(text),
    mayMiss: z.boolean(),
    indicator: z.boolean(),
  }),
]);

const tableTargetSchema = z.discriminatedUnion('type', [
  z.looseObject({ name: text, type: z.literal('class'), labels: z.array(text).min(2) }),
  z.looseObject({ name: text, type: z.literal('number'), mean: z.number(), deviation: z.number() }),
]);

/** How a table's cells became inputs and targets. */
export const tableSchema = z.looseObject({
  kind: z.literal('table'),
  missingCells: z.array(text),
  inputs: z.array(columnSchema).min(1),
  target: tableTargetSchema,
});

/** How a text's characters became tokens. */
export const textSchema = z.looseObject({
  kind: z.literal('text'),
  unit: z.enum(['windows', 'lines']),
  length: count.min(1),
  vocabulary: z.array(text).min(1),
});

/** How a text became the tokens of a tokenizer. */
export const tokenizedTextSchema = z.looseObject({
  kind: z.literal('tokenizedText'),
  length: count.min(1),
  tokenizer: z.looseObject({ sha256: text, library: text, json: text }),
});

/** How images became samples. */
export const imagesSchema = z.looseObject({
  kind: z.literal('images'),
  size: z.tuple([count.min(1), count.min(1)]),
  fit: z.enum(['cover', 'contain', 'fill']),
  channels: z.union([z.literal(1), z.literal(3), z.literal(4)]),
});

/** What every source writes. */
export const preprocessingSchema = z.looseObject({
  source: text,
  input: inputSchema,
  /** A table's has a name and a type in place of classes. */
  target: z.looseObject({ classes: count.min(1).optional() }).optional(),
  kind: text.optional(),
  classNames: z.array(text).optional(),
});
