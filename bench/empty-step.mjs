// What does the protocol itself cost? Steps of 8 shards and 16 ranges in which nothing is computed: claims, both phase ends, commit.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { currentWord64, perform } from '../dist/src/engine/atomics.js';
import { coordinatorNext, createCoordinator, isQuiet } from '../dist/src/engine/coordinator-machine.js';
import {
  COMMIT,
  ctlStep,
  initializeWords,
  layOutWords,
  OP,
  PHASE,
  SEAT,
  seatWord,
} from '../dist/src/engine/protocol-words.js';
import { createWorker, workerNext } from '../dist/src/engine/worker-machine.js';
import { machine, median } from './pairs.mjs';

const STEPS = 20_000;
const SPIN_TURNS = 2000;

function work({ words, memory64, memory32, seat }) {
  const control = { words64: new BigInt64Array(memory64), words32: new Int32Array(memory32) };
  const worker = createWorker(words, seat, false);
  for (;;) {
    const op = workerNext(worker);
    if (op === OP.leave) return;
    if (op === OP.runShard) worker.result32 = 1;
    else if (op === OP.decide) worker.result32 = worker.phase === PHASE.shards ? PHASE.update : COMMIT;
    else if (op !== OP.doRange) perform(op, worker, control, SPIN_TURNS);
  }
}

async function measure(workers) {
  const words = layOutWords({ shards: 8, ranges: 16, chunks: 0, seats: workers, hasNorm: false });
  const memory64 = new SharedArrayBuffer(words.count64 * 8);
  const memory32 = new SharedArrayBuffer(words.count32 * 4);
  const control = { words64: new BigInt64Array(memory64), words32: new Int32Array(memory32) };
  initializeWords(words, control.words64, control.words32, 0);
  const coordinator = createCoordinator(words);
  const exits = [];
  for (let seat = 0; seat < workers; seat++) {
    control.words32[seatWord(words, seat)] = SEAT.boot;
    coordinator.live[seat] = 1;
    const thread = new Worker(new URL(import.meta.url), { workerData: { words, memory64, memory32, seat } });
    exits.push(new Promise((resolve) => thread.on('exit', resolve)));
  }
  const look = () => {
    for (let op = coordinatorNext(coordinator); op !== OP.rest; op = coordinatorNext(coordinator)) {
      perform(op, coordinator, control, 0);
    }
  };
  const until = async (isDone) => {
    for (look(); !isDone(); look()) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  coordinator.isHeld = true;
  await until(() => coordinator.parked === workers);
  coordinator.isHeld = false;
  const step = () => ctlStep(currentWord64(control.words64, words.ctl));
  const figures = [];
  for (let repeat = 0; repeat < 9; repeat++) {
    const goal = step() + STEPS;
    const start = performance.now();
    coordinator.goal = BigInt(goal);
    await until(() => step() >= goal && isQuiet(coordinator));
    if (repeat > 0) figures.push(((performance.now() - start) * 1000) / STEPS);
  }
  coordinator.mustStop = true;
  look();
  await Promise.all(exits);
  return figures;
}

if (isMainThread) {
  console.log(`empty step, 8 shards, 16 ranges; ${machine()}`);
  for (const workers of [1, 2]) {
    const figures = await measure(workers);
    const [low, high] = [Math.min(...figures), Math.max(...figures)].map((figure) => figure.toFixed(1));
    console.log(
      `${workers} worker${workers > 1 ? 's' : ''}: ${median(figures).toFixed(1)} µs [${low} to ${high}]  wanted ≤ 25 with 2 workers`,
    );
  }
} else {
  work(workerData);
  parentPort?.close();
}
