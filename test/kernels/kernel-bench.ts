// A kernel's arguments, arrays among them → a memory of their own, the kernel run there, and proof that it wrote its outputs only.
import { expect } from 'vitest';
import { findBlas } from '#src/kernels/find-blas.js';
import type { KernelName, KernelSet } from '#src/kernels/kernel-set.js';
import { referenceKernels } from '#src/kernels/reference.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable } from '#src/kernels/wasm.js';

/** The backends that are tested against the reference. */
export const BACKENDS = ['simd', ...(isRelaxedSimdAvailable() ? (['relaxed'] as const) : [])] as const;
/** `blas`: the portable build with this machine's BLAS, for tests that need one and skip without. */
export type Backend = (typeof BACKENDS)[number] | 'reference' | 'blas';

const ARRAYS = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array };
type Type = keyof typeof ARRAYS;
type Values = InstanceType<(typeof ARRAYS)[Type]>;
type ArrayType = new (buffer: SharedArrayBuffer, byteOffset: number, length: number) => Values;

/** An array among the arguments; given twice, it is one array at one address. */
export interface Span {
  type: Type;
  use: 'input' | 'output' | 'scratch';
  /** What lies there before the call; null for what must be assigned (it begins as NaN or another strange number). */
  values: ArrayLike<number> | null;
  length: number;
  /** For a table of addresses: whose. */
  of?: readonly Span[];
}
export type Argument = number | Span;

export const input = (values: ArrayLike<number>, type: Type = 'f32'): Span => ({
  type,
  use: 'input',
  values,
  length: values.length,
});
export const output = (length: number, type: Type = 'f32'): Span => ({ type, use: 'output', values: null, length });
export const update = (values: ArrayLike<number>, type: Type = 'f32'): Span => ({
  ...input(values, type),
  use: 'output',
});
export const scratch = (bytes: number): Span => ({ type: 'u8', use: 'scratch', values: null, length: bytes });
export const addressesOf = (of: readonly Span[]): Span => ({ ...input(new Float32Array(of.length), 'u32'), of });

const PAGE_BYTES = 65_536;
const modules = new Map(BACKENDS.map((build) => [build, compileKernels(build)]));

export function openKernels(backend: Backend, memory: WebAssembly.Memory): KernelSet {
  if (backend === 'blas') return instantiateKernels(modules.get('simd')!, memory, 'simd', findBlas().blas);
  return backend === 'reference'
    ? referenceKernels(memory)
    : instantiateKernels(modules.get(backend)!, memory, backend);
}

/** Where a span lies: 4 bytes behind a multiple of 16 wherever its type allows, with guards before and behind. */
function place(spans: readonly Span[]): { addresses: Map<Span, number>; end: number } {
  const addresses = new Map<Span, number>();
  let end = PAGE_BYTES;
  for (const span of spans) {
    const size = ARRAYS[span.type].BYTES_PER_ELEMENT;
    const address = Math.ceil((end + 32) / 16) * 16 + (size === 8 ? 8 : 4) + (size === 1 ? 1 : 0);
    addresses.set(span, address);
    end = address + span.length * size;
  }
  return { addresses, end: end + 64 };
}

function spansOf(args: readonly Argument[]): Span[] {
  const direct = args.filter((arg) => typeof arg !== 'number');
  return [...new Set(direct.flatMap((span) => [...(span.of ?? []), span]))];
}

export interface KernelRun {
  result: number;
  /** What lies in an argument after the call. */
  read(span: Span): Values;
}

/** Runs a kernel; fails where it writes a byte that is neither output nor scratch. */
export function runKernel(backend: Backend, kernel: KernelName, args: readonly Argument[]): KernelRun {
  const spans = spansOf(args);
  const { addresses, end } = place(spans);
  const pages = Math.ceil(end / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { kernels } = openKernels(backend, memory);
  const bytes = new Uint8Array(memory.buffer);
  // 0x7fc0dead is a NaN and not a multiple of anything.
  new Uint32Array(memory.buffer, PAGE_BYTES).fill(0x7fc0dead);
  const viewOf = (span: Span): Values => {
    const Type = ARRAYS[span.type] as ArrayType;
    return new Type(memory.buffer, addresses.get(span)!, span.length);
  };
  for (const span of spans) {
    if (span.of !== undefined) viewOf(span).set(span.of.map((other) => addresses.get(other)!));
    else if (span.values !== null) viewOf(span).set(span.values);
  }
  const before = bytes.slice();
  const result = kernels[kernel](...args.map((arg) => (typeof arg === 'number' ? arg : addresses.get(arg)!)));
  for (const span of spans.filter(({ use }) => use !== 'input')) {
    const address = addresses.get(span)!;
    const endOfSpan = address + span.length * ARRAYS[span.type].BYTES_PER_ELEMENT;
    before.set(bytes.subarray(address, endOfSpan), address);
  }
  const stray = bytes.findIndex((byte, i) => byte !== before[i]);
  expect(stray, `${backend} ${kernel} writes byte ${stray}, which is none of its outputs`).toBe(-1);
  return { result, read: (span) => viewOf(span).slice() };
}

/** How far an element may be from the reference, or the same bits. */
export type Tolerance = 'same bits' | ((expected: number, index: number) => number);

/** n units in the last place of an f32. */
export const ulps =
  (n: number): Tolerance =>
  (expected) =>
    n * ulp32(expected);

/** The unit in the last place of the f32 range that x lies in. */
export function ulp32(x: number): number {
  const magnitude = Math.abs(x);
  let unit = 2 ** -149;
  for (let top = 2 ** -125; magnitude >= top && top < Infinity; top *= 2) unit *= 2;
  return unit;
}

/** Element by element; a NaN equals a NaN, 0 is not -0. Not toEqual: it takes seconds for large arrays. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what: string,
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    const allowed = tolerance === 'same bits' ? -1 : tolerance(expected[i], i);
    if (Math.abs(actual[i] - expected[i]) <= allowed) continue;
    const bound = tolerance === 'same bits' ? 'the same bits' : `within ${allowed}`;
    expect.fail(`${what}, element ${i}: expected ${expected[i]} (${bound}), got ${actual[i]}`);
  }
}

/** Runs a kernel on a backend and on the reference, and compares every output and the result. */
export function expectAsReference(
  backend: Backend,
  kernel: KernelName,
  args: readonly Argument[],
  tolerance: Tolerance = 'same bits',
): void {
  const actual = runKernel(backend, kernel, args);
  const expected = runKernel('reference', kernel, args);
  for (const span of spansOf(args).filter(({ use }) => use === 'output')) {
    const what = `${backend} ${kernel} argument ${args.indexOf(span)}`;
    expectClose(actual.read(span), expected.read(span), tolerance, what);
  }
  if (kernel === 'scaleSquareSum') expect(actual.result).toBe(expected.result);
}

/** Numbers in [-1, 1) by a linear congruence: the same ones in every run. */
export function numbers(n: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** 0, 1, lanes - 1, lanes, lanes + 1, two of them, and a large odd one. */
export const COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 1023, 4099];
/** What arithmetic treats in a way of its own. */
export const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-45, -1e-45, 1.17549435e-38, 3.4028234e38];
