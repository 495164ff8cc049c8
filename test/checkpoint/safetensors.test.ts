import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  float32Values,
  type NamedTensor,
  readSafetensors,
  readSafetensorsFile,
  SafetensorsError,
  safetensorsParts,
} from '#src/checkpoint/safetensors.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(tensors: readonly NamedTensor[], metadata?: Record<string, string>): Buffer {
  return Buffer.concat(safetensorsParts(tensors, metadata));
}

/** A file with any header at all, as a damaged or hostile one has. */
function fileWith(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), headerBytes?: bigint): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerBytes ?? BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** The format read as its specification says, without any of our code. */
function parseIndependently(file: Buffer): Map<string, { dtype: string; shape: number[]; values: number[] }> {
  const dataStart = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, dataStart));
  const { __metadata__: _, ...entries } = header;
  return new Map(
    Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const count = (end - begin) / 4;
        const values = Array.from({ length: count }, (_, i) => file.readFloatLE(dataStart + begin + 4 * i));
        return [name, { dtype, shape, values }];
      },
    ),
  );
}

function bitsOf(values: Float32Array): number[] {
  return [...new Uint32Array(values.slice().buffer)];
}

const tensor = fc
  .record({
    name: fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('dense1.weight', '__proto__', '"\\\n'),
    ),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .filter(({ name }) => name !== '__metadata__')
  .chain(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = fc.float32Array({ minLength: length, maxLength: length, noNaN: true });
    return values.map((array): NamedTensor => ({ name, shape, values: array }));
  });
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 5 });
const metadata = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 3 });

describe('safetensors', () => {
  it('gives back names, shapes, every bit of the values and the metadata', () => {
    fc.assert(
      fc.property(tensors, metadata, (written, notes) => {
        const read = readSafetensors(fileOf(written, notes));
        expect({ ...read.metadata }).toEqual({ ...notes });
        expect(read.tensors.size).toBe(written.length);
        for (const { name, shape, values } of written) {
          const stored = read.tensors.get(name)!;
          expect(stored.shape).toEqual(shape);
          expect(bitsOf(float32Values(stored))).toEqual(bitsOf(values));
        }
      }),
    );
  });

  it('writes what an independent reader of the format understands, tensors in name order from an aligned byte on', () => {
    fc.assert(
      fc.property(
        tensors.filter((list) => list.every(({ name }) => name !== '__proto__')),
        (written) => {
          const file = fileOf(written);
          const read = parseIndependently(file);
          expect(file.readBigUInt64LE(0) % 8n).toBe(0n);
          for (const { name, shape, values } of written) {
            expect(read.get(name)).toEqual({ dtype: 'F32', shape: [...shape], values: [...values] });
          }
        },
      ),
    );
    const file = fileOf([
      { name: 'b', shape: [1], values: Float32Array.of(2) },
      { name: 'a', shape: [1], values: Float32Array.of(1) },
    ]);
    expect(file.subarray(-8)).toEqual(Buffer.from(Float32Array.of(1, 2).buffer));
  });

  it('writes these bytes', () => {
    // By hand: 61 characters of JSON and 3 blanks are 64 bytes, 0x40; 1.0 is 0x3f800000.
    const header = '{"weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}   ';
    const expected = `4000000000000000${Buffer.from(header).toString('hex')}0000803f`;
    expect(fileOf([{ name: 'weight', shape: [1, 1], values: Float32Array.of(1) }]).toString('hex')).toBe(expected);
  });

  it('refuses to write a name twice, a reserved name, or a shape that does not fit', () => {
    const one = { name: 'a', shape: [1], values: Float32Array.of(1) };
    expect(() => safetensorsParts([one, one])).toThrow('its own name, got "a" twice');
    expect(() => safetensorsParts([{ ...one, name: '__metadata__' }])).toThrow(SafetensorsError);
    expect(() => safetensorsParts([{ ...one, shape: [2, 3] }])).toThrow(
      'expected 6 values for a of shape (2,3), got 1',
    );
  });

  it('reads the same from a file as from memory, and another dtype as bytes', () => {
    const path = join(folder, 'i64.safetensors');
    const header = '{"y":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"__metadata__":{"k":"v"}}';
    writeFileSync(path, fileWith(header, Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0)));
    const { tensors: read, metadata: notes } = readSafetensorsFile(path);
    expect({ ...notes }).toEqual({ k: 'v' });
    expect([...(read.get('y')?.bytes ?? [])]).toEqual([7, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => float32Values(read.get('y')!)).toThrow('y: expected dtype F32, got I64; convert');
  });
});

const ENTRY = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
const FOUR = new Uint8Array(4);

describe('a damaged safetensors file', () => {
  it.each([
    ['an empty file', Buffer.alloc(0), 'expected at least 8 bytes, got 0'],
    ['a length beyond the file', fileWith('{}', FOUR, 1000n), 'a header of at most 6 bytes, got a length of 1000'],
    ['a length of 2^63', fileWith('{}', FOUR, 2n ** 63n), 'got a length of 9223372036854775808'],
    ['a header that is no UTF-8', fileWith(Uint8Array.of(0x7b, 0xff, 0x7d)), 'a safetensors header'],
    ['a byte order mark', fileWith('\ufeff{}'), '"{" as the first byte'],
    ['text after the header', fileWith('{}x'), 'expected the end'],
    ['a list for a header', fileWith('[]'), '"{" as the first byte'],
    ['a name twice', fileWith(`{"a":{${ENTRY}},"a":{${ENTRY}}}`, FOUR), 'every name once, got "a" twice'],
    ['an unknown key', fileWith(`{"a":{${ENTRY},"x":1}}`, FOUR), 'got "x"'],
    ['a missing key', fileWith('{"a":{"dtype":"F32","shape":[1]}}', FOUR), 'dtype, shape and two data_offsets'],
    ['three offsets', fileWith('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', FOUR), 'two data_offsets'],
    ['a fraction', fileWith('{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}', FOUR), 'expected "]"'],
    ['a negative size', fileWith('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', FOUR), 'an integer ≥ 0'],
    [
      'an unsafe integer',
      fileWith('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', FOUR),
      'below 2^53',
    ],
    [
      'an unknown dtype',
      fileWith('{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}', FOUR),
      'a known dtype for a, got F33',
    ],
    [
      'a dtype of every object',
      fileWith('{"a":{"dtype":"constructor","shape":[1],"data_offsets":[0,4]}}', FOUR),
      'a known dtype for a',
    ],
    ['bytes behind the last tensor', fileWith(`{"a":{${ENTRY}}}`, new Uint8Array(5)), '4 bytes of tensors, got 5'],
    ['a file cut short', fileWith(`{"a":{${ENTRY}}}`, new Uint8Array(3)), 'at bytes 0 to 4 of 3'],
    ['a hole', fileWith('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', new Uint8Array(8)), 'got 4 to 8'],
    ['two tensors on the same bytes', fileWith(`{"a":{${ENTRY}},"b":{${ENTRY}}}`, FOUR), 'b (1) F32 at bytes 4 to 8'],
    ['metadata that is no text', fileWith('{"__metadata__":{"a":1}}'), 'a string'],
    [
      'a size that overflows',
      fileWith('{"a":{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,4]}}', FOUR),
      'got 0 to 4',
    ],
  ])('%s is refused, naming the file', (_, file, message) => {
    const path = join(folder, 'damaged.safetensors');
    writeFileSync(path, file);
    for (const read of [() => readSafetensorsFile(path), () => readSafetensors(file, path)]) {
      expect(read).toThrow(SafetensorsError);
      expect(read).toThrow(message);
      expect(read).toThrow(`${path}: expected `);
    }
  });

  it('is refused or read, never anything else, whatever byte is changed', () => {
    const file = fileOf([{ name: 'dense1.weight', shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }], { step: '3' });
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, value, length) => {
        const damaged = Buffer.from(file);
        damaged[at] = value;
        const cut = damaged.subarray(0, length);
        try {
          readSafetensors(cut);
        } catch (error) {
          expect(error).toBeInstanceOf(SafetensorsError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('costs no time or memory for a header of deep nesting', () => {
    expect(() => readSafetensors(fileWith(`{"a":${'['.repeat(1_000_000)}`))).toThrow(SafetensorsError);
  });
});
