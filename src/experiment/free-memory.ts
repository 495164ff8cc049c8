// The shared memory of a run that is over → given back at once. Coordinator.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects garbage. Nothing but the collector frees a WebAssembly.Memory, and it does not see how large one is: of eight folds of 160 MiB
 * three lay in memory at once; with this one does.
 */
export function freeMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  if (typeof collect === 'function') collect();
}
