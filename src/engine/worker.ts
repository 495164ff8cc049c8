// A worker thread's whole life: asks the protocol what to do next and does it, until it is told to leave.
import { instantiateKernels } from '../kernels/wasm.ts';
import { unpackPlan } from '../plan/plan.ts';
import { currentWord64, perform } from './atomics.ts';
import { EvaluationPhase } from './evaluation-phase.ts';
import { injectFaults } from './faults.ts';
import type { WorkerJob } from './job.ts';
import { SEAT_CELLS, STRETCH_CELLS } from './memory-map.ts';
import { clockMs, PhaseClock, TIMED } from './phase-clock.ts';
import {
  beatWord,
  COMMIT,
  COMMIT_AND_HALT,
  ctlStep,
  OP,
  ownWord,
  PHASE,
  PHASE_NAMES,
  seatWord,
} from './protocol-words.ts';
import { RangePhase } from './range-phase.ts';
import { ShardPhase } from './shard-phase.ts';
import { attachViews, type SharedViews } from './shared-views.ts';
import { createWorker, type Worker, workerNext } from './worker-machine.ts';

/**
 * Works in the seat of the job until the coordinator says STOP: it blocks its thread, in computing or in Atomics.wait.
 * @throws with the place in the work (seat, step, phase, shard or range, kernel call) in front of the cause.
 */
export function runWorker(job: WorkerJob): void {
  const views = attachViews(job.memory, job.map);
  const machine = createWorker(job.map.words, job.seat, false);
  const work = createWork(job, views, machine);
  for (;;) {
    const op = workerNext(machine);
    if (op === OP.leave) return;
    try {
      work.perform(op);
    } catch (cause) {
      throw new Error(`${describePlace(job.seat, machine)}, ${work.current()}: ${(cause as Error).message}`, { cause });
    }
  }
}

function describePlace(seat: number, { step, phase, index }: Worker): string {
  if (step < 0) return `worker ${seat}, at the gate`;
  const unit = phase === PHASE.shards ? 'shard' : phase < PHASE.validate ? 'range' : 'chunk';
  return `worker ${seat}, step ${step}, ${PHASE_NAMES[phase]}, ${unit} ${index}`;
}

/** What a worker does at each of the protocol's operations. */
function createWork(job: WorkerJob, views: SharedViews, machine: Worker) {
  const { map, seat, training, memory } = job;
  const { words } = map;
  const plan = unpackPlan(job.plan);
  const kernels = instantiateKernels(job.module, memory, job.build, job.blas);
  const cells = views.seatCells(seat);
  const clock = new PhaseClock(cells);
  const shards = new ShardPhase(plan, kernels, map, views, training, clock, seat);
  const ranges = new RangePhase(plan, kernels, memory, map, views, training, clock, seat);
  const evaluation = new EvaluationPhase(plan, kernels, map, views, training, seat);
  const beat = beatWord(words, seat);
  const seatAt = seatWord(words, seat);
  const ownAt = ownWord(words, seat);
  // What the worker's time is called between two pieces of work: an evaluation is no part of any step.
  let between: number = TIMED.wait;
  const hasLeftStep = (): boolean => {
    views.words32[beat]++;
    return ctlStep(currentWord64(views.words64, words.ctl)) !== machine.step;
  };

  function runShard(): void {
    injectFaults(job.faults, seat, machine.step);
    machine.result32 = shards.run(machine.step, machine.index, machine.own, hasLeftStep) ? 1 : 0;
  }

  function doRange(): void {
    if (machine.phase < PHASE.validate) {
      ranges.run(machine.step, machine.phase, machine.index);
      cells[SEAT_CELLS.doneAt] = clockMs();
      return;
    }
    clock.mark(TIMED.evaluate);
    evaluation.run(machine.step, machine.phase, machine.index);
  }

  /** The phase after this one, from cells that all workers read alike; a loss, gradient or parameter that is no number stops the run. */
  function decide(): number {
    const { step, phase } = machine;
    if (phase >= PHASE.validate) return PHASE.shards;
    if (phase === PHASE.shards) {
      if (!Number.isFinite(ranges.totals.read(step).lossNumerator)) return PHASE.halt;
      return words.hasNorm ? PHASE.norm : PHASE.update;
    }
    if (phase === PHASE.norm) return ranges.isFinite(step) ? PHASE.update : PHASE.halt;
    if (!ranges.isFinite(step)) return PHASE.halt;
    return ranges.metUntil(step) === undefined ? COMMIT : COMMIT_AND_HALT;
  }

  /** Notes what the coordinator shows of a worker that fails, and that it is alive. */
  function begin(): void {
    views.words32[beat]++;
    cells[SEAT_CELLS.phase] = machine.phase;
    cells[SEAT_CELLS.step] = machine.step;
    cells[SEAT_CELLS.index] = machine.index;
  }

  return {
    perform(op: (typeof OP)[keyof typeof OP]): void {
      switch (op) {
        case OP.runShard:
          begin();
          runShard();
          clock.mark(between);
          return;
        case OP.doRange:
          begin();
          doRange();
          clock.mark(between);
          return;
        case OP.decide:
          machine.result32 = decide();
          return;
        case OP.broken:
          throw new Error('expected this claim to be mine still, got another owner; this is a fault in lockstep');
        case OP.store32:
          if (machine.word === seatAt) clock.mark(TIMED.coordinator);
          break;
        case OP.load32:
          // Let go: its time counts from when the stretch of steps began, or from when it parked if that was later.
          if (machine.word === ownAt) {
            const isEvaluation = views.stretch[STRETCH_CELLS.isEvaluation] === 1;
            between = isEvaluation ? TIMED.evaluate : TIMED.wait;
            clock.skipTo(isEvaluation ? clockMs() : views.stretch[STRETCH_CELLS.startMs]);
            clock.mark(between);
          }
          break;
      }
      perform(op, machine, views, job.spinTurns);
    },
    current: (): string => (machine.phase >= PHASE.validate ? evaluation.current() : shards.current()),
  };
}
