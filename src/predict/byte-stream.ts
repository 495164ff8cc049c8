// A file of any size, plain or gzip, or stdin → its bytes, chunk by chunk, however they arrive. Coordinator.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DataError } from '../data/data-error.ts';
import { withInputFile } from '../data/input-file.ts';

/** What is read at a time, and the least that a chunk has, but for the last one. */
const CHUNK_BYTES = 1 << 20;

/** A stream's bytes, and what errors call them. */
export interface ByteStream {
  name: string;
  chunks: AsyncIterable<Buffer>;
}

/** A file by its path, decompressed where its bytes are gzip. @throws DataError where it cannot be read */
export function fileStream(path: string): ByteStream {
  withInputFile(path, 'a file of inputs', () => {});
  return wholeStream(path, createReadStream(path, { highWaterMark: CHUNK_BYTES }));
}

/** What comes from stdin. */
export function stdinStream(): ByteStream {
  return wholeStream('stdin', process.stdin as AsyncIterable<Buffer>);
}

/** Bytes by their name, decompressed where they are gzip, in chunks that do not depend on when they arrive. */
export function wholeStream(name: string, chunks: AsyncIterable<Buffer>): ByteStream {
  return { name, chunks: joined(decompressed(name, joined(chunks))) };
}

/** A pipe gives what was written at a time, be it a byte: what a stream is, and its first names, are told by more. */
async function* joined(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < CHUNK_BYTES) continue;
    yield held.length === 1 ? chunk : Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

async function* decompressed(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const rest = prepend(first.value, iterator);
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) return yield* rest;
  const { Readable } = await import('node:stream');
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const source = Readable.from(rest);
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new DataError(name, 'a whole gzip file', (cause as Error).message, 'fetch the file again', { cause });
  }
}

/** The first chunk of a stream, and the whole of it still to be read. */
export async function peekStream({ name, chunks }: ByteStream): Promise<{ start: Buffer; stream: ByteStream }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const start = first.done ? Buffer.alloc(0) : first.value;
  return { start, stream: { name, chunks: prepend(start, iterator) } };
}

async function* prepend(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
