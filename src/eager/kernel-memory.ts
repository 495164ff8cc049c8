// The memory and the kernels that eager tensors are computed with: made at the first need, grown as needed. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import type { KernelSet } from '../kernels/kernel-set.ts';
import { compileKernels, instantiateKernels } from '../kernels/wasm.ts';

const PAGE_BYTES = 65536;
const MOST_PAGES = 65536;

/** Below lie the kernels' constants. */
export const FIRST_ADDRESS = PAGE_BYTES;

/** A memory whose contents last for one run. */
export interface KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly kernels: KernelSet;
}

let current: KernelMemory | undefined;

/** The memory and its kernels: the portable build, so that numbers are the same on every machine. */
export function kernelMemory(): KernelMemory {
  current ??= createKernelMemory();
  return current;
}

/**
 * Makes the memory at least so large.
 * @throws ModelError where it would exceed what WebAssembly can address.
 */
export function growTo(bytes: number): WebAssembly.Memory {
  const { memory } = kernelMemory();
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return memory;
  if (bytes > MOST_PAGES * PAGE_BYTES) {
    throw new ModelError(
      `tensor: expected at most 4 GiB for one computation, got ${bytes} bytes; compute in smaller parts`,
    );
  }
  memory.grow(Math.ceil(missing / PAGE_BYTES));
  return memory;
}

function createKernelMemory(): KernelMemory {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MOST_PAGES, shared: true });
  return { memory, kernels: instantiateKernels(compileKernels('simd'), memory, 'simd') };
}
