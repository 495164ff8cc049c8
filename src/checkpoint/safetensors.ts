// Named float32 tensors ↔ the bytes of a safetensors file; any thread. The reader checks every size before it allocates.
// Format: u64 length of the header, the header as JSON padded with spaces, then the tensors' bytes without holes.
// https://github.com/huggingface/safetensors#format

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DTYPE_BYTES, type HeaderEntry, parseSafetensorsHeader } from './safetensors-header.ts';

/** A named float32 array; `values` may be a view of shared memory. Row-major. */
export interface NamedTensor {
  name: string;
  shape: readonly number[];
  values: Float32Array;
}

/** A tensor as it lies in a file; `bytes` is a view of what was read, little-endian, not aligned. */
export interface StoredTensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

export interface SafetensorsFile {
  metadata: Record<string, string>;
  /** By name, in the order of the header. */
  tensors: Map<string, StoredTensor>;
}

/** A file that is not what the format allows: whoever named it has to name another. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
  readonly exitCode = 2;
}

const LENGTH_BYTES = 8;
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** Sorts names by UTF-16 code unit: the order that files and hashes use, on every machine and in every locale. */
export function byName(a: { name: string }, b: { name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/**
 * The bytes of a safetensors file as parts to be written one after the other: the header, then each tensor in name order, uncopied.
 * The header is padded so that the tensors begin at a multiple of 8 bytes.
 * @throws SafetensorsError where a name comes twice or a shape does not fit its values.
 */
export function safetensorsParts(tensors: readonly NamedTensor[], metadata: Record<string, string> = {}): Uint8Array[] {
  const sorted = [...tensors].sort(byName);
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let begin = 0;
  for (const { name, shape, values } of sorted) {
    checkTensor(name, shape, values.length, name in header);
    const end = begin + values.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
    begin = end;
  }
  return [encodeHeader(header), ...sorted.map(({ values }) => bytesOf(values))];
}

function checkTensor(name: string, shape: readonly number[], length: number, isTaken: boolean): void {
  if (isTaken || name === '__metadata__') {
    throw new SafetensorsError(
      `safetensors: expected every tensor to have its own name, got "${name}" twice or reserved; rename it`,
    );
  }
  if (elementsOf(shape) !== length) {
    throw new SafetensorsError(
      `safetensors: expected ${elementsOf(shape)} values for ${name} of shape (${shape}), got ${length}; pass as many as the shape has`,
    );
  }
}

function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const paddedBytes = Math.ceil(json.length / 8) * 8;
  const part = new Uint8Array(LENGTH_BYTES + paddedBytes).fill(0x20);
  new DataView(part.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  part.set(json, LENGTH_BYTES);
  return part;
}

/** The bytes of a view, uncopied. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/**
 * Reads a whole file that is already in memory; the tensors are views of `file`.
 * @param where names the file in errors.
 * @throws SafetensorsError
 */
export function readSafetensors(file: Uint8Array, where = 'safetensors'): SafetensorsFile {
  const headerBytes = headerLength(file, file.length, where);
  const dataStart = LENGTH_BYTES + headerBytes;
  const { metadata, entries } = parseHeader(file.subarray(LENGTH_BYTES, dataStart), file.length - dataStart, where);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, { name, dtype, shape, bytes: file.subarray(dataStart + begin, dataStart + end) });
  }
  return { metadata, tensors };
}

/**
 * Reads a safetensors file; the header is checked against the file's size before the tensors' bytes are allocated.
 * @throws SafetensorsError, or node:fs's error where the file cannot be read.
 */
export function readSafetensorsFile(path: string): SafetensorsFile {
  const descriptor = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(descriptor).size;
    const length = readExactly(descriptor, 0, Math.min(LENGTH_BYTES, fileBytes), path);
    const headerBytes = headerLength(length, fileBytes, path);
    const header = readExactly(descriptor, LENGTH_BYTES, headerBytes, path);
    parseHeader(header, fileBytes - LENGTH_BYTES - headerBytes, path);
    return readSafetensors(readExactly(descriptor, 0, fileBytes, path), path);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A stored F32 tensor's values, copied so that they are aligned.
 * @throws SafetensorsError for another type.
 */
export function float32Values(tensor: StoredTensor): Float32Array {
  if (tensor.dtype !== 'F32') {
    throw new SafetensorsError(
      `${tensor.name}: expected dtype F32, got ${tensor.dtype}; convert the file to float32 first`,
    );
  }
  // Not `bytes.slice()`: of a Buffer that is a view, and its `buffer` a whole pool.
  return new Float32Array(new Uint8Array(tensor.bytes).buffer);
}

function headerLength(start: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < LENGTH_BYTES) throw damaged(where, `at least ${LENGTH_BYTES} bytes`, `${fileBytes}`);
  const view = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, fileBytes - LENGTH_BYTES);
  if (length > BigInt(limit)) throw damaged(where, `a header of at most ${limit} bytes`, `a length of ${length}`);
  return Number(length);
}

function parseHeader(
  bytes: Uint8Array,
  dataBytes: number,
  where: string,
): { metadata: Record<string, string>; entries: HeaderEntry[] } {
  let header: ReturnType<typeof parseSafetensorsHeader>;
  try {
    header = parseSafetensorsHeader(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw damaged(where, 'a safetensors header', (cause as Error).message, cause);
  }
  checkLayout(header.entries, dataBytes, where);
  return header;
}

/** The tensors must fill the data part from its first to its last byte, without hole or overlap, each as long as its shape says. */
function checkLayout(entries: readonly HeaderEntry[], dataBytes: number, where: string): void {
  let expectedBegin = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (!Object.hasOwn(DTYPE_BYTES, entry.dtype)) throw damaged(where, `a known dtype for ${entry.name}`, entry.dtype);
    const bytes = elementsOf(entry.shape) * DTYPE_BYTES[entry.dtype];
    const fits = entry.begin === expectedBegin && entry.end - entry.begin === bytes && entry.end <= dataBytes;
    if (!fits) {
      const expected = `${entry.name} (${entry.shape}) ${entry.dtype} at bytes ${expectedBegin} to ${expectedBegin + bytes} of ${dataBytes}`;
      throw damaged(where, expected, `${entry.begin} to ${entry.end}`);
    }
    expectedBegin = entry.end;
  }
  if (expectedBegin !== dataBytes) throw damaged(where, `${expectedBegin} bytes of tensors`, `${dataBytes}`);
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function readExactly(descriptor: number, position: number, byteLength: number, where: string): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let done = 0;
  while (done < byteLength) {
    const count = readSync(descriptor, bytes, done, byteLength - done, position + done);
    if (count === 0) throw damaged(where, `${position + byteLength} bytes`, `${position + done}`);
    done += count;
  }
  return bytes;
}

function damaged(where: string, expected: string, got: string, cause?: unknown): SafetensorsError {
  return new SafetensorsError(`${where}: expected ${expected}, got ${got}; the file is damaged or not safetensors`, {
    cause,
  });
}
