// The schema of a config → JSON Schema, with which editors complete and check configs as they are written. Coordinator only; pure.
import { z } from 'zod';
import { configSchema } from './config-schema.ts';

/** What configs/schema.json holds; it knows neither the checks between keys nor those of float32. */
export function configJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, title: 'A lockstep config', ...schema };
}
