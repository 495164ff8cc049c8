// What does an estimate of the gradient noise scale cost? One resident run with an estimate in every step, one without, in alternating pairs.
// µs a step at the rate that `auto` has: the difference ÷ its steps. Usage: node bench/noise-scale.mjs [tiny|mlp|cnn|gpt] [portable|fast]
import { alternate, machine, median, printRatio } from './pairs.mjs';
import { openResidentRun, workload } from './resident-run.mjs';

const STEPS = { tiny: 400, mlp: 20, cnn: 4, gpt: 2 };
const AUTO_STEPS = 32;
const [name = 'mlp', numerics = 'fast'] = process.argv.slice(2);
const keys = { workers: 2, numerics };
const always = await openResidentRun(workload(name, { ...keys, logging: { noiseScaleSteps: 1 } }));
const never = await openResidentRun(workload(name, { ...keys, logging: { noiseScaleSteps: 0 } }));
for (const run of [always, never]) await run.msPerStep(STEPS[name]);
console.log(`${name}, 2 workers, ${always.run.numerics.identity}; ${machine()}`);
// A step's own noise is larger than what is looked for: the clock of `reduce`, which the estimate belongs to, is not.
const REDUCE = 3;
const reduceMs = { always: [], never: [] };
async function measure(run, side) {
  const ms = await run.msPerStep(STEPS[name]);
  reduceMs[side].push(run.phases(STEPS[name])[REDUCE]);
  return ms;
}
const figures = await alternate(
  () => measure(always, 'always'),
  () => measure(never, 'never'),
  31,
);
printRatio('an estimate every step / none', figures, '–');
const us = 1000 * (median(reduceMs.always) - median(reduceMs.never));
console.log(
  `reduce ${(1000 * median(reduceMs.never)).toFixed(0)} µs a step and worker, ${(1000 * median(reduceMs.always)).toFixed(0)} with an estimate; ` +
    `one in ${AUTO_STEPS} steps: ${(us / AUTO_STEPS).toFixed(1)} µs a step, ${(us / AUTO_STEPS / (10 * figures.b)).toFixed(2)} % of it  wanted < 1 %`,
);
await always.close();
await never.close();
