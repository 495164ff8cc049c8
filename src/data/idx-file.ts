// One IDX file, plain or gzip → its dimensions, checked, and its bytes, read into given memory; coordinator.

import { constants, gunzipSync } from 'node:zlib';
import { DataError } from './data-error.ts';
import {
  changedError,
  type FileStamp,
  type InputFile,
  readInputFile,
  readInto,
  stampFile,
  withInputFile,
} from './input-file.ts';
import { sampleElements } from './source.ts';

/**
 * An IDX file of unsigned bytes whose header was checked against its size.
 *
 * The format: two zero bytes, the element type, the number of dimensions, each dimension as a big-endian u32, the elements
 * row-major. @see LeCun, Cortes, Burges, "The MNIST database", section "file formats"
 */
export interface IdxFile {
  path: string;
  /** The first one counts the samples. */
  dimensions: number[];
  elements: number;
  /** Writes all elements; `out` (elements) may be a view of shared memory. */
  read(out: Uint8Array): void;
}

const EXPECTED = 'an IDX file';
const UNSIGNED_BYTE = 0x08;
const TYPE_NAMES: Record<number, string> = {
  8: 'unsigned bytes',
  9: 'signed bytes',
  11: 'int16',
  12: 'int32',
  13: 'float32',
  14: 'float64',
};
const MOST_HEADER_BYTES = 4 + 4 * 255;
// No more than the shared memory that the samples must fit into.
const MOST_ELEMENTS = 2 ** 32;
// Deflate's best is 258 bytes for 2 bits, so a header that promises more than this lies, and nothing is allocated for it.
const MOST_DEFLATE_RATIO = 1032;

/**
 * Opens an IDX file; what the bytes are (gzip or plain) decides, not the name.
 *
 * A plain file's elements stay on the disk until `read`. A gzip file has to be decompressed to be checked, so its elements are
 * kept for the first `read` and dropped then.
 *
 * @throws DataError for anything but a whole IDX file of unsigned bytes, without one byte too many
 */
export function openIdxFile(path: string): IdxFile {
  const start = new Uint8Array(MOST_HEADER_BYTES);
  const stamp = stampFile(path, EXPECTED);
  const startBytes = withInputFile(path, EXPECTED, (file) => readInto(file, 0, start), stamp);
  const isGzip = startBytes >= 2 && start[0] === 0x1f && start[1] === 0x8b;
  return isGzip ? openGzip(stamp) : openPlain(stamp, start.subarray(0, startBytes));
}

function openPlain(stamp: FileStamp, start: Uint8Array): IdxFile {
  const { path, byteLength } = stamp;
  const { dimensions, dataOffset, elements } = parseHeader(path, start);
  checkSize(path, dimensions, dataOffset + elements, byteLength);
  const read = (out: Uint8Array) => {
    const readElements = (file: InputFile) => {
      // Between opening and now a plan was made from the header; clocks of files are coarse.
      const now = new Uint8Array(start.length);
      readInto(file, 0, now);
      return Buffer.compare(now, start) === 0 ? readInto(file, dataOffset, out) : 0;
    };
    if (withInputFile(path, EXPECTED, readElements, stamp) < elements) throw changedError(path);
  };
  return { path, dimensions, elements, read };
}

function openGzip(stamp: FileStamp): IdxFile {
  const { path } = stamp;
  const compressed = readInputFile(path, EXPECTED, stamp);
  const { dimensions, dataOffset, elements } = parseHeader(path, inflateStart(path, compressed));
  const fileBytes = dataOffset + elements;
  if (elements > compressed.length * MOST_DEFLATE_RATIO) {
    const got = `${compressed.length} compressed bytes, which hold far fewer`;
    throw new DataError(path, `${fileBytes} bytes for dimensions ${dimensions.join('×')}`, got, 'fetch the file again');
  }
  let content: Buffer | null = inflateAll(path, compressed, dimensions, fileBytes);
  const read = (out: Uint8Array) => {
    content ??= inflateAll(path, readInputFile(path, EXPECTED, stamp), dimensions, fileBytes);
    out.set(content.subarray(dataOffset));
    content = null;
  };
  return { path, dimensions, elements, read };
}

function parseHeader(path: string, start: Uint8Array) {
  if (start.length === 0) throw new DataError(path, EXPECTED, 'an empty file', 'fetch the file again');
  if (start.length < 4 || start[0] !== 0 || start[1] !== 0) {
    const got = Array.from(start.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new DataError(path, 'an IDX file, which starts with the bytes 00 00', got, 'name an IDX file, plain or gzip');
  }
  if (start[2] !== UNSIGNED_BYTE) {
    const got = TYPE_NAMES[start[2]] ?? `type 0x${start[2].toString(16).padStart(2, '0')}`;
    throw new DataError(path, 'unsigned bytes (IDX type 0x08)', got, 'write the file as bytes, or use source: csv');
  }
  const rank = start[3];
  const dataOffset = 4 + 4 * rank;
  if (rank === 0 || start.length < dataOffset) {
    const expected = rank === 0 ? 'at least 1 dimension' : `a header of ${dataOffset} bytes for ${rank} dimensions`;
    throw new DataError(path, expected, rank === 0 ? '0' : `${start.length} bytes`, 'fetch the file again');
  }
  const view = new DataView(start.buffer, start.byteOffset);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return { dimensions, dataOffset, elements: checkedElements(path, dimensions) };
}

function checkedElements(path: string, dimensions: number[]): number {
  const shape = dimensions.join('×');
  if (dimensions.includes(0))
    throw new DataError(path, 'at least one sample of at least one element', shape, 'fetch the file again');
  const elements = sampleElements(dimensions);
  if (elements > MOST_ELEMENTS) {
    throw new DataError(
      path,
      'at most 4 GiB of samples',
      `${shape} bytes`,
      'fetch the file again, or train on a part of it',
    );
  }
  return elements;
}

function checkSize(path: string, dimensions: number[], expected: number, got: number): void {
  if (expected === got) return;
  const fault = got < expected ? 'truncated' : 'with trailing bytes';
  const size = `${expected} bytes for dimensions ${dimensions.join('×')}`;
  throw new DataError(path, size, `${got} (${fault})`, 'fetch the file again');
}

/** The first bytes of a gzip file's content, as many as any header needs, without inflating much more. */
function inflateStart(path: string, compressed: Buffer): Buffer {
  // 64 KiB hold the longest gzip header that writers make (name and extra field) and inflate to 66 MB at the very most.
  const part = compressed.subarray(0, 65536);
  try {
    return gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, MOST_HEADER_BYTES);
  } catch (cause) {
    throw gzipError(path, cause);
  }
}

function inflateAll(path: string, compressed: Buffer, dimensions: number[], fileBytes: number): Buffer {
  let content: Buffer;
  try {
    // One chunk of the whole size: the default of 16 KiB chunks would join them at the end, in twice the memory.
    const chunkSize = Math.max(64, fileBytes + 1);
    content = gunzipSync(compressed, { maxOutputLength: fileBytes + 1, chunkSize });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw gzipError(path, cause);
    const size = `${fileBytes} decompressed bytes for dimensions ${dimensions.join('×')}`;
    throw new DataError(path, size, 'more (with trailing bytes)', 'fetch the file again', { cause });
  }
  checkSize(path, dimensions, fileBytes, content.length);
  return content;
}

function gzipError(path: string, cause: unknown): DataError {
  return new DataError(path, 'a whole gzip file', (cause as Error).message, 'fetch the file again', { cause });
}
