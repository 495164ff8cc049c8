import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '#src/config/json-schema.js';
import { loadConfig } from '#src/config/load-config.js';

const FOLDER = fileURLToPath(new URL('../../configs', import.meta.url));
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe.each(FILES)('configs/%s', (file) => {
  it('is valid, called like its file, and says why its values are what they are', () => {
    const { config } = loadConfig(join(FOLDER, file));
    expect(config.name).toBe(file.replace('.yaml', ''));
    expect(config.description.length).toBeGreaterThan(80);
  });

  it('names its schema for editors in the first line', () => {
    const [first] = readFileSync(join(FOLDER, file), 'utf8').split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./schema.json');
  });
});

interface JsonSchema {
  type?: string;
  required?: string[];
  additionalProperties?: boolean | object;
  propertyNames?: { pattern?: string };
  properties?: Record<string, JsonSchema>;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  $defs?: Record<string, JsonSchema>;
  description?: string;
}

function mappingsIn(schema: JsonSchema): JsonSchema[] {
  const inner = [...Object.values(schema.properties ?? {}), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  // What holds itself, as layers with layers do, is written once.
  inner.push(...Object.values(schema.$defs ?? {}));
  if (schema.items !== undefined) inner.push(schema.items);
  return [...(schema.type === 'object' ? [schema] : []), ...inner.flatMap(mappingsIn)];
}

describe('configs/schema.json', () => {
  const schema = configJsonSchema() as JsonSchema;

  it('is what the schema gives: else run npm run build and node scripts/config-schema.mjs', () => {
    expect(readFileSync(join(FOLDER, 'schema.json'), 'utf8')).toBe(`${JSON.stringify(schema, null, 2)}\n`);
  });

  it('requires the three keys without a default only, and a name of an optimizer other than adam', () => {
    expect(schema.required).toEqual(['data', 'model', 'loss']);
    const required = schema.properties!.optimizer.oneOf!.map((one) => one.required);
    expect(required).toEqual([['name'], undefined, ...Array(7).fill(['name'])]);
  });

  it('takes no unknown key in any mapping', () => {
    const mappings = mappingsIn(schema);
    // The config itself, at least 5 sources, 4 layers, 3 optimizers, clip, evaluation, logging.
    expect(mappings.length).toBeGreaterThanOrEqual(16);
    // The keys of `workersAt` are steps.
    const { workersAt } = schema.properties!;
    expect(workersAt.propertyNames?.pattern).toBe('^(0|[1-9]\\d{0,11})$');
    const open = mappings.filter(({ additionalProperties }) => additionalProperties !== false);
    // Those of `classWeights` are classes of the data, in two losses.
    const classWeights = {
      type: 'object',
      propertyNames: { type: 'string' },
      additionalProperties: expect.any(Object),
    };
    expect(open).toEqual([workersAt, classWeights, classWeights]);
  });

  it('describes the keys of a config for those who hover over them', () => {
    const described = Object.entries(schema.properties!).filter(([, { description }]) => description !== undefined);
    expect(Object.keys(schema.properties!).filter((key) => !described.some(([name]) => name === key))).toEqual([
      'evaluation',
      'checkpoint',
      'logging',
      'ledger',
    ]);
  });
});
