// The faults of a config and the sizes of its run → what goes wrong where, everything drawn that is not said. Coordinator; pure.

import { FAULT_MOMENTS, WORKER_FAULT_KINDS, type WorkerFaultConfig } from './faults.schema.ts';
import type { Fault, FaultKind, FaultMoment, FaultPhase } from './faults.ts';

/** What is drawn lies within these. */
export interface FaultBounds {
  workers: number;
  steps: number;
  hasNorm: boolean;
}

/** The heap of a thread, in MiB, where one shall run out of it: Node's own limit takes seconds and gigabytes to reach. */
const SMALL_HEAP_MB = 48;

/** A fault for each that is asked for. */
export function planFaults(faults: readonly WorkerFaultConfig[], bounds: FaultBounds): Fault[] {
  return faults.flatMap((fault) => {
    const random = drawer(fault.seed);
    return Array.from({ length: fault.count }, () => drawFault(fault, bounds, random));
  });
}

/** The limit that lets a run meet its faults, for `createPool`. */
export function heapMbFor(faults: readonly Fault[]): number | undefined {
  return faults.some(({ kind }) => kind === 'outOfMemory') ? SMALL_HEAP_MB : undefined;
}

function drawFault(fault: WorkerFaultConfig, bounds: FaultBounds, random: (below: number) => number): Fault {
  const pick = <T>(choices: readonly T[]): T => choices[random(choices.length)];
  // Every draw is made, said or not: what is said of one key does not change what is drawn for the others.
  const kind = pick(WORKER_FAULT_KINDS.filter((name) => name !== 'slow'));
  const worker = random(bounds.workers);
  const step = random(bounds.steps);
  const phase = pick<FaultPhase>(
    bounds.hasNorm ? ['shards', 'norm', 'update', 'gate'] : ['shards', 'shards', 'update', 'gate'],
  );
  const moment = pick<FaultMoment>(FAULT_MOMENTS);
  const index = fault.shard ?? fault.range;
  const saidPhase =
    fault.phase ?? (fault.shard !== undefined ? 'shards' : fault.range !== undefined ? 'update' : phase);
  return {
    kind: fault.kind === 'any' ? kind : (fault.kind satisfies FaultKind),
    ...(fault.worker !== 'any' && { seat: fault.worker ?? worker }),
    step: fault.step ?? step,
    phase: saidPhase,
    ...(index !== undefined && { index }),
    moment: fault.kind === 'slow' ? 'begin' : possibleMoment(saidPhase, fault.moment ?? moment),
    ms: fault.ms,
  };
}

/** Only shards have a middle, where the worker looks at the control word; a start and a gate have one moment. */
function possibleMoment(phase: FaultPhase, moment: FaultMoment): FaultMoment {
  if (phase === 'shards') return moment;
  return phase === 'boot' || phase === 'gate' || moment === 'middle' ? 'begin' : moment;
}

/** mulberry32 (Tommy Ettinger, 2017): a test facility's draws decide no bit. */
function drawer(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
