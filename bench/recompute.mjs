// What does recomputation cost, and what does it save? A workload with and without, alternating pairs. Usage: node bench/recompute.mjs [gpt|mlp|cnn]
import { alternate, machine, printRatio } from './pairs.mjs';
import { openResidentRun, workload } from './resident-run.mjs';

const [name = 'gpt'] = process.argv.slice(2);
const STEPS = name === 'gpt' ? 2 : 10;
const keys = { workers: 2, numerics: 'portable' };
const again = await openResidentRun(workload(name, { ...keys, recompute: true }));
const kept = await openResidentRun(workload(name, keys));
for (const run of [again, kept]) await run.msPerStep(STEPS);
const mib = ({ run }) => `${(run.plan.activationBytes / 2 ** 20).toFixed(2)} MiB`;
console.log(`${name}, 2 workers, portable; ${machine()}; activations a worker ${mib(kept)}, recomputed ${mib(again)}`);
printRatio(
  'recomputed / kept',
  await alternate(
    () => again.msPerStep(STEPS),
    () => kept.msPerStep(STEPS),
    15,
  ),
  '< 1.4',
);
await again.close();
await kept.close();
