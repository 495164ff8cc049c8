// What do checkpoints cost a run? How long training waited for each copy, against 1 ms + bytes ÷ 4 GB/s; and how much longer the steps
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
    if (event.type === 'step') steps.push({ atMs, step: event.step, ms: event.stepMs });
    if (event.type === 'checkpoint') checkpoints.push({ atMs, ...event });
    if (atMs > end) stop.abort();
  };
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  await train(parseConfig(config), { runsDir, onEvent, signal: stop.signal });
  rmSync(runsDir, { recursive: true });
  // The first while workers warm up, the last while nobody trains.
  return { steps, checkpoints: checkpoints.slice(1, -1) };
}

/** The median of the steps in the half second before a checkpoint was taken. */
function usualMs(steps, begin) {
  const calm = steps.filter((step) => step.atMs > begin - 500 && step.atMs <= begin).map(({ ms }) => ms);
  return median(calm.length > 0 ? calm : steps.map(({ ms }) => ms));
}

const beginOf = ({ atMs, writeMs, heldMs }) => atMs - writeMs - heldMs - 25;

/** Ms that the steps around a checkpoint took beyond the usual. */
function excessMs(steps, checkpoint) {
  const begin = beginOf(checkpoint);
  const during = steps.filter((step) => step.atMs > begin && step.atMs <= checkpoint.atMs + 25);
  const usual = usualMs(steps, begin);
  return during.reduce((sum, { ms }) => sum + ms - usual, 0);
}

/**
 * How long training waited for the copy, at most: only the update of the step after the held one does. It comes a shard phase later at
 * least, 0.7 of a step and more; and a wait makes that step longer.
 */
function heldUpMs(steps, checkpoint) {
  const usual = usualMs(steps, beginOf(checkpoint));
  const waiting = steps.find(({ step }) => step === checkpoint.step + 1);
  const excess = waiting === undefined ? checkpoint.heldMs : waiting.ms - usual;
  return Math.max(0, Math.min(checkpoint.heldMs - 0.7 * usual, excess));
}

console.log(`checkpoints while 2 workers train, ${SECONDS} s each; ${machine()}`);
for (const [name, config] of Object.entries(WORKLOADS)) {
  const { steps, checkpoints } = await watch(config);
  const bytes = checkpoints[0].bytes;
  const sorted = (values) => [...values].sort((one, other) => one - other);
  const held = sorted(checkpoints.map(({ heldMs }) => heldMs));
  const waited = sorted(checkpoints.map((checkpoint) => heldUpMs(steps, checkpoint)));
  const bound = 1 + bytes / BYTES_PER_MS;
  const within = waited.filter((ms) => ms <= bound).length;
  const excess = median(checkpoints.map((checkpoint) => excessMs(steps, checkpoint)));
  console.log(
    [
      `${name}: ${(bytes / 1e6).toFixed(2)} MB, ${checkpoints.length} checkpoints, step ${median(steps.map(({ ms }) => ms)).toFixed(2)} ms`,
      `  held     median ${median(held).toFixed(2)} ms, longest ${held.at(-1).toFixed(2)}`,
      `  held up  median ${median(waited).toFixed(2)} ms, longest ${waited.at(-1).toFixed(2)}; ${within} of ${waited.length} within 1 ms + bytes ÷ 4 GB/s = ${bound.toFixed(2)} ms`,
      `  written  in ${median(checkpoints.map(({ writeMs }) => writeMs)).toFixed(1)} ms`,
      `  cost     ${excess.toFixed(2)} ms of steps a checkpoint: with one every 10 s ${(1 - excess / 10_000).toFixed(4)} of the throughput without (wanted ≥ 0.99)`,
    ].join('\n'),
  );
}
