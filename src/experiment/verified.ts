// The runs of verify → whether they came to the same bits, and what they do not prove. Pure; it imports nothing, as every start loads it.

/** What one run of the same steps gave. */
export interface VerifiedRun {
  workers: number;
  steps: number;
  loss: number;
  weightsSha256: string;
  stateSha256: string;
  /** Only where workers were made to fail in the middle of a step: how many were lost and replaced. */
  lostWorkers?: number;
  /** Only where the process that trained was to be killed in the middle of a step. */
  kill?: ProcessKill;
}

/** A run whose process was killed, and that was gone on with. */
export interface ProcessKill {
  /** Of the killed process. */
  workers: number;
  /** The step that the killed process was in, and whose checkpoint was gone on from; undefined where it was over before it could be killed. */
  step: number | undefined;
}

/** What was found. Proven is what was tried, happened and gave the same bits. */
export interface Verified {
  isSame: boolean;
  /** What should have happened and did not, a line each. */
  notProven: string[];
  runs: VerifiedRun[];
}

/** Whether all runs are the same as the first, and what they do not prove. Pure. */
export function judge(runs: readonly VerifiedRun[]): Omit<Verified, 'runs'> {
  const [first] = runs;
  const notProven: string[] = [];
  for (const { lostWorkers, kill } of runs) {
    if (lostWorkers === 0) notProven.push('lost workers: expected one at least, got none');
    if (kill !== undefined && kill.step === undefined)
      notProven.push(
        'a killed process: expected it to be killed in the middle of a step, got one that was over before',
      );
  }
  return { isSame: runs.every((run) => isSameAs(run, first)), notProven };
}

/** The same weights, the same state, as many steps. */
export function isSameAs(run: VerifiedRun, first: VerifiedRun): boolean {
  return (
    run.weightsSha256 === first.weightsSha256 && run.stateSha256 === first.stateSha256 && run.steps === first.steps
  );
}
