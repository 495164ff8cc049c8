// Whether results remember how they were made: the switch behind noGrad. The caller's thread; each thread has a switch of its own.
import { ModelError } from '../graph/model-error.ts';

let isRecording = true;

/** Whether results of tensors that require gradients require them too. */
export function isRecordingGradients(): boolean {
  return isRecording;
}

/**
 * Runs `compute` and gives what it gives; no result that is made in it requires gradients. Around every change of a weight:
 * `noGrad(() => w.assign(w.sub(w.grad.mul(0.1))))`.
 * @throws ModelError where `compute` gives a promise: it would go on after noGrad has ended.
 */
export function noGrad<T>(compute: () => T): T {
  const result = withRecording(false, compute);
  if (!(result instanceof Promise)) return result;
  // What becomes of it is nobody's any more: it must not end the process.
  result.catch(() => {});
  throw new ModelError(
    'noGrad: expected a function that is done when it returns, got a promise; await outside of noGrad',
  );
}

/** Runs `compute` with the switch set so, whatever it is outside. */
export function withRecording<T>(wanted: boolean, compute: () => T): T {
  const before = isRecording;
  isRecording = wanted;
  try {
    return compute();
  } finally {
    isRecording = before;
  }
}
