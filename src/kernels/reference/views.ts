// A shared memory → typed views of it and kernels' signatures for the oracle; any thread.
import type { Kernel, KernelName } from '../kernel-set.ts';

/** The whole memory, element by element. */
export interface Views {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  u32: Uint32Array;
  u8: Uint8Array;
}

/** Some of the kernels by name. */
export type Kernels<Name extends KernelName> = Record<Name, Kernel>;

/** Views of all bytes of `memory`. */
export function viewMemory({ buffer }: WebAssembly.Memory): Views {
  return {
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    u8: new Uint8Array(buffer),
  };
}

/** A kernel without a result, as one that gives 0. */
export function withoutResult(run: (...args: number[]) => void): Kernel {
  return (...args) => {
    run(...args);
    return 0;
  };
}
