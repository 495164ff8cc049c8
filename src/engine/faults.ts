// Faults that a test asks for, at a chosen place in a worker's work: the ways in which a thread fails or is slow. Worker.
import { bump, currentWord32, raiseBit } from './atomics.ts';
import type { FAULT_MOMENTS, FAULT_PHASES, WORKER_FAULT_KINDS } from './faults.schema.ts';
import { SEAT_CELLS } from './memory-map.ts';
import { PHASE, type Words } from './protocol-words.ts';
import type { SharedViews } from './shared-views.ts';

export type FaultKind = (typeof WORKER_FAULT_KINDS)[number];
export type FaultPhase = (typeof FAULT_PHASES)[number];
export type FaultMoment = (typeof FAULT_MOMENTS)[number];

/**
 * What goes wrong, and where: at the first chance at or after `step`, once a run; `slow` from there on.
 */
export interface Fault {
  kind: FaultKind;
  /** Undefined: whoever comes there first. */
  seat?: number;
  step: number;
  /** The phase `shards` where nothing is said. */
  phase?: FaultPhase;
  /** The shard, range or chunk; any where nothing is said. */
  index?: number;
  /** `begin` where nothing is said. */
  moment?: FaultMoment;
  /** How much longer each shard takes, for `slow`. */
  ms?: number;
}

const PHASE_OF: Record<number, FaultPhase> = {
  [PHASE.shards]: 'shards',
  [PHASE.norm]: 'norm',
  [PHASE.update]: 'update',
  [PHASE.validate]: 'validate',
  [PHASE.test]: 'test',
  [PHASE.testBest]: 'test',
};

/** The fault's name for a phase of the control word. */
export const faultPhase = (phase: number): FaultPhase => PHASE_OF[phase];

/** Lets the faults of one worker happen. With none of them it costs a comparison. */
export class FaultInjector {
  readonly isEmpty: boolean;
  readonly #faults: readonly Fault[];
  readonly #seat: number;
  readonly #views: SharedViews;
  readonly #words: Words;

  constructor(faults: readonly Fault[], seat: number, views: SharedViews, words: Words) {
    this.#faults = faults;
    this.isEmpty = faults.every((fault) => fault.seat !== undefined && fault.seat !== seat);
    this.#seat = seat;
    this.#views = views;
    this.#words = words;
  }

  /** The worker is at this place: what is due happens. */
  reach(phase: FaultPhase, moment: FaultMoment, step: number, index: number): void {
    if (this.isEmpty) return;
    this.#faults.forEach((fault, number) => {
      if (fault.seat !== undefined && fault.seat !== this.#seat) return;
      if ((fault.phase ?? 'shards') !== phase || (fault.moment ?? 'begin') !== moment) return;
      if (step < fault.step || (fault.index !== undefined && fault.index !== index)) return;
      if (fault.kind === 'slow') spend(fault.ms ?? 1);
      else if (this.#isFirst(number)) this.#happen(fault.kind);
    });
  }

  /** Each fault has a bit that outlives the thread: the worker that takes the seat over does not meet it again. */
  #isFirst(number: number): boolean {
    return raiseBit(this.#views.words32, this.#words.faults + (number >> 5), number & 31);
  }

  #happen(kind: Exclude<FaultKind, 'slow'>): void {
    switch (kind) {
      case 'throw':
        throw new Error('a fault was asked for');
      case 'exit':
        process.exit(7);
        return;
      case 'hang':
        for (;;);
      case 'outOfMemory':
        exhaustHeap();
        return;
      case 'trap':
        trap();
        return;
      case 'kill':
        // The coordinator ends the thread; until then it works on: the end may come anywhere.
        this.#views.seatCells(this.#seat)[SEAT_CELLS.killAsked]++;
        bump(this.#views.words32, this.#words.coordBell);
    }
  }
}

/** Marks faults before `step` as having happened: a run that goes on from there does not meet them. */
export function forgetEarlierFaults(faults: readonly Fault[], step: number, words32: Int32Array, words: Words): void {
  faults.forEach((fault, number) => {
    if (fault.step < step) raiseBit(words32, words.faults + (number >> 5), number & 31);
  });
}

/** Whether fault `number` has happened. */
export const hasHappened = (number: number, words32: Int32Array, words: Words): boolean =>
  ((currentWord32(words32, words.faults + (number >> 5)) >> (number & 31)) & 1) === 1;

function spend(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function exhaustHeap(): void {
  const hoard: number[][] = [];
  for (let i = 0; ; i++) hoard.push(new Array(10_000).fill(i + 0.5));
}

/** (module (func (export "f") unreachable)) */
const TRAP = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11],
];

function trap(): void {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(TRAP)), {});
  (instance.exports.f as () => void)();
}
