// The built schema of a config → configs/schema.json, for editors. Run `npm run build` before it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../dist/src/config/json-schema.js';

const path = fileURLToPath(new URL('../configs/schema.json', import.meta.url));
writeFileSync(path, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
