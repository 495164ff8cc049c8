// Headers of npy files: those that NumPy wrote (bytes from numpy 1.24's save), ours, and what is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNpyHeader, NPY_BYTES, type NpyType, parseShardHeader } from '#src/data/shard-header.js';

/** What numpy.save writes before the elements, for a dictionary of its own making. */
function numpyHeader(dictionary: string, version = 1): Uint8Array {
  const prefix = version === 1 ? 10 : 12;
  const padded = `${dictionary.padEnd(Math.ceil((prefix + dictionary.length + 1) / 64) * 64 - prefix - 1)}\n`;
  const length =
    version === 1 ? [padded.length & 255, padded.length >> 8] : [padded.length & 255, padded.length >> 8, 0, 0];
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), version, 0, ...length, ...Buffer.from(padded)]);
}

const LABELS = "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }";

describe('parseShardHeader', () => {
  it('reads what NumPy writes', () => {
    expect(parseShardHeader('a.npy', numpyHeader(LABELS))).toEqual({ type: '<i8', shape: [3], dataOffset: 128 });
    const images = "{'descr': '|u1', 'fortran_order': False, 'shape': (10, 28, 28), }";
    expect(parseShardHeader('a.npy', numpyHeader(images, 2)).shape).toEqual([10, 28, 28]);
  });

  it('reads back any header of ours, and its elements begin where they are aligned', () => {
    const types = fc.constantFrom(...(Object.keys(NPY_BYTES) as NpyType[]));
    const shapes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(types, shapes, (type, shape) => {
        expect(parseShardHeader('a.npy', formatNpyHeader(type, shape, 192))).toEqual({ type, shape, dataOffset: 192 });
      }),
    );
  });

  it.each([
    ['an empty file', new Uint8Array(0), /a\.npy: expected an array as numpy\.save writes it, got nothing/],
    [
      'another file',
      Buffer.from('PK\x03\x04 zip of arrays'),
      /expected an array, which starts with the bytes 93 4e 55 4d 50 59, got 50 4b/,
    ],
    ['a cut header', numpyHeader(LABELS).subarray(0, 60), /expected a header of 128 bytes, got 60 \(truncated\)/],
    ['Fortran order', numpyHeader(LABELS.replace('False', 'True')), /expected rows one after the other \(C order\)/],
    ['big-endian numbers', numpyHeader(LABELS.replace('<i8', '>f4')), /got >f4; convert it with array\.astype/],
    ['fields', numpyHeader(LABELS.replace("'<i8'", "[('a', '<f4')]")), /got fields \[/],
    ['no sample', numpyHeader(LABELS.replace('(3,)', '(0, 4)')), /expected at least one sample .* got \(0, 4\)/],
    ['a scalar', numpyHeader(LABELS.replace('(3,)', '()')), /expected at least one sample/],
    [
      'an impossible size',
      numpyHeader(LABELS.replace('(3,)', '(9999999999, 9999999999)')),
      /expected at least one sample/,
    ],
    ['no dictionary', numpyHeader('hello'), /expected a header such as .* got "hello"/],
    ['a later version', numpyHeader(LABELS).with(6, 9), /expected an array of format version 1, 2 or 3, got 9/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseShardHeader('a.npy', bytes)).toThrow(message);
  });

  it('never reads beyond what it is given, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(140), fc.nat(255), (bytes, at, value) => {
        for (const candidate of [bytes, numpyHeader(LABELS).with(Math.min(at, 127), value)]) {
          try {
            const { shape } = parseShardHeader('a.npy', candidate);
            expect(shape.every(Number.isSafeInteger)).toBe(true);
          } catch (error) {
            expect((error as Error).name).toBe('DataError');
          }
        }
      }),
    );
  });
});
