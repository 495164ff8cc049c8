// What a killed worker costs a run: time to train with one kill in it, less the time without, in turns. `npm run build` first.
// Usage: node bench/recovery.mjs [--pairs 15] [--workers 2]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig, train } from '../dist/src/index.js';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '15' }, workers: { type: 'string', default: '2' } },
});
const pairs = Number(values.pairs);
const workers = Number(values.workers);
const STEPS = 120;
const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
const config = parseConfig({
  name: 'bench',
  data: { source: 'synthetic', samples: 20_000, features: 784, classes: 10, batchSize: 512 },
  model: [{ dense: 256, activation: 'relu' }, { dense: 10 }],
  loss: 'crossEntropy',
  optimizer: { name: 'adam', lr: 0.001 },
  steps: STEPS,
  workers,
  numerics: 'portable',
  logging: { everySteps: 1 },
});

/** Ms of all steps, and of the median one. */
async function run(faults) {
  const stepMs = [];
  let lost = 0;
  const { summary } = await train(config, {
    runsDir,
    faults,
    onEvent: (event) => {
      if (event.type === 'step') stepMs.push(event.stepMs);
      if (event.type === 'recovery') lost++;
    },
  });
  rmSync(join(runsDir, 'bench'), { recursive: true });
  return { total: stepMs.reduce((sum, ms) => sum + ms, 0), step: median(stepMs), lost, hash: summary.stateSha256 };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

await run([]);
const costs = [];
const steps = [];
const hashes = new Set();
for (let pair = 0; pair < pairs; pair++) {
  const kill = {
    kind: 'kill',
    seat: pair % workers,
    step: 30 + ((pair * 7) % 50),
    phase: pair % 3 ? 'shards' : 'update',
  };
  // The other first every time: what changes in the machine meanwhile meets both.
  const runs = pair % 2 ? [await run([]), await run([kill])] : [await run([kill]), await run([])].reverse();
  const [undisturbed, killed] = runs;
  if (killed.lost !== 1) throw new Error(`expected one worker to be lost, got ${killed.lost}`);
  costs.push(killed.total - undisturbed.total);
  steps.push(undisturbed.step);
  for (const { hash } of runs) hashes.add(hash);
}
rmSync(runsDir, { recursive: true, force: true });
costs.sort((a, b) => a - b);
const quantile = (q) => costs[Math.min(costs.length - 1, Math.floor(q * costs.length))].toFixed(0);
console.log(
  `${cpus()[0].model}, node ${process.versions.node}; 784-256-10, batch 512, ${workers} workers, ${STEPS} steps`,
);
console.log(
  `a killed worker costs ${quantile(0.5)} ms (median of ${pairs} pairs; ${quantile(0.1)} to ${quantile(0.9)} in four of five)`,
);
console.log(
  `a step takes ${median(steps).toFixed(1)} ms; the promise is one step + 150 ms: ${(median(steps) + 150).toFixed(0)} ms`,
);
console.log(`${hashes.size === 1 ? 'same hash' : 'DIFFERENT HASHES'} in all ${2 * pairs} runs`);
process.exitCode = hashes.size === 1 ? 0 : 1;
