// The end of a zip file → where each of its members lies; coordinator.

import { DataError } from './data-error.ts';
import { type InputFile, readInto } from './input-file.ts';

/** One member; nothing of it was read but its headers. */
export interface ZipMember {
  name: string;
  /** Of its first byte in the file. */
  dataOffset: number;
  storedBytes: number;
  /** When decompressed: the same where it is stored as it is. */
  byteLength: number;
  isDeflated: boolean;
  crc32: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const MEMBER = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const MEMBER_BYTES = 46;
const LOCAL_BYTES = 30;
// A comment of 65,535 bytes may stand behind the end record.
const MOST_END_BYTES = END_BYTES + 65_535;
// Thousands of arrays with long names; a directory is read as a whole.
const MOST_DIRECTORY_BYTES = 16 << 20;
const WHOLE32 = 0xffff_ffff;
const ADVICE = 'write the file again with numpy.savez';

/**
 * Lists the members in the order of the directory.
 *
 * @see PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 4.3 and 4.5.3 (zip64)
 * @throws DataError for anything but a whole zip file of members that are stored or deflated
 */
export function readZipDirectory(file: InputFile): ZipMember[] {
  const { start, length } = findDirectory(file);
  if (length > MOST_DIRECTORY_BYTES || start + length > file.byteLength) refuse(file, 'a directory that lies in it');
  const bytes = readBytes(file, start, length);
  const members: ZipMember[] = [];
  for (let at = 0; at < length; ) {
    if (at + MEMBER_BYTES > length || bytes.readUInt32LE(at) !== MEMBER) refuse(file, 'a whole directory');
    const end = at + MEMBER_BYTES + [28, 30, 32].reduce((sum, field) => sum + bytes.readUInt16LE(at + field), 0);
    if (end > length) refuse(file, 'a whole directory');
    members.push(readMember(file, bytes.subarray(at, end)));
    at = end;
  }
  return members;
}

function findDirectory(file: InputFile): { start: number; length: number } {
  const tailBytes = Math.min(file.byteLength, MOST_END_BYTES);
  const tail = readBytes(file, file.byteLength - tailBytes, tailBytes);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END || at + END_BYTES + tail.readUInt16LE(at + 20) !== tailBytes) continue;
    const [length, start] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
    if (length !== WHOLE32 && start !== WHOLE32) return { start, length };
    const locator = at - 20;
    if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR64) break;
    const end64 = readBytes(file, readUInt64(tail, locator + 8), 56);
    if (end64.readUInt32LE(0) !== END64) break;
    return { start: readUInt64(end64, 48), length: readUInt64(end64, 40) };
  }
  return refuse(file, 'a zip file with its directory at the end');
}

function readMember(file: InputFile, record: Buffer): ZipMember {
  const nameEnd = MEMBER_BYTES + record.readUInt16LE(28);
  const name = record.toString('utf8', MEMBER_BYTES, nameEnd);
  const method = record.readUInt16LE(10);
  const isEncrypted = (record.readUInt16LE(8) & 1) !== 0;
  if (isEncrypted || (method !== 0 && method !== 8)) {
    const got = isEncrypted ? 'an encrypted one' : `compression method ${method}`;
    throw new DataError(`${file.path}: ${name}`, 'a member that is stored or deflated', got, ADVICE);
  }
  const [byteLength, storedBytes, offset] = readSizes(file, record, nameEnd);
  if (offset + LOCAL_BYTES > file.byteLength) refuse(file, 'members that lie in it');
  const local = readBytes(file, offset, LOCAL_BYTES);
  if (local.readUInt32LE(0) !== LOCAL) refuse(file, 'members where the directory says');
  const dataOffset = offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (dataOffset + storedBytes > file.byteLength) refuse(file, 'members that lie in it');
  if (method === 0 && byteLength !== storedBytes) refuse(file, 'stored members of one size');
  return { name, dataOffset, storedBytes, byteLength, isDeflated: method === 8, crc32: record.readUInt32LE(16) };
}

/** Sizes that 32 bits cannot hold stand, in this order, in an extra field. */
function readSizes(file: InputFile, record: Buffer, nameEnd: number): number[] {
  const sizes = [24, 20, 42].map((field) => record.readUInt32LE(field));
  if (!sizes.includes(WHOLE32)) return sizes;
  const extraEnd = nameEnd + record.readUInt16LE(30);
  for (let at = nameEnd; at + 4 <= extraEnd; at += 4 + record.readUInt16LE(at + 2)) {
    if (record.readUInt16LE(at) !== 1) continue;
    let value = at + 4;
    const end = Math.min(extraEnd, value + record.readUInt16LE(at + 2));
    return sizes.map((size) => {
      if (size !== WHOLE32) return size;
      if (value + 8 > end) refuse(file, 'sizes of 64 bits');
      value += 8;
      return readUInt64(record, value - 8);
    });
  }
  return refuse(file, 'sizes of 64 bits');
}

/** Beyond 2^53 it is not exact, and larger than any file. */
function readUInt64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

function readBytes(file: InputFile, start: number, length: number): Buffer {
  if (start + length > file.byteLength) refuse(file, 'a directory that lies in it');
  const bytes = Buffer.alloc(length);
  readInto(file, start, bytes);
  return bytes;
}

function refuse({ path, byteLength }: InputFile, expected: string): never {
  throw new DataError(path, `a whole .npz file: ${expected}`, `${byteLength} bytes without`, ADVICE);
}
