// A worker thread's whole life: asks the protocol what to do next and does it, until it is told to leave.
import { instantiateKernels } from '../kernels/wasm.ts';
import { unpackPlan } from '../plan/plan.ts';
import { bump, currentWord32, currentWord64, perform, sleepOn } from './atomics.ts';
import { EvaluationPhase } from './evaluation-phase.ts';
import { FaultInjector, faultPhase } from './faults.ts';
import type { WorkerJob } from './job.ts';
import { Lateness } from './lateness.ts';
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
  const machine = createWorker(job.map.words, job.seat, true);
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

/** A sleeper that waits for a shard to become late looks again after so long at most, and at least. */
const LONGEST_WAIT_MS = 1000;
const SHORTEST_WAIT_MS = 0.1;
/** Between two signs of life of a worker that waits for samples. */
const SAMPLES_WAIT_MS = 50;

function describePlace(seat: number, { step, phase, index }: Worker): string {
  if (step < 0) return `worker ${seat}, at the gate`;
  const unit = phase === PHASE.shards ? 'shard' : phase < PHASE.validate ? 'range' : 'chunk';
  return `worker ${seat}, step ${step}, ${PHASE_NAMES[phase]}${index < 0 ? '' : `, ${unit} ${index}`}`;
}

/** What a worker does at each of the protocol's operations. */
function createWork(job: WorkerJob, views: SharedViews, machine: Worker) {
  const { map, seat, training, memory } = job;
  const { words } = map;
  const plan = unpackPlan(job.plan);
  const kernels = instantiateKernels(job.module, memory, job.build, job.blas);
  const cells = views.seatCells(seat);
  const faults = new FaultInjector(job.faults, seat, views, words);
  const lateness = new Lateness(job, views);
  // Whoever had the seat before may have been lost in the middle of its work.
  cells[SEAT_CELLS.index] = -1;
  faults.reach('boot', 'begin', ctlStep(currentWord64(views.words64, words.ctl)), -1);
  const clock = new PhaseClock(cells);
  const shards = new ShardPhase(plan, kernels, map, views, training, clock, seat);
  const ranges = new RangePhase(plan, kernels, memory, map, views, training, clock, seat);
  const evaluation = new EvaluationPhase(plan, kernels, map, views, training, seat);
  const beat = beatWord(words, seat);
  const seatAt = seatWord(words, seat);
  const ownAt = ownWord(words, seat);
  // What the worker's time is called between two pieces of work: an evaluation is no part of any step.
  let between: number = TIMED.wait;
  const giveSign = (): void => {
    views.words32[beat]++;
  };
  const hasLeftStep = (): boolean => {
    giveSign();
    faults.reach('shards', 'middle', machine.step, machine.index);
    return ctlStep(currentWord64(views.words64, words.ctl)) !== machine.step;
  };

  /** Waits for the samples of the step where they are a stream's; false where the step is over before they come. */
  function awaitSamples(): boolean {
    if (map.stream === null) return true;
    if (currentWord32(views.words32, words.loaderAsleep) === 1) bump(views.words32, words.loaderBell);
    let ready = currentWord32(views.words32, words.samplesReady);
    if (ready > machine.step) return true;
    const sinceMs = clockMs();
    for (; ready <= machine.step; ready = currentWord32(views.words32, words.samplesReady)) {
      if (hasLeftStep()) return false;
      sleepOn(views.words32, words.samplesReady, ready, SAMPLES_WAIT_MS);
    }
    const now = clockMs();
    cells[SEAT_CELLS.sampleWaitMs] += now - sinceMs;
    // The shard begins now: waiting makes no worker slow.
    cells[SEAT_CELLS.beganAt] = now;
    return true;
  }

  function runShard(): void {
    const { step, index } = machine;
    if (!awaitSamples()) {
      machine.result32 = 0;
      return;
    }
    machine.result32 = shards.run(step, index, machine.own, hasLeftStep) ? 1 : 0;
    const ms = clockMs() - cells[SEAT_CELLS.beganAt];
    // Given up because another was first, it took at least so long: else who is always too late would seem to do nothing.
    cells[SEAT_CELLS.shardMs] += ms;
    cells[SEAT_CELLS.shards]++;
    if (machine.result32 === 1) lateness.addShard(ms);
  }

  function doRange(): void {
    if (machine.phase < PHASE.validate) {
      ranges.run(machine.step, machine.phase, machine.index);
      cells[SEAT_CELLS.doneAt] = clockMs();
      return;
    }
    clock.mark(TIMED.evaluate);
    evaluation.run(machine.step, machine.phase, machine.index, giveSign);
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
    giveSign();
    cells[SEAT_CELLS.phase] = machine.phase;
    cells[SEAT_CELLS.step] = machine.step;
    cells[SEAT_CELLS.index] = machine.index;
    cells[SEAT_CELLS.beganAt] = clockMs();
    faults.reach(faultPhase(machine.phase), 'begin', machine.step, machine.index);
  }

  function end(): void {
    faults.reach(faultPhase(machine.phase), 'end', machine.step, machine.index);
    cells[SEAT_CELLS.index] = -1;
    clock.mark(between);
  }

  return {
    perform(op: (typeof OP)[keyof typeof OP]): void {
      switch (op) {
        case OP.runShard:
          begin();
          runShard();
          end();
          return;
        case OP.doRange:
          begin();
          doRange();
          end();
          return;
        case OP.isLate:
          machine.result32 = lateness.ofShard(machine.step, machine.index) <= 0 ? 1 : 0;
          return;
        case OP.decide:
          machine.result32 = decide();
          return;
        case OP.broken:
          throw new Error('expected this claim to be mine still, got another owner; this is a fault in lockstep');
        case OP.store32:
          if (machine.word === seatAt) {
            clock.mark(TIMED.coordinator);
            faults.reach('gate', 'begin', ctlStep(currentWord64(views.words64, words.ctl)), -1);
          }
          break;
        case OP.wait32:
          // Nobody rings when a shard becomes late.
          if (machine.word === words.bell && machine.phase === PHASE.shards && machine.lateIndex >= 0) {
            const inMs = lateness.ofShard(machine.step, machine.lateIndex);
            perform(op, machine, views, 0, Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, inMs)));
            return;
          }
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
