// minimal, to be replaced
import { createHash } from 'node:crypto';
export function configSha256(config: unknown, numerics: string): string {
  return createHash('sha256').update(JSON.stringify([config, numerics])).digest('hex');
}
