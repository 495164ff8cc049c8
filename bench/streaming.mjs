// Does reading samples while they are trained on cost anything? The same models on the same samples, streamed from files and in memory, in
// turn; what workers waited, what was read, what memory it took. `node bench/streaming.mjs [--size 6GB] [--dir folder] [--pairs 15] [--cold]`.
//
// A set that fits into the page cache is read from there after it was written: `--cold` has the kernel forget the files before every
// measurement (dd's nocache), so that they come from the disk.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createPool } from '../dist/src/engine/pool.js';
import { prepareRun } from '../dist/src/experiment/prepare.js';
import { openSession } from '../dist/src/experiment/session.js';
import { parseConfig } from '../dist/src/index.js';
import { machine } from './pairs.mjs';

const MAIN = fileURLToPath(new URL('../dist/bundle/cli/main.js', import.meta.url));
const FEATURES = 784;
const CLASSES = 10;
const BATCH = 512;
const SAMPLE_BYTES = FEATURES * 4 + 1;
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '6GB' },
    dir: { type: 'string' },
    pairs: { type: 'string', default: '15' },
    cold: { type: 'boolean', default: false },
  },
});
const MODELS = {
  'mlp 784-512-256-10': [{ dense: 512, activation: 'relu' }, { dense: 256, activation: 'relu' }, { dense: 10 }],
  'small 784-32-10': [{ dense: 32, activation: 'relu' }, { dense: 10 }],
};

const own = values.dir === undefined ? mkdtempSync(join(tmpdir(), 'lockstep-streaming-')) : undefined;
const dir = values.dir ?? join(own, 'set');
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const mb = (bytes) => (bytes / 1e6).toFixed(0);

function generate() {
  if (existsSync(dir)) return;
  const { bavail, bsize } = statfsSync(join(dir, '..'));
  const args = [MAIN, 'data', 'generate', dir, '--size', values.size, '--features', `${FEATURES}`, '--noise', '1'];
  console.log(`free disk ${mb(bavail * bsize)} MB`);
  const startedMs = performance.now();
  const text = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  console.log(`${text}, written in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

/** Has the kernel forget what it keeps of the files. */
function forget() {
  spawnSync('sync');
  for (const name of readdirSync(dir)) {
    spawnSync('dd', [`if=${join(dir, name)}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
}

function configOf(model, data) {
  return parseConfig({
    name: 'streaming',
    data: { batchSize: BATCH, ...data },
    shards: 8,
    workers: 2,
    model,
    loss: 'crossEntropy',
    optimizer: { name: 'adam', lr: 0.001 },
    steps: 1_000_000,
  });
}

async function open(model, data) {
  const sums = { ms: 0, waitMs: 0 };
  const run = prepareRun(configOf(model, data), { baseDir: process.cwd() });
  const onStep = ({ stepMs, sampleWaitMs }) => {
    sums.ms += stepMs;
    sums.waitMs += sampleWaitMs;
  };
  const { engine } = openSession(run, { pool: createPool(2), onStep });
  await engine.start();
  return {
    async measure(steps) {
      Object.assign(sums, { ms: 0, waitMs: 0 });
      await engine.runTo(engine.step + steps);
      return { ms: sums.ms / steps, waitUs: (1000 * sums.waitMs) / steps };
    },
    stop: () => engine.stop(),
  };
}

const STREAMED = { source: 'shards', dir, classes: CLASSES };
const IN_MEMORY = { source: 'synthetic', samples: 65_536, features: FEATURES, classes: CLASSES, noise: 1 };

async function compare(name, model) {
  const [streamed, inMemory] = [await open(model, STREAMED), await open(model, IN_MEMORY)];
  // As many steps as windows are ahead would show nothing: several times that.
  const steps = name.startsWith('mlp') ? 150 : 600;
  const pairs = [];
  for (let pair = -1; pair < Number(values.pairs); pair++) {
    if (values.cold) forget();
    const streamedFirst = pair % 2 === 0;
    const first = await (streamedFirst ? streamed : inMemory).measure(steps);
    const second = await (streamedFirst ? inMemory : streamed).measure(steps);
    // The first pair warms up.
    if (pair >= 0) pairs.push(streamedFirst ? [first, second] : [second, first]);
  }
  await streamed.stop();
  await inMemory.stop();
  const ratios = pairs.map(([s, m]) => m.ms / s.ms);
  const stepMs = median(pairs.map(([s]) => s.ms));
  const figures = [
    `${name}: streamed ${stepMs.toFixed(2)} ms a step, in memory ${median(pairs.map(([, m]) => m.ms)).toFixed(2)}`,
    `throughput ${median(ratios).toFixed(3)} of that in memory (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}, ${pairs.length} pairs)`,
    `waited ${median(pairs.map(([s]) => s.waitUs)).toFixed(0)} µs a step`,
    `${((BATCH * SAMPLE_BYTES) / stepMs / 1000).toFixed(0)} MB/s read`,
  ];
  console.log(figures.join(', '));
}

/** A run of its own over a part of the set: planned memory against the peak that the operating system saw. */
function resident() {
  const config = join(own ?? tmpdir(), 'streaming.json');
  const keys = configOf(MODELS['mlp 784-512-256-10'], STREAMED);
  writeFileSync(config, JSON.stringify({ ...keys, steps: 1500, epochs: undefined }));
  const runs = mkdtempSync(join(tmpdir(), 'lockstep-streaming-runs-'));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [MAIN, 'train', config, '--json', '--runs-dir', runs],
    {
      encoding: 'utf8',
      maxBuffer: 1e9,
    },
  );
  rmSync(runs, { recursive: true });
  rmSync(config);
  if (status !== 0) throw new Error(stderr);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { memory } = lines[0];
  const { summary } = lines.at(-1);
  const planned = memory.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  const samples = memory.find(({ region }) => region === 'samples').residentBytes;
  console.log(
    `a run of ${summary.steps} steps: peak ${mb(summary.peakRssBytes)} MB resident, ${mb(planned)} planned, of which ${mb(samples)} for samples; ` +
      `${(summary.samplesPerSecond).toFixed(0)} samples/s, waited ${summary.sampleWait.usPerStep.toFixed(0)} µs a step (${(100 * summary.sampleWait.share).toFixed(2)} %)`,
  );
}

console.log(
  `${values.cold ? 'cold files' : 'page cache as it is'}, batch ${BATCH} of ${FEATURES} float32, 2 workers; ${machine()}`,
);
generate();
resident();
for (const [name, model] of Object.entries(MODELS)) await compare(name, model);
if (own !== undefined) rmSync(own, { recursive: true });
