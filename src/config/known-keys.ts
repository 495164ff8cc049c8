// The schema of a config and a path → the keys that are known there: what a suggestion is made of. Coordinator only; pure.
import type { z } from 'zod';
import { type ConfigNode, childOf, formatPath, type Path } from './config-node.ts';
import { configSchema } from './config-schema.ts';

type Schema = z.core.$ZodType;

/** What of zod's definitions is looked at; the kinds that the schemas are made of. */
interface Definition {
  type: string;
  innerType?: Schema;
  /** Of a schema that holds itself, as layers do that have layers. */
  getter?: () => Schema;
  shape?: Record<string, Schema>;
  options?: readonly Schema[];
  discriminator?: string;
  element?: Schema;
}

/** One of the mappings that may stand at a path. */
export interface KnownMapping {
  /** What people call it: `sgd`, `mnist`, or the key that names a layer's kind; several where they have the same keys, none where there is one mapping only. */
  names: readonly string[];
  keys: readonly string[];
}

/** The mappings that may stand at `path` in this config; `chosen` is the one that it names, where it names one. */
export function mappingsAt(root: ConfigNode, path: Path): { chosen?: KnownMapping; all: KnownMapping[] } {
  const { schema, node } = schemaAt(root, path);
  if (schema === undefined) return { all: [] };
  const chosen = chooseMapping(schema, node);
  const said = scalarOf(node, discriminatorOf(schema));
  const all = mappingsOf(schema).map((one) => describe(schema, one));
  if (chosen === undefined) return { all };
  const { names, keys } = describe(schema, chosen);
  return { chosen: { names: names.filter((name) => said === undefined || name === said), keys }, all };
}

function scalarOf(node: ConfigNode | undefined, key: string | undefined): string | undefined {
  const content = key === undefined || node === undefined ? undefined : childOf(node, key)?.content;
  return typeof content === 'string' ? content : undefined;
}

/** The key whose value says which of the mappings at `path` is meant, such as `name` or `source`; undefined where none does. */
export function discriminatorAt(root: ConfigNode, path: Path): string | undefined {
  const { schema } = schemaAt(root, path);
  return schema && discriminatorOf(schema);
}

/** Which of a union's options a value is meant for: by its discriminator, or by the key that names its kind; −1 where it says neither. */
export function chooseOption(root: ConfigNode, path: Path): number {
  const { schema, node } = schemaAt(root, path);
  if (schema === undefined) return -1;
  const options = definition(schema).options ?? [];
  if (Array.isArray(node?.content)) return options.findIndex(isListOfMappings);
  const chosen = chooseMapping(schema, node);
  return chosen === undefined ? -1 : options.findIndex((option) => unwrap(option) === chosen);
}

/** Every path of a config's keys, list indices left out: `data.batchSize`, `model.dense`. */
export function allKeyPaths(
  schema: Schema = configSchema,
  path: Path = [],
  around: ReadonlySet<Schema> = new Set(),
): string[] {
  // A layer that has layers: their keys are known from the outer one.
  if (around.has(unwrap(schema))) return [];
  const inside = new Set([...around, unwrap(schema)]);
  const element = elementOf(schema);
  const ofItems = element === undefined ? [] : allKeyPaths(element, path, inside);
  const paths = mappingsOf(schema).flatMap((mapping) =>
    Object.entries(definition(mapping).shape!).flatMap(([key, child]) => [
      formatPath([...path, key]),
      ...allKeyPaths(child, [...path, key], inside),
    ]),
  );
  return [...new Set([...ofItems, ...paths])];
}

function schemaAt(root: ConfigNode, path: Path): { schema?: Schema; node?: ConfigNode } {
  let schema: Schema | undefined = configSchema;
  let node: ConfigNode | undefined = root;
  for (const key of path) {
    schema = schema && schemaOfChild(schema, node, key);
    node = node && childOf(node, key);
  }
  return { schema, node };
}

function schemaOfChild(schema: Schema, node: ConfigNode | undefined, key: string | number): Schema | undefined {
  if (typeof key === 'number') return elementOf(schema);
  const mapping = chooseMapping(schema, node);
  const shape = mapping && definition(mapping).shape;
  return shape !== undefined && Object.hasOwn(shape, key) ? shape[key] : undefined;
}

function chooseMapping(schema: Schema, node: ConfigNode | undefined): Schema | undefined {
  const mappings = mappingsOf(schema);
  if (definition(schema).type === 'object') return mappings[0];
  const content = node?.content;
  if (!(content instanceof Map)) return undefined;
  if (mappings.length === 1) return mappings[0];
  const discriminator = discriminatorOf(schema);
  if (discriminator === undefined) return mappings.find((mapping) => content.has(kindOf(mapping)));
  const name = content.get(discriminator)?.content;
  return mappings.find((mapping) => namesOf(mapping, discriminator).has(name as string | undefined));
}

function describe(schema: Schema, mapping: Schema): KnownMapping {
  const discriminator = discriminatorOf(schema);
  const keys = Object.keys(definition(mapping).shape!);
  if (mappingsOf(schema).length === 1) return { names: [], keys };
  if (discriminator === undefined) return { names: [kindOf(mapping)], keys };
  return { names: [...namesOf(mapping, discriminator)].filter((name) => typeof name === 'string'), keys };
}

/** The key that says which mapping of a union is meant; where a bare name is allowed as well, the first key of all of them. */
function discriminatorOf(schema: Schema): string | undefined {
  const { discriminator } = definition(schema);
  const mappings = mappingsOf(schema);
  if (discriminator !== undefined || mappings.length < 2) return discriminator;
  const [kind] = mappings.map(kindOf);
  return mappings.every((mapping) => kindOf(mapping) === kind) ? kind : undefined;
}

/** A layer's kind is its first key. */
function kindOf(mapping: Schema): string {
  return Object.keys(definition(mapping).shape!)[0];
}

/** What the discriminator may say for this mapping; undefined among them where it may be left out. */
function namesOf(mapping: Schema, discriminator: string): Set<z.core.util.Primitive> {
  return definition(mapping).shape![discriminator]._zod.values ?? new Set();
}

/** The faults of its items are told one by one, those of a list of numbers as one. */
function isListOfMappings(schema: Schema): boolean {
  const { element } = definition(schema);
  return element !== undefined && mappingsOf(element).length > 0;
}

/** The schema of a list's items, where a list may stand. */
function elementOf(schema: Schema): Schema | undefined {
  const { element, options = [] } = definition(schema);
  return element ?? options.map((option) => definition(option).element).find((item) => item !== undefined);
}

function mappingsOf(schema: Schema): Schema[] {
  const { type, options } = definition(schema);
  if (type === 'object') return [unwrap(schema)];
  return (options ?? []).filter((option) => definition(option).type === 'object').map(unwrap);
}

function definition(schema: Schema): Definition {
  return unwrap(schema)._zod.def as unknown as Definition;
}

/** Defaults and `optional` are layers around a schema, and so is what lets a schema hold itself. */
function unwrap(schema: Schema): Schema {
  const { innerType, getter } = schema._zod.def as unknown as Definition;
  const inner = innerType ?? getter?.();
  return inner === undefined ? schema : unwrap(inner);
}
