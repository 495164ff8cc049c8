// Does a step's time grow in line with the batch and with the layers? Resident runs of each size take turns; a straight line through the
// medians, and how far each lies from it. Usage: node bench/growth.mjs [portable|fast]
import { machine, median } from './pairs.mjs';
import { openResidentRun } from './resident-run.mjs';

const ROUNDS = 9;
const STRETCH_MS = 120;
const numerics = process.argv[2] ?? 'portable';
const WIDTH = 256;

const keys = ({ batch, layers }) => ({
  name: 'growth',
  numerics,
  workers: 2,
  shards: 8,
  data: { source: 'synthetic', samples: 4096, features: WIDTH, classes: 10, batchSize: batch },
  model: [...Array.from({ length: layers }, () => ({ dense: WIDTH, activation: 'relu' })), { dense: 10 }],
  loss: 'crossEntropy',
  optimizer: { name: 'adam' },
  steps: 10_000_000,
});

/** Least squares, each point weighted by 1 / y²: what counts is the relative distance. */
function fitLine(points) {
  const sums = points.reduce(
    (all, [x, y]) => {
      const w = 1 / (y * y);
      return [all[0] + w, all[1] + w * x, all[2] + w * x * x, all[3] + w * y, all[4] + w * x * y];
    },
    [0, 0, 0, 0, 0],
  );
  const [w, wx, wxx, wy, wxy] = sums;
  const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  return { slope, start: (wy - slope * wx) / w };
}

async function measure(what, sizes, sizeOf) {
  const runs = [];
  for (const x of sizes) {
    const run = await openResidentRun(keys(sizeOf(x)));
    const first = await run.msPerStep(4);
    runs.push({ x, run, steps: Math.max(2, Math.round(STRETCH_MS / first)), ms: [] });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of round % 2 === 0 ? runs : [...runs].reverse()) one.ms.push(await one.run.msPerStep(one.steps));
  }
  for (const { run } of runs) await run.close();
  const points = runs.map(({ x, ms }) => [x, median(ms)]);
  const { slope, start } = fitLine(points);
  console.log(`\n${what}: ${start.toFixed(3)} ms + ${(1000 * slope).toFixed(2)} µs × ${what}`);
  for (const [i, [x, ms]] of points.entries()) {
    const { ms: figures } = runs[i];
    const spread = `[${Math.min(...figures).toFixed(2)} to ${Math.max(...figures).toFixed(2)}]`;
    console.log(
      `${String(x).padStart(5)}  ${ms.toFixed(3).padStart(8)} ms a step ${spread.padEnd(18)} ÷ line ${(ms / (start + slope * x)).toFixed(2)}`,
    );
  }
}

console.log(`256-…-10 of dense layers 256 wide, Adam, 8 shards, 2 workers, ${numerics}; ${machine()}`);
await measure('samples', [128, 256, 512, 1024, 2048], (batch) => ({ batch, layers: 2 }));
await measure('layers', [1, 2, 4, 8, 16], (layers) => ({ batch: 256, layers }));
