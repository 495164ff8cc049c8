// All backends that this engine has, each over a memory of its own, and arrays in it at chosen places.
import type { Kernel, KernelName } from '#src/kernels/kernel-set.js';
import { referenceKernels } from '#src/kernels/reference.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable, type WasmBuild } from '#src/kernels/wasm.js';

const PAGES = 64;
const FIRST_BYTE = 65_536;
const GUARD = 0x7fc12345;

/** A backend's kernels, and arrays that they may work on. */
export interface Bench {
  name: 'reference' | WasmBuild;
  kernels: Readonly<Record<KernelName, Kernel>>;
  /** A copy of `values` in the memory, at a 4-byte boundary that is no 16-byte one, guard words around it. */
  place<T extends Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array>(values: T): T;
  /** Throws where a guard word was changed. */
  checkGuards(): void;
}

export const BACKENDS: Bench['name'][] = [
  'reference',
  'simd',
  ...(isRelaxedSimdAvailable() ? (['relaxed'] as const) : []),
];

/** A fresh memory with one backend's kernels. */
export function openBackend(name: Bench['name']): Bench {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const words = new Uint32Array(memory.buffer);
  const { kernels } =
    name === 'reference' ? referenceKernels(memory) : instantiateKernels(compileKernels(name), memory, name);
  const taken: [number, number][] = [];
  let at = FIRST_BYTE;
  words.fill(GUARD, FIRST_BYTE / 4);
  return {
    name,
    kernels,
    place<T extends Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array>(values: T): T {
      // Two guard words at least; f64 cells need 8 bytes, everything else only 4.
      at = Math.ceil((at + 8) / 8) * 8 + (values instanceof Float64Array ? 0 : 4);
      const Type = values.constructor as new (buffer: SharedArrayBuffer, byteOffset: number, length: number) => T;
      const array = new Type(memory.buffer, at, values.length);
      array.set(values as never);
      const end = at + Math.ceil(values.byteLength / 4) * 4;
      taken.push([at, end]);
      at = end;
      return array;
    },
    checkGuards() {
      let word = FIRST_BYTE / 4;
      for (const [from, to] of [...taken, [memory.buffer.byteLength, 0]]) {
        for (; word < from / 4; word++) {
          if (words[word] !== GUARD) throw new Error(`a kernel wrote to byte ${word * 4}, which is in no array`);
        }
        word = to / 4;
      }
    },
  };
}

/** Numbers in [-1, 1) by a small congruential generator: the same ones every time. */
export function numbers(count: number, seed = 1, scale = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** The largest distance in units in the last place of the expected value. */
export function ulpsBetween(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [got[i], expected[i]];
    if (Object.is(x, y) || x === y) continue;
    if (Number.isNaN(x) && Number.isNaN(y)) continue;
    if (!Number.isFinite(x) || !Number.isFinite(y)) return Number.POSITIVE_INFINITY;
    const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(y) || 2 ** -149)));
    most = Math.max(most, Math.abs(x - y) / 2 ** (exponent - 23));
  }
  return most;
}
