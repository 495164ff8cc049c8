// Whatever a command threw → what stderr says of it and the exit code. Pure; only here errors become text.

/** How a command ends that did not do what it was asked for. */
export interface Failure {
  text: string;
  exitCode: number;
}

/** 0 is for a command that did all it was asked for. */
export const EXIT = { failed: 1, usage: 2 } as const;

/**
 * Errors with an `exitCode` were made for people: a line each, the stack only where `isVerbose`. Any other is a fault in lockstep and is
 * shown whole.
 */
export function describeFailure(error: unknown, isVerbose: boolean): Failure {
  const exitCode = exitCodeOf(error);
  if (exitCode === null) {
    const text = `error: this is a fault in lockstep; please report it with the lines below\n${stackOf(error)}`;
    return { text, exitCode: EXIT.failed };
  }
  const lines = linesOf(error as Error).map((line) => `error: ${line}`);
  if (isVerbose) lines.push(stackOf(error));
  return { text: lines.join('\n'), exitCode };
}

function exitCodeOf(error: unknown): number | null {
  const isForPeople = error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number';
  return isForPeople ? (error.exitCode as number) : null;
}

/** A config's error holds all its issues, a line each. */
function linesOf(error: Error): string[] {
  const issues = 'issues' in error && Array.isArray(error.issues) ? error.issues.map(String) : [];
  return issues.length > 0 ? issues : [error.message];
}

/** The stacks of an error and of what caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}
