// Does a run take the memory that the plan says, and does it grow as planned? Runs of three sizes, each a process of its own: planned
// resident bytes against the peak that the operating system saw, and the growth from one size to the next. Roughly: heaps differ by some MB.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from './pairs.mjs';

const MAIN = fileURLToPath(new URL('../dist/bundle/cli/main.js', import.meta.url));
const CONFIG = fileURLToPath(new URL('./workloads/mlp.yaml', import.meta.url));
const SIZES = [256, 1024, 2048, 3072];
const MIB = 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), 'lockstep-memory-'));
const sum = (rows) => rows.reduce((total, { residentBytes }) => total + residentBytes, 0);

function measure(width) {
  const model = `model=[{dense: ${width}}, {dense: ${width}}, {dense: 10}]`;
  const args = [MAIN, 'train', CONFIG, '--json', '--runs-dir', folder, 'steps=12', 'workers=2', model];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1e9 });
  if (status !== 0) throw new Error(stderr);
  const lines = stdout.trim().split('\n');
  const { memory, parameters } = JSON.parse(lines[0]);
  const { summary } = JSON.parse(lines.at(-1));
  return { width, parameters, planned: sum(memory), peak: summary.peakRssBytes };
}

console.log(`784-w-w-10, batch 512, Adam, 8 shards, 2 workers; ${machine()}`);
let before;
for (const width of SIZES) {
  const figures = measure(width);
  const { parameters, planned, peak } = figures;
  const growth =
    before === undefined
      ? ''
      : `  growth planned ${((planned - before.planned) / MIB).toFixed(0)} MiB, measured ${((peak - before.peak) / MIB).toFixed(0)} MiB: ${((peak - before.peak) / (planned - before.planned)).toFixed(2)}`;
  console.log(
    `w ${String(width).padStart(4)}  ${(parameters / 1e6).toFixed(2).padStart(6)} M parameters  planned ${(planned / MIB).toFixed(0).padStart(4)} MiB  peak ${(peak / MIB).toFixed(0).padStart(4)} MiB${growth}`,
  );
  before = figures;
}
rmSync(folder, { recursive: true, force: true });
