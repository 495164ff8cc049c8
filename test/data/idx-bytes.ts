// Dimensions and elements → the bytes of an IDX file, for the tests of its readers.

/** A whole IDX file; `type` 8 is unsigned bytes. */
export function idxBytes(dimensions: number[], elements: ArrayLike<number>, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header[2] = type;
  header[3] = dimensions.length;
  for (const [i, size] of dimensions.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, Buffer.from(Uint8Array.from(elements))]);
}
