// What a killed worker costs a run: the steps from the kill until the new worker has long joined, less as many median steps of the same run.
// A run is its own measure: two whole runs differ by more than the cost. `npm run build` first.
// Usage: node bench/recovery.mjs [--runs 15] [--workers 2]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig, train } from '../dist/src/index.js';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, workers: { type: 'string', default: '2' } },
});
const runs = Number(values.runs);
const workers = Number(values.workers);
const STEPS = 160;
/** From the kill on; a thread starts in a fraction of that. */
const WINDOW = 60;
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

/** Ms of each step. */
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
  return { stepMs, lost, hash: summary.stateSha256 };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

const undisturbed = await run([]);
const costs = [];
const steps = [];
const hashes = new Set([undisturbed.hash]);
for (let index = 0; index < runs; index++) {
  const step = 40 + ((index * 7) % 40);
  const kill = { kind: 'kill', seat: index % workers, step, phase: index % 3 ? 'shards' : 'update' };
  const { stepMs, lost, hash } = await run([kill]);
  if (lost !== 1) throw new Error(`expected one worker to be lost, got ${lost}`);
  const typical = median([...stepMs.slice(10, step), ...stepMs.slice(step + WINDOW)]);
  const spent = stepMs.slice(step, step + WINDOW).reduce((sum, ms) => sum + ms, 0);
  costs.push(spent - WINDOW * typical);
  steps.push(typical);
  hashes.add(hash);
}
rmSync(runsDir, { recursive: true, force: true });
costs.sort((a, b) => a - b);
const quantile = (q) => costs[Math.min(costs.length - 1, Math.floor(q * costs.length))].toFixed(0);
console.log(
  `${cpus()[0].model}, node ${process.versions.node}; 784-256-10, batch 512, ${workers} workers, ${STEPS} steps`,
);
console.log(
  `a killed worker costs ${quantile(0.5)} ms (median of ${runs} runs; ${quantile(0.1)} to ${quantile(0.9)} in four of five)`,
);
console.log(
  `a step takes ${median(steps).toFixed(1)} ms; the promise is one step + 150 ms: ${(median(steps) + 150).toFixed(0)} ms`,
);
console.log(`${hashes.size === 1 ? 'same hash' : 'DIFFERENT HASHES'} in all ${runs + 1} runs`);
process.exitCode = hashes.size === 1 ? 0 : 1;
