// What do eight fixed shards cost against two? The workload `mlp` with 2 workers, alternating pairs.
import { alternate, machine, printRatio } from './pairs.mjs';
import { mlp, openResidentRun } from './resident-run.mjs';

const STEPS = 40;
const eight = await openResidentRun(mlp({ workers: 2, shards: 8 }));
const two = await openResidentRun(mlp({ workers: 2, shards: 2 }));
await eight.msPerStep(STEPS);
await two.msPerStep(STEPS);
console.log(`mlp 784-512-256-10, batch 512, Adam, 2 workers, portable; ${machine()}`);
printRatio(
  'V=8 / V=2',
  await alternate(
    () => eight.msPerStep(STEPS),
    () => two.msPerStep(STEPS),
    21,
  ),
  '≤ 1.08',
);
await eight.close();
await two.close();
