// The error of a run that began well and cannot go on. Coordinator.

/** A worker that failed, a loss that is no number, a step that does not end: the run is over, its last good weights are kept. */
export class RunError extends Error {
  override name = 'RunError';
  readonly exitCode = 1;
}
