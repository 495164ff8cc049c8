// A file of any size, plain or gzip, or stdin → its bytes, chunk by chunk. Coordinator.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DataError } from '../data/data-error.ts';
import { withInputFile } from '../data/input-file.ts';

/** What is read at a time. */
const CHUNK_BYTES = 1 << 20;

/** A stream's bytes, and what errors call them. */
export interface ByteStream {
  name: string;
  chunks: AsyncIterable<Buffer>;
}

/** A file by its path, decompressed where its bytes are gzip. @throws DataError where it cannot be read */
export function fileStream(path: string): ByteStream {
  withInputFile(path, 'a file of inputs', () => {});
  return { name: path, chunks: decompressed(path, createReadStream(path, { highWaterMark: CHUNK_BYTES })) };
}

/** What comes from stdin. */
export function stdinStream(): ByteStream {
  return { name: 'stdin', chunks: decompressed('stdin', process.stdin as AsyncIterable<Buffer>) };
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

/** The first bytes of a stream, and the whole of it still to be read. */
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
