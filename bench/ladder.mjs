// What does each step from three plain loops to the gemm of lockstep bring? GFLOP/s of one core, rungs in turns, medians with their spread.
// node bench/ladder.mjs [size ...]; sizes are multiples of 8 up to 512.
import { buildRungs } from './ladder/rungs.mjs';
import { machine, median } from './pairs.mjs';

const ROUNDS = 9;
const ROUND_MS = 60;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [64, 256, 512];
const wrong = sizes.find((size) => !Number.isInteger(size) || size < 8 || size > 512 || size % 8 !== 0);
if (wrong !== undefined) {
  console.error(`error: expected sizes that are multiples of 8 up to 512, got ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}

const MIB = 2 ** 20;
const memory = new WebAssembly.Memory({ initial: 128, maximum: 128, shared: true });
const [a, b, c, scratch] = [1 * MIB, 2 * MIB, 3 * MIB, 4 * MIB];
new Float32Array(memory.buffer, a, (2 * MIB) / 4).forEach((_, i, all) => {
  all[i] = ((i * 2654435761) % 1024) / 1024 - 0.5;
});
const rungs = buildRungs(memory, scratch);

/** GFLOP/s over about ROUND_MS. */
function time({ multiply }, size) {
  const start = performance.now();
  let calls = 0;
  do {
    multiply(size, size, size, a, b, c);
    calls++;
  } while (performance.now() - start < ROUND_MS);
  return (2 * size ** 3 * calls) / (performance.now() - start) / 1e6;
}

console.log(`GFLOP/s of one core, median [lowest to highest] of ${ROUNDS} rounds in turns; ${machine()}`);
for (const size of sizes) {
  for (const rung of rungs) time(rung, size); // the first calls run in a slower tier
  const figures = rungs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of rungs.keys()) {
      const at = round % 2 === 0 ? i : rungs.length - 1 - i;
      figures[at].push(time(rungs[at], size));
    }
  }
  console.log(`\n${size}³`);
  for (const [i, { name }] of rungs.entries()) {
    const [low, high] = [Math.min(...figures[i]), Math.max(...figures[i])];
    console.log(`${median(figures[i]).toFixed(2).padStart(8)}  [${low.toFixed(2)} to ${high.toFixed(2)}]  ${name}`);
  }
}
