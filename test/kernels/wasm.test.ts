import { expect, test } from 'vitest';
import { compileKernels, instantiateKernels } from '#src/kernels/wasm.js';

test('instantiating again on the same memory changes nothing that is in use', () => {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const module = compileKernels('simd');
  const { kernels } = instantiateKernels(module, memory, 'simd');
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(7, 65_536);
  const before = bytes.slice();
  instantiateKernels(module, memory, 'simd');
  expect(Buffer.compare(bytes, before)).toBe(0);
  const x = new Float32Array(memory.buffer, 65_536, 1).fill(1);
  kernels.exp(x.byteOffset, x.byteOffset, 1);
  expect(x[0]).toBeCloseTo(Math.E, 6);
});
