// SIGKILL of the whole process at any instant, and the run gone on with on another number of workers, until it is done: the same hashes
// as without a kill, and whatever a kill leaves can be gone on from. `npm run test:kills` does it 200 times.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCheckpoint, stepOfFile } from '#src/checkpoint/checkpoint.js';
import { type Outcome, outcomeOf, startLockstep } from '../cli/program.ts';

const KILLS = Number(process.env.LOCKSTEP_KILLS ?? 5);
const SEED = Number(process.env.LOCKSTEP_SEED ?? 1);
const STEPS = 480;

const CONFIG = `name: killed
data: { source: synthetic, samples: 300, features: 12, classes: 3, batchSize: 32, validation: 0.1, test: 0.1 }
shards: 4
numerics: portable
model: [ { dense: 16 }, { batchNorm: true }, { activation: relu }, { dropout: 0.2 }, { dense: 3 } ]
loss: crossEntropy
clip: { norm: 1 }
averaging: { ema: 0.99 }
schedule: { name: reduceOnPlateau, patience: 3 }
epochs: 60
checkpoint: { everySteps: 30, everySeconds: 0.05 }
`;

/** Where a kill comes: after some ms, or as soon as the process tells of its start, or of the checkpoint behind its last step. */
type Instant = { afterMs: number } | 'start' | 'end' | 'never';

/** A linear congruential generator (Knuth, MMIX), so that a seed gives the same instants. */
function randomOf(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}

async function runUntil(
  args: string[],
  cwd: string,
  instant: Instant,
): Promise<Outcome & { isKilled: boolean; ms: number }> {
  const startMs = performance.now();
  const child = startLockstep([...args, '--json', '-q'], cwd);
  const timer = typeof instant === 'object' ? setTimeout(() => child.kill('SIGKILL'), instant.afterMs) : undefined;
  const sign = { start: '"type":"start"', end: `"type":"checkpoint","step":${STEPS},` }[instant as string];
  child.stdout.on('data', (text) => sign !== undefined && String(text).includes(sign) && child.kill('SIGKILL'));
  const outcome = await outcomeOf(child);
  clearTimeout(timer);
  return { ...outcome, isKilled: child.signalCode === 'SIGKILL', ms: performance.now() - startMs };
}

/** There is no run folder yet, or its newest checkpoint is whole, and so is every other one. */
function checkLeftOver(folder: string): string {
  if (!existsSync(folder)) return 'no folder';
  const names = readdirSync(join(folder, 'checkpoints')).filter((name) => stepOfFile(name) !== undefined);
  expect(names.length).toBeGreaterThan(0);
  const steps = names.map((name) => loadCheckpoint(join(folder, 'checkpoints', name)).about.step);
  const newest = Math.max(...steps);
  if (newest === 0) return 'step 0';
  return newest === STEPS ? 'last step' : 'between';
}

test(`${KILLS} kills lose nothing (seed ${SEED})`, { timeout: KILLS * 30_000 + 60_000 }, async () => {
  const random = randomOf(SEED);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)];
  const root = mkdtempSync(join(tmpdir(), 'lockstep-kills-'));
  writeFileSync(join(root, 'killed.yaml'), CONFIG);
  const whole = await runUntil(['train', 'killed.yaml', 'workers=2'], root, 'never');
  expect(whole.stderr).toBe('');
  const { stateSha256, weightsSha256, steps } = summaryOf(join(root, 'runs/killed'));
  expect(steps).toBe(STEPS);
  const left: Record<string, number> = {};
  let kills = 0;
  for (let run = 0; kills < KILLS; run++) {
    const cwd = join(root, `run-${run}`);
    const folder = join(cwd, 'runs/killed');
    let workers = pick([1, 2, 3, 4]);
    for (let isDone = false; !isDone; ) {
      const isBegun = existsSync(folder);
      if (!isBegun) mkdirSync(cwd, { recursive: true });
      const args = isBegun ? ['train', '--resume', 'runs/killed'] : ['train', '../killed.yaml'];
      const draw = random();
      const instant: Instant = draw < 0.1 ? 'start' : draw < 0.2 ? 'end' : { afterMs: random() * whole.ms * 1.1 };
      const outcome = await runUntil([...args, `workers=${workers}`], cwd, kills < KILLS ? instant : 'never');
      if (!outcome.isKilled) expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: '' });
      isDone = !outcome.isKilled;
      const place = checkLeftOver(folder);
      if (isDone) continue;
      kills++;
      left[place] = (left[place] ?? 0) + 1;
      workers = pick([1, 2, 3, 4].filter((count) => count !== workers));
    }
    expect(summaryOf(folder)).toMatchObject({ stateSha256, weightsSha256, steps: STEPS });
    // Every step has its row once, and no hidden folder of a killed process is left.
    expect(readdirSync(join(cwd, 'runs')).sort()).toEqual(['killed', 'latest']);
    const rows = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    expect(rows.reduce((sum, row) => sum + JSON.parse(row).steps, 0)).toBe(STEPS);
    expect(readFileSync(join(folder, 'results.csv'), 'utf8').trim().split('\n')).toHaveLength(61);
    rmSync(cwd, { recursive: true });
  }
  console.log(
    `${kills} kills, which left: ${Object.entries(left)
      .map(([place, count]) => `${place} ${count}`)
      .join(', ')}`,
  );
});

function summaryOf(folder: string): { stateSha256: string; weightsSha256: string; steps: number } {
  return JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
}
