// A config → a run that stays in memory between measurements: its threads park, so that two can be timed in turn.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { createPool } from '../dist/src/engine/pool.js';
import { prepareRun } from '../dist/src/experiment/prepare.js';
import { openSession } from '../dist/src/experiment/session.js';
import { parseConfig } from '../dist/src/index.js';

/** Opens a run; `msPerStep(steps)` trains on and gives the mean, by the workers' own clocks. */
export async function openResidentRun(keys) {
  const config = parseConfig(keys);
  const pool = createPool(config.workers);
  let ms = 0;
  const phases = new Float64Array(8);
  const onStep = (record) => {
    ms += record.stepMs;
    for (let i = 0; i < phases.length; i++) phases[i] += record.phaseMs[i];
  };
  const run = prepareRun(config, { baseDir: process.cwd() });
  const { engine } = openSession(run, { pool, onStep });
  await engine.start();
  return {
    run,
    engine,
    async msPerStep(steps) {
      ms = 0;
      phases.fill(0);
      await engine.runTo(engine.step + steps);
      return ms / steps;
    },
    phases: (steps) => [...phases].map((sum) => sum / steps),
    close: () => engine.stop(),
  };
}

/** The workload `mlp`: 784-512-256-10, global batch 512, Adam, on MNIST. */
export const mlp = (keys) => ({
  name: 'bench',
  data: { source: 'mnist', batchSize: 512 },
  shards: 8,
  numerics: 'portable',
  model: [{ dense: 512, activation: 'relu' }, { dense: 256, activation: 'relu' }, { dense: 10 }],
  loss: 'crossEntropy',
  epochs: 10_000,
  ...keys,
});

/** A workload of bench/workloads as it stands, endless, with `keys` in place of its own. */
export function workload(name, keys) {
  const file = fileURLToPath(new URL(`./workloads/${name}.yaml`, import.meta.url));
  return { ...parse(readFileSync(file, 'utf8')), steps: 10_000_000, ...keys };
}
