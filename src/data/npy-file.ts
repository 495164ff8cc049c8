// A .npy file, or a member of a .npz file → an array of samples that is read straight from the disk; coordinator.

import { constants, crc32, inflateRawSync } from 'node:zlib';
import { DataError } from './data-error.ts';
import { changedError, type FileStamp, type InputFile, readInto, stampFile, withInputFile } from './input-file.ts';
import { decodeElements } from './npy-elements.ts';
import { MOST_HEADER_BYTES, type NpyHeader, parseNpyHeader } from './npy-header.ts';
import { countElements, type ElementMemory, ElementWriter, type SampleArray } from './sample-array.ts';
import { readZipDirectory, type ZipMember } from './zip-directory.ts';

const EXPECTED_NPY = 'a .npy file';
const EXPECTED_NPZ = 'a .npz file';
// Deflate's best is 258 bytes for 2 bits: who promises more lies, and nothing is allocated for it.
const MOST_DEFLATE_RATIO = 1032;
// More than the header of any array of numbers, and inflated at most 8 MB.
const DEFLATED_HEADER_BYTES = 8192;
// Stays in the cache until it is checked.
const PIECE_BYTES = 1 << 20;
// Of column-major arrays, whose columns are put together in rows.
const COLUMNS_PIECE_BYTES = 32 << 20;
const FETCH = 'fetch the file again';

/** Where an array's bytes lie in its file. */
interface ArrayPlace {
  file: FileStamp;
  where: string;
  start: number;
  byteLength: number;
  /** Of members of a .npz file. */
  crc32?: number;
  /** How many bytes it is deflated into; undefined where it is stored as it is. */
  deflatedBytes?: number;
}

/**
 * Opens a .npy file; its elements stay on the disk until `read`.
 *
 * @throws DataError for anything but a whole array of numbers, without one byte too many
 */
export function openNpy(path: string): SampleArray {
  const file = stampFile(path, EXPECTED_NPY);
  return openArray({ file, where: path, start: 0, byteLength: file.byteLength }, EXPECTED_NPY);
}

/** Opens arrays of a .npz file by their names. @throws DataError as openNpy, and for names that it has not */
export function openNpz(path: string, names: readonly string[]): SampleArray[] {
  const file = stampFile(path, EXPECTED_NPZ);
  const members = withInputFile(path, EXPECTED_NPZ, readZipDirectory, file);
  return names.map((name) => openArray(memberPlace(file, members, name), EXPECTED_NPZ));
}

function memberPlace(file: FileStamp, members: readonly ZipMember[], name: string): ArrayPlace {
  const found = members.filter((member) => member.name === `${name}.npy`);
  if (found.length !== 1) {
    const names = members.map((member) => member.name.replace(/\.npy$/, ''));
    const listed = names.slice(0, 12).join(', ') + (names.length > 12 ? ', …' : '');
    const expected = `the name of one of its arrays (${listed})`;
    throw new DataError(file.path, expected, `${JSON.stringify(name)}, of ${found.length}`, 'correct the name');
  }
  const [{ dataOffset: start, byteLength, storedBytes, isDeflated, crc32 }] = found;
  const where = `${file.path}: ${name}`;
  if (isDeflated && byteLength > storedBytes * MOST_DEFLATE_RATIO) {
    throw new DataError(where, `${byteLength} bytes`, `${storedBytes} compressed ones, which hold far fewer`, FETCH);
  }
  return { file, where, start, byteLength, crc32, ...(isDeflated && { deflatedBytes: storedBytes }) };
}

function openArray(place: ArrayPlace, expected: string): SampleArray {
  const { where, byteLength, file } = place;
  const start = withInputFile(file.path, expected, (input) => readStart(input, place), file);
  const header = parseNpyHeader(where, start);
  const { type, shape, dataOffset } = header;
  const wanted = dataOffset + countElements(where, shape) * Number(type[1]);
  if (wanted !== byteLength) {
    const got = `${byteLength} (${byteLength < wanted ? 'truncated' : 'with trailing bytes'})`;
    throw new DataError(where, `${wanted} bytes for shape (${shape.join(', ')})`, got, FETCH);
  }
  const headerBytes = start.slice(0, dataOffset);
  return {
    where,
    type,
    shape,
    read: (out) =>
      withInputFile(file.path, expected, (input) => readElements(input, place, header, headerBytes, out), file),
  };
}

function readStart(input: InputFile, { where, start, byteLength, deflatedBytes }: ArrayPlace): Uint8Array {
  if (deflatedBytes === undefined) {
    const bytes = new Uint8Array(Math.min(MOST_HEADER_BYTES, byteLength));
    return bytes.subarray(0, readInto(input, start, bytes));
  }
  const part = new Uint8Array(Math.min(DEFLATED_HEADER_BYTES, deflatedBytes));
  readInto(input, start, part);
  return inflate(where, part, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, MOST_HEADER_BYTES);
}

function readElements(
  input: InputFile,
  place: ArrayPlace,
  header: NpyHeader,
  headerBytes: Uint8Array,
  out: ElementMemory,
): void {
  const { isColumnMajor, type, isBigEndian, shape } = header;
  const writer = new ElementWriter({ where: place.where, type, shape }, out, isColumnMajor);
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  const pieceBytes = isColumnMajor ? COLUMNS_PIECE_BYTES : PIECE_BYTES;
  const isDirect = !isColumnMajor && !isBigEndian && isStoredAs(type, out);
  let crc = place.crc32 === undefined ? 0 : crc32(headerBytes);
  const take = (piece: Uint8Array, at: number) => {
    if (place.crc32 !== undefined) crc = crc32(piece, crc);
    if (!isDirect) writer.write(decodeElements(type, isBigEndian, piece));
    else {
      if (place.deflatedBytes !== undefined) bytes.set(piece, at);
      writer.skip(piece.length / Number(type[1]));
    }
  };
  if (place.deflatedBytes !== undefined) takeInflated(input, place, headerBytes, take);
  else takeStored(input, place, headerBytes.length, { out: isDirect ? bytes : null, pieceBytes }, take);
  if (place.crc32 !== undefined && crc !== place.crc32) {
    throw new DataError(place.where, `the checksum ${hex(place.crc32)}`, hex(crc), FETCH);
  }
}

/** Straight into memory where it lies there as on the disk, else through a buffer of one piece. */
function takeStored(
  input: InputFile,
  { start, byteLength }: ArrayPlace,
  headerBytes: number,
  { out, pieceBytes }: { out: Uint8Array | null; pieceBytes: number },
  take: (piece: Uint8Array, at: number) => void,
): void {
  const dataBytes = byteLength - headerBytes;
  const buffer = out ?? new Uint8Array(Math.min(pieceBytes, dataBytes));
  for (let at = 0; at < dataBytes; at += pieceBytes) {
    const length = Math.min(pieceBytes, dataBytes - at);
    const piece = out === null ? buffer.subarray(0, length) : buffer.subarray(at, at + length);
    if (readInto(input, start + headerBytes + at, piece) < length) throw changedError(input.path);
    take(piece, at);
  }
}

function takeInflated(
  input: InputFile,
  { where, start, byteLength, deflatedBytes }: ArrayPlace,
  headerBytes: Uint8Array,
  take: (piece: Uint8Array, at: number) => void,
): void {
  const deflated = new Uint8Array(deflatedBytes!);
  readInto(input, start, deflated);
  // One chunk of the whole size: chunks of the default size would be joined at the end, in twice the memory.
  const content = inflate(where, deflated, {
    maxOutputLength: byteLength + 1,
    chunkSize: Math.max(64, byteLength + 1),
  });
  const isSame = Buffer.compare(content.subarray(0, headerBytes.length), headerBytes) === 0;
  if (content.length !== byteLength || !isSame) {
    throw new DataError(where, `${byteLength} decompressed bytes`, `${content.length}`, FETCH);
  }
  for (let at = headerBytes.length; at < byteLength; at += PIECE_BYTES) {
    take(content.subarray(at, Math.min(byteLength, at + PIECE_BYTES)), at - headerBytes.length);
  }
}

function inflate(where: string, bytes: Uint8Array, options: Parameters<typeof inflateRawSync>[1]): Uint8Array {
  try {
    return inflateRawSync(bytes, options);
  } catch (cause) {
    throw new DataError(where, 'whole deflated bytes', (cause as Error).message, FETCH, { cause });
  }
}

/** Truth values are not: they may be any byte, and are 0 or 1. */
function isStoredAs(type: string, out: ElementMemory): boolean {
  if (out instanceof Float32Array) return type === 'f4';
  return out instanceof Int32Array ? type === 'i4' : type === 'u1';
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
