import { readFileSync, utimesSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { openNpy, openNpz } from '#src/data/npy-file.js';
import { ElementWriter } from '#src/data/sample-array.js';
import { npyBytes } from './npy-bytes.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();

/** Written by NumPy, with what its `astype(float32)` gives. */
interface Fixture {
  good: { name: string; file: string; shape: number[]; values: number[] }[];
  refused: Record<string, string>;
  archives: { files: Record<'stored' | 'deflated', string>; x: number[]; y: number[]; xt: number[] };
}
const fixture = JSON.parse(readFileSync('test/fixtures/arrays.json', 'utf8')) as Fixture;
const decode = (base64: string) => Buffer.from(base64, 'base64');
const openBytes = (bytes: Uint8Array) => openNpy(write('array.npy', bytes));

describe('openNpy', () => {
  it.each(fixture.good.map((one) => [one.name, one] as const))('reads what NumPy wrote: %s', (_, one) => {
    const array = openBytes(decode(one.file));
    expect(array.shape).toEqual(one.shape);
    const out = new Float32Array(new SharedArrayBuffer(4 * one.values.length));
    for (let time = 0; time < 2; time++) {
      out.fill(-1);
      array.read(out);
      expect([...out]).toEqual(one.values);
    }
    if (!/^[ui]\d/.test(one.name) && !one.name.startsWith('?')) return;
    const whole = new Int32Array(one.values.length);
    array.read(whole);
    expect([...whole]).toEqual(one.values);
  });

  it.each<[string, string]>([
    [
      'objects',
      'elements of bool, (u)int8 to 64, float32 or float64, got Python objects, which could run code; convert',
    ],
    ['fields', "got fields [('a', '<f4'), ('b', '<i4')]"],
    ['texts', "got '<U2'"],
    ['float16', "got float16; convert it, as in x.astype('float32')"],
    ['complex', "got '<c16'"],
    ['nothing', 'at least one sample of at least one element, got shape (0, 3)'],
    ['a scalar', 'at least one sample of at least one element, got shape ()'],
  ])('refuses %s', (name, message) => {
    expect(() => openBytes(decode(fixture.refused[name]))).toThrow(`${folder}/array.npy: expected `);
    expect(() => openBytes(decode(fixture.refused[name]))).toThrow(message);
  });

  it.each<[string, string]>([
    ['not finite', '[1, 0]: expected a finite number that float32 can hold, got NaN; correct it'],
    ['not finite, column-major', '[0, 1]: expected a finite number that float32 can hold, got Infinity'],
    ['too large', '[1]: expected a finite number that float32 can hold, got 1e+39'],
  ])('names the element that is %s', (name, message) => {
    const array = openBytes(decode(fixture.refused[name]));
    expect(() => array.read(new Float32Array(4).subarray(0, name === 'too large' ? 2 : 4))).toThrow(
      `${folder}/array.npy${message}`,
    );
  });

  const whole = npyBytes('<f4', [2, 3], new Float32Array(6));
  const header = (text: string) => npyBytes('<f4', [1], new Float32Array(1), text);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'an array as numpy.save writes it, got nothing'],
    ['another file', Buffer.from('PK\x03\x04 a zip'), 'starts with the bytes 93 4e 55 4d 50 59, got 50 4b 03 04 20 61'],
    ['version 4', Uint8Array.from(whole, (byte, i) => (i === 6 ? 4 : byte)), 'format version 1, 2 or 3, got 4'],
    ['a truncated header', whole.subarray(0, 40), 'a header of 128 bytes, got 40 (truncated)'],
    ['a truncated end', whole.subarray(0, -1), '152 bytes for shape (2, 3), got 151 (truncated)'],
    [
      'a byte too many',
      Buffer.concat([whole, Buffer.of(0)]),
      '152 bytes for shape (2, 3), got 153 (with trailing bytes)',
    ],
    ['a header that is code', header('__import__("os").system("x")'), "a header such as {'descr': '<f4'"],
    ['a header without shape', header("{'descr': '<f4', 'fortran_order': False, 'a': 'b'}"), 'a header such as'],
    [
      'more than fits',
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999)}"),
      'at most 4 GiB of samples, got shape (99999999, 99999999)',
    ],
    [
      'a size that no number holds',
      header(`{'descr': '<f4', 'fortran_order': False, 'shape': (${'9'.repeat(400)},)}`),
      'at most 4 GiB of samples, got shape (Infinity)',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => openBytes(bytes)).toThrow(message);
  });

  it('takes the keys of a header in any order', () => {
    const array = openBytes(
      npyBytes('<f4', [2], Float32Array.of(1, 2), "{'shape':(2,),'fortran_order':False,'descr':'<f4'}"),
    );
    const out = new Float32Array(2);
    array.read(out);
    expect([...out]).toEqual([1, 2]);
  });

  it('refuses to read a file that was written again since it was opened', () => {
    const array = openBytes(whole);
    utimesSync(write('array.npy', whole), 1, 1);
    expect(() => array.read(new Float32Array(6))).toThrow('expected the file as it was opened, got another content');
  });

  it('reads column-major arrays in pieces as it reads them at once', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 40 }), (shape, piece) => {
        const elements = shape.reduce((product, size) => product * size, 1);
        // The element at indices i has the number of its row-major place; the places in column-major order by hand.
        const columnMajor: number[] = [];
        const visit = (axis: number, place: number): void => {
          if (axis < 0) return void columnMajor.push(place);
          for (let i = 0; i < shape[axis]; i++) visit(axis - 1, place + i * strides[axis]);
        };
        const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
        visit(shape.length - 1, 0);
        const out = new Float32Array(elements).fill(-1);
        const writer = new ElementWriter({ where: 'x', type: 'f4', shape }, out, true);
        for (let at = 0; at < elements; at += piece) writer.write(columnMajor.slice(at, at + piece));
        expect([...out]).toEqual([...Array(elements).keys()]);
      }),
    );
  });

  it('reads arrays that are larger than one piece as those that are not', () => {
    const values = Float64Array.from({ length: 3 * (1 << 19) + 5 }, (_, i) => i / 8);
    const out = new Float32Array(values.length);
    openBytes(npyBytes('<f8', [values.length], values)).read(out);
    expect(out.every((value, i) => value === values[i])).toBe(true);
  });
});

describe('openNpz', () => {
  const { files, x, y, xt } = fixture.archives;

  it.each(['stored', 'deflated'] as const)('reads what NumPy wrote, %s', (kind) => {
    const path = write(`${kind}.npz`, decode(files[kind]));
    const [first, labels, test] = openNpz(path, ['x', 'y', 'x_test']);
    const [a, b, c] = [new Float32Array(30), new Int32Array(5), new Float32Array(12)];
    first.read(a);
    labels.read(b);
    test.read(c);
    expect([[...a], [...b], [...c]]).toEqual([x, y, xt]);
    expect(first.where).toBe(`${path}: x`);
  });

  it('names the arrays that there are', () => {
    const path = write('stored.npz', decode(files.stored));
    expect(() => openNpz(path, ['z'])).toThrow(
      `${path}: expected the name of one of its arrays (x, y, x_test, y_test), got "z", of 0; correct the name`,
    );
  });

  it.each(['stored', 'deflated'] as const)('finds any changed bit of the numbers, %s', (kind) => {
    const good = decode(files[kind]);
    // The first member's data: behind its local header (30 bytes, its name, its extra field).
    const start = 30 + good.readUInt16LE(26) + good.readUInt16LE(28);
    const length = kind === 'stored' ? 128 + 120 : good.readUInt32LE(good.indexOf('PK\x01\x02') + 20);
    fc.assert(
      fc.property(fc.nat(8 * length - 1), (bit) => {
        const damaged = Buffer.from(good);
        damaged[start + (bit >>> 3)] ^= 1 << (bit & 7);
        const path = write('damaged.npz', damaged);
        const out = new Float32Array(30);
        try {
          openNpz(path, ['x'])[0].read(out);
        } catch (error) {
          expect((error as Error).message).toMatch(/expected .*, got .*; /);
          return;
        }
        // The last bits of a deflated member mean nothing.
        expect([kind, [...out]]).toEqual(['deflated', x]);
      }),
    );
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'a zip file with its directory at the end'],
    ['a file without directory', decode(files.stored).subarray(0, -30), 'a zip file with its directory at the end'],
    ['an array that is no zip', npyBytes('<f4', [1], new Float32Array(1)), 'a zip file with its directory at the end'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => openNpz(write('bad.npz', bytes), ['x'])).toThrow(message);
  });
});

describe('source: npy and npz', () => {
  const open = (options: Record<string, unknown>) => openDataset(dataSchema.parse(options), 1, folder);
  const fill = ({ spec, fill: fillAll }: ReturnType<typeof open>) => {
    const [inputs, targets] = [spec.input, spec.target].map(({ storage, shape = [] }) => {
      const elements = shape.reduce((product, size) => product * size, spec.samples);
      return { u8: new Uint8Array(elements), i32: new Int32Array(elements), f32: new Float32Array(elements) }[storage];
    });
    fillAll(inputs, targets);
    return { inputs: [...inputs], targets: [...targets] };
  };
  const put = (
    name: string,
    descr: string,
    shape: number[],
    values: ArrayLike<number>,
    type: { from(values: ArrayLike<number>): ArrayBufferView } = Float32Array,
  ) => write(name, npyBytes(descr, shape, type.from(values)));

  it('makes bytes of uint8, float32 of the rest, and classes of whole targets', () => {
    put('x.npy', '|u1', [3, 2, 2], [...Array(12).keys()], Uint8Array);
    put(
      'y.npy',
      '<i8',
      [3],
      [0, 2, 1].flatMap((label) => [label, 0]),
      Int32Array,
    );
    const dataset = open({ source: 'npy', inputs: 'x.npy', targets: 'y.npy', divisor: 255, shape: [1, 2, 2] });
    expect(dataset.spec).toEqual({
      name: 'npy',
      samples: 3,
      input: { shape: [1, 2, 2], storage: 'u8', divisor: 255 },
      target: { kind: 'class', storage: 'u8', classes: 3 },
    });
    expect(fill(dataset)).toEqual({ inputs: [...Array(12).keys()], targets: [0, 2, 1] });
    expect(dataset.sampleName(1)).toBe(`${folder}/x.npy[1]`);
  });

  it('makes values of float targets, and keeps the test part apart', () => {
    write('all.npz', decode(fixture.archives.files.stored));
    const names = { targetArray: 'x', testInputArray: 'x_test', testTargetArray: 'x_test' };
    const dataset = open({ source: 'npz', file: 'all.npz', inputArray: 'x', ...names });
    expect(dataset.spec.target).toEqual({ kind: 'values', storage: 'f32', shape: [6] });
    expect([...dataset.parts.test]).toEqual([5, 6]);
    const { x, xt } = fixture.archives;
    expect(fill(dataset)).toEqual({ inputs: [...x, ...xt], targets: [...x, ...xt] });
    expect(dataset.sampleName(6)).toBe(`${folder}/all.npz: x_test[1]`);
  });

  it('makes token ids of whole inputs where data.tokens says so, with a label for each', () => {
    put('x.npy', '<i4', [2, 3], [0, 4, 2, 3, 1, 0], Int32Array);
    const dataset = open({ source: 'npy', inputs: 'x.npy', targets: 'x.npy', tokens: 5, classes: 5 });
    expect(dataset.spec).toMatchObject({
      input: { shape: [3], storage: 'i32', classes: 5 },
      target: { kind: 'class', classes: 5, shape: [3] },
    });
    expect(fill(dataset).inputs).toEqual([0, 4, 2, 3, 1, 0]);
    const small = open({ source: 'npy', inputs: 'x.npy', targets: 'x.npy', tokens: 4 });
    expect(() => fill(small)).toThrow(`${folder}/x.npy[0, 1]: expected a token from 0 to 3, got 4; correct it`);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['targets of other samples', { targets: 'y2.npy' }, 'y2.npy: expected 3 targets, one for each sample of'],
    ['a negative label', { targets: 'negative.npy' }, 'negative.npy[1]: expected a label of 0 or more, got -1'],
    ['a label that is no whole number', { targets: 'f.npy', task: 'classification' }, 'f.npy[1]: expected a whole'],
    ['a label beyond the classes', { classes: 2 }, 'y3.npy[1]: expected a label below 2 classes, got 2'],
    ['a shape of other size', { shape: [5] }, 'data.shape: expected as many elements as a sample of'],
    ['tokens of floats', { tokens: 7 }, 'x3.npy: expected whole numbers, as data.tokens is set, got f4'],
    [
      'test samples of another shape',
      { testInputs: 'wide.npy', testTargets: 'y2.npy' },
      'expected samples of shape (2)',
    ],
    ['a file that is not there', { inputs: 'none.npy' }, 'none.npy: expected a .npy file, got no such file'],
  ])('refuses %s', (_, options, message) => {
    put('x3.npy', '<f4', [3, 2], [1, 2, 3, 4, 5, 6]);
    put('y3.npy', '<i4', [3], [0, 2, 1], Int32Array);
    put('y2.npy', '<i4', [2], [0, 1], Int32Array);
    put('negative.npy', '<i4', [3], [0, -1, 1], Int32Array);
    put('f.npy', '<f4', [3], [0, 0.5, 1]);
    put('wide.npy', '<f4', [2, 3], [1, 2, 3, 4, 5, 6]);
    expect(() => open({ source: 'npy', inputs: 'x3.npy', targets: 'y3.npy', ...options })).toThrow(message);
  });
});

it('the checksums of members are the usual ones', () => {
  // From the .ZIP specification's polynomial: the check value of "123456789".
  expect(crc32('123456789')).toBe(0xcbf43926);
});
