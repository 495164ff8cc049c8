// What does the ledger cost a step, at its default of every step? Short runs with it and without, in turns.
// node bench/ledger.mjs [pairs] [workload ...]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, train } from '../dist/src/index.js';
import { alternate, machine, median } from './pairs.mjs';

const [pairs = '9', ...names] = process.argv.slice(2);
const STEPS = { tiny: 6000, mlp: 60 };
const workloads = names.length > 0 ? names : Object.keys(STEPS);
const wrong = workloads.find((name) => STEPS[name] === undefined);
if (wrong !== undefined || !(Number(pairs) >= 1)) {
  console.error(
    `error: expected pairs of 1 or more and some of ${Object.keys(STEPS)}, got ${process.argv.slice(2).join(' ')}`,
  );
  process.exit(2);
}

/** Ms a step over the second half of a run, its stretches' ends included: threads have warmed up by then. */
async function stepMs(workload, everySteps) {
  const file = fileURLToPath(new URL(`workloads/${workload}.yaml`, import.meta.url));
  const steps = STEPS[workload];
  const { config, baseDir } = loadConfig(file, ['workers=2', `steps=${steps}`, `ledger.everySteps=${everySteps}`]);
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  const marks = [];
  const onEvent = (event) => {
    if (event.type === 'step') marks.push({ atMs: performance.now(), step: event.step });
  };
  await train(config, { runsDir, baseDir, onEvent });
  rmSync(runsDir, { recursive: true });
  const from = marks.find(({ step }) => step >= steps / 2);
  const to = marks.at(-1);
  return (to.atMs - from.atMs) / (to.step - from.step);
}

console.log(`ms a step with the ledger ÷ without; ${machine()}`);
for (const workload of workloads) {
  const { ratio, low, high, a, b, ratios } = await alternate(
    () => stepMs(workload, 1),
    () => stepMs(workload, 'off'),
    Number(pairs),
  );
  const difference = ((a - b) * 1000).toFixed(1);
  const spread = `[${low.toFixed(3)} to ${high.toFixed(3)}, ${ratios.length} pairs]`;
  console.log(
    `${workload}: ${ratio.toFixed(3)} ${spread}; ${difference} µs a step of ${(median([b]) * 1000).toFixed(0)}`,
  );
}
