// The bytes in front of a float32 array that make it what msgpackr (`moreTypes`) writes and reads: so arrays are copied once. Any thread.

/** ext 32 · u32 length · type "t" · which typed array. */
export const ARRAY_HEAD_BYTES = 7;
const EXT_32 = 0xc9;
const TYPED_ARRAY = 0x74;
/** msgpackr's index of Float32Array. */
const FLOAT_32 = 7;

/** Writes the head of `byteLength` bytes of elements. */
export function writeArrayHead(into: Uint8Array, byteLength: number): void {
  into[0] = EXT_32;
  new DataView(into.buffer, into.byteOffset).setUint32(1, byteLength + 1);
  into[5] = TYPED_ARRAY;
  into[6] = FLOAT_32;
}

/** Whether the bytes begin with that head. */
export function isArrayHead(bytes: Uint8Array, byteLength: number): boolean {
  const head = new Uint8Array(ARRAY_HEAD_BYTES);
  writeArrayHead(head, byteLength);
  return head.every((byte, at) => bytes[at] === byte);
}
