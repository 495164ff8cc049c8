// What do checkpoints cost a run? How long each copy held the generation, against 1 ms + bytes ÷ 4 GB/s; and how much longer the steps
// took that ran while it was copied, hashed and written, from the run's own timers: at one every 10 s that is the share of throughput.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, train } from '../dist/src/index.js';
import { machine, median } from './pairs.mjs';

/** One a second, so that there are enough of them. */
const EVERY_SECONDS = 1;
const SECONDS = Number(process.argv[2] ?? 25);
const BYTES_PER_MS = 4e6;

const digits = (model) => ({
  data: { source: 'digits', batchSize: 256 },
  numerics: 'portable',
  workers: 2,
  model,
  loss: 'crossEntropy',
  steps: 1_000_000,
  logging: { everySteps: 1 },
  checkpoint: { everySeconds: EVERY_SECONDS, keep: 1 },
});
const WORKLOADS = {
  '64-32-10': digits([{ dense: 32, activation: 'relu' }, { dense: 10 }]),
  '64-1024-512-10': digits([{ dense: 1024, activation: 'relu' }, { dense: 512, activation: 'relu' }, { dense: 10 }]),
  '64-2048-2048-10': digits([{ dense: 2048, activation: 'relu' }, { dense: 2048, activation: 'relu' }, { dense: 10 }]),
};

/** The ends and durations of all steps, and the checkpoints; for `SECONDS` seconds. */
async function watch(config) {
  const steps = [];
  const checkpoints = [];
  const stop = new AbortController();
  const end = performance.now() + SECONDS * 1000;
  const onEvent = (event) => {
    const atMs = performance.now();
    if (event.type === 'step') steps.push({ atMs, ms: event.stepMs });
    if (event.type === 'checkpoint') checkpoints.push({ atMs, ...event });
    if (atMs > end) stop.abort();
  };
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  await train(parseConfig(config), { runsDir, onEvent, signal: stop.signal });
  rmSync(runsDir, { recursive: true });
  // The first while workers warm up, the last while nobody trains.
  return { steps, checkpoints: checkpoints.slice(1, -1) };
}

/** Ms that the steps around a checkpoint took beyond the median of those in the half second before it. */
function excessMs(steps, { atMs, writeMs, heldMs }) {
  const begin = atMs - writeMs - heldMs - 25;
  const calm = steps.filter((step) => step.atMs > begin - 500 && step.atMs <= begin).map(({ ms }) => ms);
  const during = steps.filter((step) => step.atMs > begin && step.atMs <= atMs + 25);
  const usual = median(calm.length > 0 ? calm : steps.map(({ ms }) => ms));
  return during.reduce((sum, { ms }) => sum + ms - usual, 0);
}

console.log(`checkpoints while 2 workers train, ${SECONDS} s each; ${machine()}`);
for (const [name, config] of Object.entries(WORKLOADS)) {
  const { steps, checkpoints } = await watch(config);
  const bytes = checkpoints[0].bytes;
  const held = checkpoints.map(({ heldMs }) => heldMs).sort((a, b) => a - b);
  const bound = 1 + bytes / BYTES_PER_MS;
  const within = held.filter((ms) => ms <= bound).length;
  const excess = median(checkpoints.map((checkpoint) => excessMs(steps, checkpoint)));
  console.log(
    [
      `${name}: ${(bytes / 1e6).toFixed(2)} MB, ${checkpoints.length} checkpoints, step ${median(steps.map(({ ms }) => ms)).toFixed(2)} ms`,
      `  held     median ${median(held).toFixed(2)} ms, longest ${held.at(-1).toFixed(2)}; ${within} of ${held.length} within 1 ms + bytes ÷ 4 GB/s = ${bound.toFixed(2)} ms`,
      `  written  in ${median(checkpoints.map(({ writeMs }) => writeMs)).toFixed(1)} ms`,
      `  cost     ${excess.toFixed(2)} ms of steps a checkpoint: with one every 10 s ${(1 - excess / 10_000).toFixed(4)} of the throughput without (wanted ≥ 0.99)`,
    ].join('\n'),
  );
}
