// Bytes as a .npy file has them → numbers; coordinator, pure.

import type { ElementType } from './sample-array.ts';

/** The numbers in whole elements; those of 64-bit integers as the doubles next to them. Truth values are 0 or 1. */
export function decodeElements(type: ElementType, isBigEndian: boolean, bytes: Uint8Array): ArrayLike<number> {
  const size = Number(type[1]);
  const { buffer, byteOffset, length } = isBigEndian || bytes.byteOffset % size !== 0 ? bytes.slice() : bytes;
  if (isBigEndian) swapBytes(Buffer.from(buffer, byteOffset, length), size);
  const count = length / size;
  switch (type) {
    case 'b1':
      return new Uint8Array(buffer, byteOffset, count).map((byte) => (byte === 0 ? 0 : 1));
    case 'u1':
      return new Uint8Array(buffer, byteOffset, count);
    case 'u2':
      return new Uint16Array(buffer, byteOffset, count);
    case 'u4':
      return new Uint32Array(buffer, byteOffset, count);
    case 'i1':
      return new Int8Array(buffer, byteOffset, count);
    case 'i2':
      return new Int16Array(buffer, byteOffset, count);
    case 'i4':
      return new Int32Array(buffer, byteOffset, count);
    case 'f4':
      return new Float32Array(buffer, byteOffset, count);
    case 'f8':
      return new Float64Array(buffer, byteOffset, count);
    case 'u8':
      return joinWords(new Uint32Array(buffer, byteOffset, 2 * count), new Uint32Array(buffer, byteOffset, 2 * count));
    case 'i8':
      return joinWords(new Uint32Array(buffer, byteOffset, 2 * count), new Int32Array(buffer, byteOffset, 2 * count));
  }
}

/** The higher word has the sign. Words and their sum are rounded once: 2^32 · high is exact. */
function joinWords(low: Uint32Array, high: Uint32Array | Int32Array): Float64Array {
  const out = new Float64Array(low.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = high[2 * i + 1] * 4294967296 + low[2 * i];
  return out;
}

function swapBytes(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}
