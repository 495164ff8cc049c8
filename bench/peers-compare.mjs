// How fast is lockstep beside what a user would pick instead? The workloads of peers/README.md in every peer that is installed and in
// lockstep, one after the other, round by round: never two timings at once. Prints tables of ratios to the best peers and to what the
// machine can do, writes JSON. `PYTHON=/usr/bin/python3,/path/to/another/python` makes each PyTorch a peer of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, median } from './pairs.mjs';
import { alignColumns, bestOf, summarizeWorkload, summaryTable } from './peers-summary.mjs';

const WORKLOADS = ['tiny', 'mlp', 'cnn', 'gpt'];
const PEERS = fileURLToPath(new URL('./peers', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/bundle/cli/main.js', import.meta.url));
/** A peer that is so much slower than the best one in the first round is not asked again: its place is clear, and it costs minutes. */
const HOPELESS = 20;
const MOST_MS = 300_000;

const { values: flags } = parseArgs({
  options: {
    workloads: { type: 'string', default: WORKLOADS.join(',') },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string', default: 'runs/bench-peers.json' },
  },
});
const workloads = flags.workloads.split(',').map((name) => name.trim());
const rounds = Number(flags.rounds);
const unknown = workloads.filter((name) => !WORKLOADS.includes(name));
if (unknown.length > 0) refuse(`--workloads: expected some of ${WORKLOADS.join(',')}, got ${unknown.join(',')}`);
if (!Number.isInteger(rounds) || rounds < 1)
  refuse(`--rounds: expected a whole number of 1 or more, got ${flags.rounds}`);

function refuse(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

/** Runs a program to its end; its standard output, or why there is none. */
function run(command, args, { env = {}, cwd = PEERS } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => (text[name] += chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
    const end = (why) => {
      clearTimeout(timer);
      resolve({ ...text, why });
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) =>
      end(code === 0 ? undefined : signal ? `no end after ${MOST_MS / 1000} s` : `exit ${code}`),
    );
  });
}

/** The figure that a peer prints as a line of JSON. */
function readFigure({ stdout, stderr, why }) {
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line !== undefined) return JSON.parse(line);
  const last = stderr.trim().split('\n').at(-1);
  return { why: last || why || 'no figure' };
}

const pythons = (process.env.PYTHON ?? '/usr/bin/python3').split(',').map((path) => path.trim());

function torch(python, threads) {
  const env = { OMP_NUM_THREADS: String(threads) };
  return async (workload) => readFigure(await run(python, ['torch_peer.py', workload, String(threads)], { env }));
}

/** DistributedDataParallel over gloo: one timing, though two processes. */
function torchDistributed(python) {
  const env = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29577', WORLD_SIZE: '2', OMP_NUM_THREADS: '1' };
  return async (workload) => {
    const start = (rank) => run(python, ['torch_peer.py', workload, '1', 'ddp'], { env: { ...env, RANK: rank } });
    const [first] = await Promise.all([start('0'), start('1')]);
    return readFigure(first);
  };
}

function script(file, isThere) {
  return async (workload) => (isThere(workload) ? readFigure(await run(process.execPath, [file, workload])) : null);
}

/** A whole run of `lockstep train`, whose summary has the samples a second. */
function lockstep(numerics) {
  return async (workload) => {
    const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-peers-'));
    const config = fileURLToPath(new URL(`./workloads/${workload}.yaml`, import.meta.url));
    try {
      const result = await run(process.execPath, [
        MAIN,
        'train',
        config,
        `numerics=${numerics}`,
        '-q',
        '--runs-dir',
        runsDir,
      ]);
      if (result.why !== undefined) return { why: result.stderr.trim().split('\n').at(-1) || result.why };
      const summary = JSON.parse(readFileSync(join(runsDir, `bench-${workload}`, 'summary.json'), 'utf8'));
      return {
        peer: `lockstep ${numerics} (${summary.backend}, ${summary.workers} workers)`,
        workload,
        samplesPerSecond: summary.samplesPerSecond,
      };
    } finally {
      rmSync(runsDir, { recursive: true, force: true });
    }
  };
}

const hasWindows = (workload) => workload !== 'gpt';

async function listRunners() {
  const runners = [];
  for (const python of pythons) {
    const probe = await run(python, ['-c', 'import torch; print(torch.__version__)']);
    if (probe.why === undefined) {
      // The figures' own names have the version too.
      const kind = `PyTorch ${probe.stdout.trim().split('+')[0]}`;
      for (const measure of [torch(python, 1), torch(python, 2), torchDistributed(python)])
        runners.push({ kind, measure });
    } else console.log(`skipped: PyTorch is not installed for ${python} (apt-get install python3-torch, or PYTHON=…)`);
  }
  const packages = { 'tfjs_peer.mjs': '@tensorflow/tfjs', 'jaxjs_peer.mjs': '@jax-js/jax' };
  for (const [file, name] of Object.entries(packages)) {
    if (existsSync(join(PEERS, 'node_modules', name)))
      runners.push({ kind: 'JavaScript', measure: script(file, hasWindows) });
    else console.log(`skipped: ${name} is not installed (bench/peers/run.sh tiny installs it beside itself)`);
  }
  for (const numerics of ['fast', 'portable'])
    runners.push({ kind: `lockstep ${numerics}`, measure: lockstep(numerics) });
  return runners;
}

/** All rounds of one workload; every other round goes backwards, so that nobody always runs on a machine that another has warmed. */
async function measureWorkload(workload, runners) {
  const rows = runners.map(({ kind, measure }) => ({ kind, measure, name: '', figures: [], why: undefined }));
  const best = () => Math.max(0, ...rows.flatMap(({ figures }) => figures));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? rows : [...rows].reverse();
    for (const row of order) {
      const isHopeless = row.figures.length > 0 && row.figures[0] * HOPELESS < best();
      if (row.why !== undefined || isHopeless) continue;
      const figure = await row.measure(workload);
      if (figure === null) row.why = 'has no such workload';
      else if (figure.why !== undefined) row.why = figure.why;
      else {
        row.name = figure.peer;
        row.figures.push(figure.samplesPerSecond);
      }
      process.stderr.write(
        `${workload} round ${round + 1}/${rounds}: ${row.name || row.kind} ${row.why ?? Math.round(row.figures.at(-1))}\n`,
      );
    }
  }
  for (const { kind, name, why } of rows)
    if (why !== undefined && kind !== 'JavaScript') console.log(`skipped: ${workload}, ${name || kind}: ${why}`);
  return rows
    .filter(({ figures }) => figures.length > 0)
    .map(({ kind, name, figures }) => ({
      kind,
      name,
      figures,
      median: median(figures),
      low: Math.min(...figures),
      high: Math.max(...figures),
    }));
}

const count = (value) => Math.round(value).toLocaleString('en-US');
const ratio = (row, against) => (against === undefined ? '–' : (row.median / against.median).toFixed(2));

function printTable(workload, rows) {
  const [pytorch, javascript] = [bestOf(rows, 'PyTorch'), bestOf(rows, 'JavaScript')];
  console.log(`\n${workload}`);
  const lines = rows.map((row) => [
    row.name,
    `${count(row.median)} samples/s`,
    `[${count(row.low)} to ${count(row.high)}]`,
    `${row.figures.length}×`,
    ratio(row, pytorch),
    ratio(row, javascript),
  ]);
  const titles = ['', 'median', 'spread', 'taken', '÷ best PyTorch', '÷ best JavaScript'];
  for (const line of alignColumns(titles, lines)) console.log(line);
}

/** GFLOP/s of one core's own sgemm, of lockstep's products and of the BLAS that `fast` takes; `together`: of all cores at once. */
async function measureLimits() {
  const measure = async () => {
    const { stdout, stderr } = await run(process.execPath, [
      fileURLToPath(new URL('./core-speed.mjs', import.meta.url)),
    ]);
    return stdout.startsWith('{')
      ? JSON.parse(stdout)
      : refuse(`the speed of a core was not measured: ${stderr.trim()}`);
  };
  const alone = await measure();
  const all = await Promise.all(Array.from({ length: alone.cores }, measure));
  const sum = (numerics) => all.reduce((total, speeds) => total + speeds[numerics], 0);
  return { ...alone, together: { fast: sum('fast'), portable: sum('portable') } };
}

/** The limits before and after a workload, whose speed lies between them: the machine changes its speed meanwhile. */
function meanLimits(before, after) {
  const mean = (a, b) => ({ fast: (a.fast + b.fast) / 2, portable: (a.portable + b.portable) / 2 });
  return { ...before, ...mean(before, after), together: mean(before.together, after.together) };
}

function printSummary(summaries) {
  const { titles, lines } = summaryTable(summaries);
  console.log(
    `\nsummary: medians; in brackets what is wanted on 2 cores against PyTorch 1.13; the limit is one core's own sgemm × cores`,
  );
  for (const line of alignColumns(titles, lines)) console.log(line);
}

if (!existsSync(MAIN)) refuse('expected dist/ to be built, got none; run npm run build');
console.log(`peers against lockstep, ${rounds} rounds in turns; ${machine()}, ${process.platform} ${release()}`);
const runners = await listRunners();
const report = {
  machine: machine(),
  platform: `${process.platform} ${release()}`,
  node: process.versions.node,
  rounds,
  workloads: {},
};
for (const workload of workloads) {
  const before = await measureLimits();
  const rows = await measureWorkload(workload, runners);
  const limits = meanLimits(before, await measureLimits());
  printTable(workload, rows);
  const { cores, fast, portable, blas, together } = limits;
  const lineOf = (name, one, all) =>
    `${cores} × ${one.toFixed(1)} GFLOP/s (${name}), ${all.toFixed(1)} from all cores at once`;
  console.log(
    `limit: ${lineOf(blas ?? 'no BLAS', fast, together.fast)}; ${lineOf('wasm-simd', portable, together.portable)}; sgemm 512³, before and after`,
  );
  const summary = summarizeWorkload(workload, rows, limits);
  report.workloads[workload] = {
    rows,
    limits,
    summary,
    bestPyTorch: bestOf(rows, 'PyTorch')?.name ?? null,
    bestJavaScript: bestOf(rows, 'JavaScript')?.name ?? null,
  };
}
printSummary(Object.fromEntries(workloads.map((workload) => [workload, report.workloads[workload].summary])));
mkdirSync(dirname(flags.json), { recursive: true });
writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\nwritten: ${flags.json}`);
