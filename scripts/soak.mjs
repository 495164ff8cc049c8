// `node scripts/soak.mjs [--minutes 30] [--workers 2] [--every 5]`: training at full load with a fault every few seconds → the same hashes,
// resident size and open files over time. Exit 1 where a hash differs, or where size or files grow. Needs `npm run build`.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig, train } from '../dist/src/index.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    workers: { type: 'string', default: '2' },
    every: { type: 'string', default: '5' },
  },
});
const minutes = Number(values.minutes);
const workers = Number(values.workers);
const everySeconds = Number(values.every);
const KINDS = ['throw', 'exit', 'hang', 'outOfMemory', 'trap', 'kill'];
/** Growth of the resident size that is still called flat: from the median of the second tenth to that of the last. */
const MOST_GROWTH = 0.05;

const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-soak-'));
const config = (keys) =>
  parseConfig({
    name: 'soak',
    data: { source: 'digits', batchSize: 256, validation: 0.1, test: 0.1 },
    model: [
      { conv: 16, padding: 'same', bias: false },
      { batchNorm: true },
      { activation: 'relu' },
      { flatten: true },
      { dropout: 0.2 },
      { dense: 10 },
    ],
    loss: 'crossEntropy',
    optimizer: { name: 'adam', lr: 0.001 },
    workers,
    numerics: 'portable',
    ...keys,
  });

const openFiles = () => readdirSync('/proc/self/fd').length;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** One run of `epochs`; its faults lie `everySeconds` apart where it runs as fast as it was measured to. */
async function run(epochs, faults) {
  let lost = 0;
  const { summary } = await train(config({ epochs, recovery: { maxRestarts: 1_000_000 } }), {
    runsDir,
    faults,
    onEvent: ({ type }) => {
      if (type === 'recovery') lost++;
    },
  });
  rmSync(join(runsDir, 'soak'), { recursive: true });
  return { summary, lost };
}

// A round of about 30 s: one undisturbed run gives its hash, then the same run again and again with faults in it.
const trial = await run(20, []);
const stepMs = trial.summary.stepMs.median;
const stepsAnEpoch = trial.summary.steps / 20;
const roundSeconds = Math.max(2 * everySeconds, Math.min(30, minutes * 12));
const epochs = Math.ceil((roundSeconds * 1000) / stepMs / stepsAnEpoch);
const undisturbed = await run(epochs, []);
const expected = undisturbed.summary.stateSha256;
const steps = undisturbed.summary.steps;
console.log(`rounds of ${steps} steps, about ${roundSeconds} s; ${workers} workers; hash ${expected.slice(0, 12)}`);

const startedMs = performance.now();
const looks = [];
const timer = setInterval(() => looks.push({ rss: process.memoryUsage.rss(), files: openFiles() }), 2000);
let lost = 0;
let different = 0;
let rounds = 0;
while (performance.now() - startedMs < minutes * 60_000) {
  const count = Math.floor(roundSeconds / everySeconds);
  const faults = Array.from({ length: count }, (_, i) => ({
    kind: KINDS[(rounds * count + i) % KINDS.length],
    seat: (rounds + i) % workers,
    step: Math.floor(((i + 0.5) * steps) / count),
    phase: i % 3 === 2 ? 'update' : 'shards',
    moment: i % 2 === 0 ? 'begin' : 'end',
  }));
  const { summary, lost: lostNow } = await run(epochs, faults);
  rounds++;
  lost += lostNow;
  if (summary.stateSha256 !== expected) different++;
  const { rss } = process.memoryUsage();
  const line = `round ${rounds}: ${lostNow} workers lost, ${summary.stateSha256.slice(0, 12)}`;
  console.log(`${line}, ${(rss / 2 ** 20).toFixed(0)} MiB resident, ${openFiles()} files open`);
}
clearInterval(timer);
rmSync(runsDir, { recursive: true, force: true });

const tenth = Math.max(1, Math.floor(looks.length / 10));
const early = looks.slice(tenth, 3 * tenth);
const late = looks.slice(-2 * tenth);
const growth = median(late.map(({ rss }) => rss)) / median(early.map(({ rss }) => rss)) - 1;
const files = [early, late].map((part) => median(part.map((look) => look.files)));
console.log(
  `${rounds} rounds, ${lost} workers lost, ${different} hashes differ; resident size ${(100 * growth).toFixed(1)} %, files ${files[0]} → ${files[1]}`,
);
if (different > 0 || growth > MOST_GROWTH || files[1] > files[0] + 2) process.exitCode = 1;
