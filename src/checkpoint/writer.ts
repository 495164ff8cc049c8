// Held generations in shared memory → checkpoint files, one after the other. The writer's thread: it copies at once, then writes.
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { clockMs } from '../engine/phase-clock.ts';
import type { Reader } from '../engine/reader-machine.ts';
import { ARRAY_HEAD_BYTES, writeArrayHead } from './array-section.ts';
import type { PackedSection } from './checkpoint.ts';
import { encodeTable } from './container.ts';
import { fileOperations, type WriterFault } from './writer-faults.ts';

/** An array in shared memory. */
export interface ArrayPlace {
  name: 'state' | 'best';
  version: number;
  byteOffset: number;
  byteLength: number;
}

/** Copy now: a hold is on the generation that the arrays are of. */
export interface CopyMessage {
  kind: 'copy';
  step: number;
  hold: Reader;
  /** `process.hrtime.bigint()`, which counts alike in all threads. */
  heldSince: bigint;
  arrays: ArrayPlace[];
}

/** A small state, which the coordinator has copied and let go itself. */
export interface CopiedMessage {
  kind: 'copied';
  step: number;
  heldMs: number;
  copies: PackedSection[];
}

/** What belongs to the copy of that step, and where to write it. */
export interface WriteMessage {
  kind: 'write';
  step: number;
  path: string;
  sections: PackedSection[];
  /** Files whose rows before the step have to be on disk before the checkpoint is: a resume does not write them again. */
  flush: string[];
}

/** What the writer tells the coordinator. */
export type WriterReply =
  /** The generation is let go, `heldMs` after it was held; a copy that waited was given up for it. */
  | { kind: 'copied'; step: number; heldMs: number; replacedStep: number | null }
  | { kind: 'written'; step: number; path: string; byteLength: number; ms: number }
  | { kind: 'failed'; step: number; path: string; code: string; reason: string };

interface Snapshot {
  step: number;
  /** Each array as a section's bytes, its head in front. */
  arrays: PackedSection[];
  /** Undefined until the write message has come. */
  message?: WriteMessage;
}

// While a piece is hashed the thread hears nothing: 1 MiB is less than a millisecond.
const HASH_BYTES = 1 << 20;
const WRITE_BYTES = 1 << 24;
/** Left free on the disk: the run's other files grow too. */
const SPARE_BYTES = 1 << 20;

/** Has at most one copy that is being written and one that waits; a newer copy takes the place of the one that waits. */
export class SnapshotWriter {
  readonly #memory: WebAssembly.Memory;
  readonly #release: (hold: Reader) => void;
  readonly #reply: (reply: WriterReply) => void;
  readonly #fixed: readonly PackedSection[];
  readonly #faults: readonly WriterFault[];
  #waiting: Snapshot | undefined;
  #isWriting = false;
  #free: PackedSection[][] = [];
  #files = 0;

  constructor(spec: {
    memory: WebAssembly.Memory;
    /** Sections that every file has alike. */
    fixed: readonly PackedSection[];
    faults: readonly WriterFault[];
    release: (hold: Reader) => void;
    reply: (reply: WriterReply) => void;
  }) {
    this.#memory = spec.memory;
    this.#fixed = spec.fixed;
    this.#faults = spec.faults;
    this.#release = spec.release;
    this.#reply = spec.reply;
  }

  receive(message: CopyMessage | CopiedMessage | WriteMessage): void {
    if (message.kind === 'copy') this.#copy(message);
    else if (message.kind === 'copied') this.#wait(message.step, message.copies, message.heldMs);
    else this.#begin(message);
  }

  #copy({ step, hold, heldSince, arrays }: CopyMessage): void {
    const buffers = this.#waiting?.arrays ?? this.#free.pop() ?? [];
    const copies = arrays.map((place) => copyArray(this.#memory, place, buffers));
    this.#release(hold);
    this.#wait(step, copies, millisecondsSince(heldSince));
  }

  /** It takes the place of one that waits. */
  #wait(step: number, copies: PackedSection[], heldMs: number): void {
    const replacedStep = this.#waiting?.step ?? null;
    this.#waiting = { step, arrays: copies };
    this.#reply({ kind: 'copied', step, heldMs, replacedStep });
  }

  #begin(message: WriteMessage): void {
    this.#waiting!.message = message;
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting?.message !== undefined) {
      const { message, arrays } = this.#waiting;
      this.#waiting = undefined;
      const startMs = clockMs();
      const { step, path } = message;
      try {
        for (const file of message.flush) await flushFile(file);
        const operations = fileOperations(this.#faults, this.#files++);
        const byteLength = await writeCheckpoint(path, [...message.sections, ...this.#fixed, ...arrays], operations);
        this.#reply({ kind: 'written', step, path, byteLength, ms: clockMs() - startMs });
      } catch (error) {
        const { code = 'unknown', message: reason } = error as NodeJS.ErrnoException;
        this.#reply({ kind: 'failed', step, path, code, reason });
      }
      if (this.#free.length < 2) this.#free.push(arrays);
    }
    this.#isWriting = false;
  }
}

/** Of `process.hrtime.bigint()`. */
export function millisecondsSince(begin: bigint): number {
  return Number(process.hrtime.bigint() - begin) / 1e6;
}

/** Into a buffer of before, where there is one of its size: pages that were touched are copied into faster. */
export function copyArray(memory: WebAssembly.Memory, place: ArrayPlace, buffers: PackedSection[]): PackedSection {
  const { name, version, byteOffset, byteLength } = place;
  const bytes =
    buffers.find((buffer) => buffer.name === name && buffer.bytes.length === ARRAY_HEAD_BYTES + byteLength)?.bytes ??
    // The elements begin at a multiple of 8 bytes: where they do not, copying took twice as long.
    new Uint8Array(1 + ARRAY_HEAD_BYTES + byteLength).subarray(1);
  writeArrayHead(bytes, byteLength);
  bytes.set(new Uint8Array(memory.buffer, byteOffset, byteLength), ARRAY_HEAD_BYTES);
  return { name, version, bytes };
}

/**
 * Writes a file under a temporary name, flushes it, renames it and flushes the folder: whoever looks sees a whole file or none.
 * Returns its bytes.
 * @throws the disk's errors; nothing is left then.
 */
export async function writeCheckpoint(
  path: string,
  sections: readonly PackedSection[],
  operations = fileOperations([], 0),
): Promise<number> {
  const table = [];
  for (const { name, version, bytes } of sections) {
    table.push({ name, version, byteLength: bytes.length, sha256: await hashOf(bytes) });
  }
  const parts = [encodeTable(table), ...sections.map(({ bytes }) => bytes)];
  const byteLength = parts.reduce((sum, part) => sum + part.length, 0);
  await checkSpace(dirname(path), byteLength);
  const temporary = `${path}.part`;
  try {
    await writeFlushed(temporary, parts, operations);
    await rename(temporary, path);
    await syncPath(dirname(path), 'r');
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return byteLength;
}

async function writeFlushed(
  path: string,
  parts: readonly Uint8Array[],
  { write, sync }: ReturnType<typeof fileOperations>,
): Promise<void> {
  const handle = await open(path, 'w');
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length; ) at += await write(handle, part.subarray(at, at + WRITE_BYTES));
    }
    await sync(handle);
  } finally {
    await handle.close();
  }
}

async function hashOf(bytes: Uint8Array): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    hash.update(bytes.subarray(at, at + HASH_BYTES));
    if (bytes.length > HASH_BYTES) await turn();
  }
  return hash.digest();
}

async function checkSpace(folder: string, byteLength: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= byteLength + SPARE_BYTES) return;
  const needed = byteLength + SPARE_BYTES;
  throw Object.assign(new Error(`ENOSPC: ${needed} bytes are needed in ${folder}, ${free} are free`), {
    code: 'ENOSPC',
  });
}

/** Some of them there may not be. */
async function flushFile(path: string): Promise<void> {
  try {
    await syncPath(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function syncPath(path: string, flags: 'r' | 'r+'): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, flags);
    await handle.sync();
  } finally {
    await handle?.close();
  }
}
