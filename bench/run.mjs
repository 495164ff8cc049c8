// Every bench, one after the other: they share two cores.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

for (const name of [
  'kernels',
  'empty-step',
  'start',
  'scaling',
  'shards',
  'numerics',
  'noise-scale',
  'growth',
  'memory',
]) {
  console.log(`\n# ${name}`);
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(`./${name}.mjs`, import.meta.url))], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
