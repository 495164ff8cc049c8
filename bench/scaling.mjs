// How much faster are two workers than one? The workload `mlp`, whole steps of two resident runs, in alternating pairs.
import { alternate, machine, printRatio } from './pairs.mjs';
import { mlp, openResidentRun } from './resident-run.mjs';

const STEPS = 40;
const one = await openResidentRun(mlp({ workers: 1 }));
const two = await openResidentRun(mlp({ workers: 2 }));
await one.msPerStep(STEPS);
await two.msPerStep(STEPS);
console.log(`mlp 784-512-256-10, batch 512, Adam, V=8, portable; ${machine()}`);
printRatio(
  '1 worker / 2 workers',
  await alternate(
    () => one.msPerStep(STEPS),
    () => two.msPerStep(STEPS),
    11,
  ),
  '≥ 1.85',
);
await one.close();
await two.close();
