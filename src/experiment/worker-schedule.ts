// A config's `workersAt` → how many workers compute from which step on. Coordinator; pure.

type WorkersAt = Readonly<Record<string, number>> | undefined;

/** The count of the last entry at or before `step`; undefined before the first. */
export function scheduledWorkers(workersAt: WorkersAt, step: number): number | undefined {
  const steps = stepsOf(workersAt).filter((at) => at <= step);
  return steps.length === 0 ? undefined : workersAt![String(Math.max(...steps))];
}

/** The step of the next entry after `step`, Infinity where there is none. */
export function nextScheduledStep(workersAt: WorkersAt, step: number): number {
  return Math.min(...stepsOf(workersAt).filter((at) => at > step));
}

function stepsOf(workersAt: WorkersAt): number[] {
  return Object.keys(workersAt ?? {}).map(Number);
}
