// Faults that a test asks for, at a chosen place in a worker's work: the ways in which a thread fails or is slow. Worker.

/** What goes wrong, and in which worker, from which step on. */
export interface Fault {
  seat: number;
  step: number;
  kind: 'throw' | 'exit' | 'slow';
  /** How much longer each shard takes, for `slow`. */
  ms?: number;
}

/** Lets the faults of `seat` happen that are due at `step`; called before each shard. */
export function injectFaults(faults: readonly Fault[], seat: number, step: number): void {
  for (const fault of faults) {
    if (fault.seat !== seat || step < fault.step) continue;
    if (fault.kind === 'throw') throw new Error('a fault was asked for');
    if (fault.kind === 'exit') process.exit(7);
    const end = performance.now() + (fault.ms ?? 1);
    while (performance.now() < end);
  }
}
