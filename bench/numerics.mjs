// What does `fast` gain over `portable`? The workload `mlp` with 2 workers, alternating pairs.
import { alternate, machine, printRatio } from './pairs.mjs';
import { mlp, openResidentRun } from './resident-run.mjs';

const STEPS = 20;
const fast = await openResidentRun(mlp({ workers: 2, numerics: 'fast' }));
const portable = await openResidentRun(mlp({ workers: 2 }));
await fast.msPerStep(STEPS);
await portable.msPerStep(STEPS);
console.log(`mlp 784-512-256-10, batch 512, Adam, 2 workers; ${machine()}`);
console.log(`fast is ${fast.run.numerics.identity}`);
printRatio(
  'fast / portable',
  await alternate(
    () => fast.msPerStep(STEPS),
    () => portable.msPerStep(STEPS),
    21,
  ),
  '< 1',
);
await fast.close();
await portable.close();
