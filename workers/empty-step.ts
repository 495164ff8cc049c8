// The entry of a thread that takes part in steps in which nothing is computed: `lockstep bench step` measures the protocol with it.
import { workerData } from 'node:worker_threads';
import { perform } from '../src/engine/atomics.ts';
import type { EmptyStepJob } from '../src/engine/job.ts';
import { COMMIT, OP, PHASE } from '../src/engine/protocol-words.ts';
import { createWorker, workerNext } from '../src/engine/worker-machine.ts';

const { words, memory64, memory32, seat, spinTurns } = workerData as EmptyStepJob;
const control = { words64: new BigInt64Array(memory64), words32: new Int32Array(memory32) };
const worker = createWorker(words, seat, false);
for (let op = workerNext(worker); op !== OP.leave; op = workerNext(worker)) {
  if (op === OP.runShard) worker.result32 = 1;
  else if (op === OP.decide) worker.result32 = nextPhase();
  else if (op !== OP.doRange) perform(op, worker, control, spinTurns);
}

function nextPhase(): number {
  if (worker.phase === PHASE.shards) return words.hasNorm ? PHASE.norm : PHASE.update;
  return worker.phase === PHASE.norm ? PHASE.update : COMMIT;
}
