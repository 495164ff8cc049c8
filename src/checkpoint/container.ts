// Named sections ↔ the bytes of one file: a checked table first, then the sections without holes. Any thread.
//
//     "LOCKSTEP" · u32 version · u32 number of sections · for each: its name (16 bytes, ASCII, filled with 0) · u32 version ·
//     u32 0 · u64 byte length · SHA-256 of its bytes · then the SHA-256 of all that · then the sections (integers little-endian)
//
// Nothing is compressed, and nothing lies outside of a checksum. The table is read and checked before anything else, and a section is
// checked before anything in it is looked at: so lengths are bounded by the size of the file.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A file that is no whole checkpoint. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly exitCode = 2;
}

/** A section's place in the table. */
export interface Section {
  name: string;
  version: number;
  byteLength: number;
  sha256: Uint8Array;
}

const MAGIC = new TextEncoder().encode('LOCKSTEP');
const VERSION = 1;
const HEAD_BYTES = 16;
const ENTRY_BYTES = 64;
const NAME_BYTES = 16;
const HASH_BYTES = 32;
const MOST_SECTIONS = 16;

/** The table of sections that follow one another in this order. */
export function encodeTable(sections: readonly Section[]): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + sections.length * ENTRY_BYTES + HASH_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, sections.length, true);
  sections.forEach(({ name, version, byteLength, sha256 }, index) => {
    const at = HEAD_BYTES + index * ENTRY_BYTES;
    bytes.set(new TextEncoder().encode(name), at);
    view.setUint32(at + NAME_BYTES, version, true);
    view.setBigUint64(at + NAME_BYTES + 8, BigInt(byteLength), true);
    bytes.set(sha256, at + NAME_BYTES + 16);
  });
  const hashed = bytes.subarray(0, bytes.length - HASH_BYTES);
  bytes.set(createHash('sha256').update(hashed).digest(), hashed.length);
  return bytes;
}

/** An open file whose table is whole and fits its size. */
export class Container {
  readonly path: string;
  readonly #descriptor: number;
  readonly #sections = new Map<string, Section & { byteOffset: number }>();

  /** @throws CheckpointError, or node:fs's error where the file cannot be read */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, 'r');
    try {
      this.#readTable();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  has(name: string): boolean {
    return this.#sections.has(name);
  }

  /**
   * The bytes of a section, at `margin` of a new buffer.
   * @throws CheckpointError where there is none of this version, it is not of the length, or its checksum is another one
   */
  read(name: string, version: number, expected: { most?: number; exactly?: number }, margin = 0): Uint8Array {
    const section = this.#sections.get(name);
    if (section === undefined) throw this.damaged(`a section ${name}`, [...this.#sections.keys()].join(', '));
    if (section.version !== version) throw this.damaged(`version ${version} of ${name}`, `${section.version}`);
    const { byteOffset, byteLength } = section;
    const { exactly = byteLength, most = exactly } = expected;
    if (byteLength !== exactly) throw this.damaged(`${exactly} bytes of ${name}`, `${byteLength}`);
    if (byteLength > most) throw this.damaged(`at most ${most} bytes of ${name}`, `${byteLength}`);
    const bytes = new Uint8Array(margin + byteLength).subarray(margin);
    this.#readAt(byteOffset, bytes);
    if (!isSame(createHash('sha256').update(bytes).digest(), section.sha256))
      throw this.damaged(`the checksum of ${name}`, 'another one');
    return bytes;
  }

  damaged(expected: string, got: string, cause?: unknown): CheckpointError {
    const advice = 'the file is damaged or no checkpoint of this lockstep: name another one';
    return new CheckpointError(`${this.path}: expected ${expected}, got ${got}; ${advice}`, { cause });
  }

  #readTable(): void {
    const { size } = fstatSync(this.#descriptor);
    const head = new Uint8Array(HEAD_BYTES);
    if (size < HEAD_BYTES) throw this.damaged(`at least ${HEAD_BYTES} bytes`, `${size}`);
    this.#readAt(0, head);
    const view = new DataView(head.buffer);
    if (!isSame(head.subarray(0, MAGIC.length), MAGIC)) throw this.damaged('"LOCKSTEP" at its start', 'other bytes');
    if (view.getUint32(8, true) !== VERSION) throw this.damaged(`version ${VERSION}`, `${view.getUint32(8, true)}`);
    const count = view.getUint32(12, true);
    const tableBytes = HEAD_BYTES + count * ENTRY_BYTES + HASH_BYTES;
    if (count > MOST_SECTIONS || tableBytes > size)
      throw this.damaged(`at most ${MOST_SECTIONS} sections in ${size} bytes`, `${count}`);
    const table = new Uint8Array(tableBytes);
    this.#readAt(0, table);
    const hashed = table.subarray(0, tableBytes - HASH_BYTES);
    if (!isSame(createHash('sha256').update(hashed).digest(), table.subarray(hashed.length)))
      throw this.damaged('the checksum of its table', 'another one');
    this.#placeSections(hashed, count, tableBytes, size);
  }

  #placeSections(table: Uint8Array, count: number, begin: number, size: number): void {
    const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    let byteOffset = begin;
    for (let index = 0; index < count; index++) {
      const at = HEAD_BYTES + index * ENTRY_BYTES;
      const name = new TextDecoder('latin1').decode(table.subarray(at, at + NAME_BYTES)).replace(/\0+$/, '');
      const byteLength = Number(view.getBigUint64(at + NAME_BYTES + 8, true));
      const version = view.getUint32(at + NAME_BYTES, true);
      if (byteLength > size - byteOffset || this.#sections.has(name))
        throw this.damaged(`${size - byteOffset} bytes of sections, each once`, `${byteLength} of ${name}`);
      const sha256 = table.slice(at + NAME_BYTES + 16, at + ENTRY_BYTES);
      this.#sections.set(name, { name, version, byteLength, sha256, byteOffset });
      byteOffset += byteLength;
    }
    if (byteOffset !== size) throw this.damaged(`${byteOffset} bytes`, `${size}`);
  }

  /** One call reads at most 2 GiB. */
  #readAt(position: number, into: Uint8Array): void {
    let done = 0;
    while (done < into.length) {
      const length = Math.min(into.length - done, 1 << 30);
      const count = readSync(this.#descriptor, into, done, length, position + done);
      if (count === 0) throw this.damaged(`${position + into.length} bytes`, `${position + done}`);
      done += count;
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
