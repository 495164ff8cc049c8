import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '#src/data/data-error.js';
import { openIdxSource } from '#src/data/idx.js';
import { openIdxFile } from '#src/data/idx-file.js';
import { idxBytes } from './idx-bytes.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();

describe('openIdxFile', () => {
  it('reads back what was written, plain and gzip, into shared memory', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.boolean(), fc.infiniteStream(fc.nat(255)), (dimensions, isGzip, bytes) => {
        const elements = dimensions.reduce((product, size) => product * size, 1);
        const expected = Uint8Array.from({ length: elements }, () => bytes.next().value);
        const content = idxBytes(dimensions, expected);
        const file = openIdxFile(write('round-trip', isGzip ? gzipSync(content) : content));
        expect(file).toMatchObject({ dimensions, elements });
        // Twice: a gzip file's content is dropped after the first time.
        for (let time = 0; time < 2; time++) {
          const out = new Uint8Array(new SharedArrayBuffer(elements));
          file.read(out);
          expect([...out]).toEqual([...expected]);
        }
      }),
    );
  });

  const whole = idxBytes([3, 2], [1, 2, 3, 4, 5, 6]);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'expected an IDX file, got an empty file; fetch the file again'],
    ['3 bytes', whole.subarray(0, 3), 'an IDX file, which starts with the bytes 00 00, got 00 00 08; name an IDX file'],
    [
      'another magic',
      Buffer.from('PNG image'),
      'an IDX file, which starts with the bytes 00 00, got 50 4e 47 20; name an IDX',
    ],
    [
      'float32 elements',
      idxBytes([1], [0, 0, 0, 0], 13),
      'unsigned bytes (IDX type 0x08), got float32; write the file as bytes',
    ],
    ['an unknown type', idxBytes([1], [0], 7), 'unsigned bytes (IDX type 0x08), got type 0x07'],
    ['no dimension', idxBytes([], []), 'at least 1 dimension, got 0; fetch the file again'],
    [
      'a truncated header',
      whole.subarray(0, 9),
      'a header of 12 bytes for 2 dimensions, got 9 bytes; fetch the file again',
    ],
    ['a dimension of 0', idxBytes([0, 28], []), 'at least one sample of at least one element, got 0×28'],
    ['a truncated end', whole.subarray(0, -1), '18 bytes for dimensions 3×2, got 17 (truncated); fetch the file again'],
    [
      'a byte too many',
      Buffer.concat([whole, Buffer.from([0])]),
      '18 bytes for dimensions 3×2, got 19 (with trailing bytes)',
    ],
    [
      'more than fits',
      idxBytes([65_535, 65_535, 2], []),
      'at most 4 GiB of samples, got 65535×65535×2 bytes; fetch the file again',
    ],
    [
      'a truncated gzip',
      gzipSync(whole).subarray(0, -10),
      'a whole gzip file, got unexpected end of file; fetch the file again',
    ],
    ['gzip of a truncated end', gzipSync(whole.subarray(0, -1)), '18 bytes for dimensions 3×2, got 17 (truncated)'],
    [
      'gzip of a byte too many',
      gzipSync(Buffer.concat([whole, Buffer.from([0])])),
      '18 bytes for dimensions 3×2, got 19 (with trailing bytes)',
    ],
    [
      'gzip of many bytes too many',
      gzipSync(Buffer.concat([whole, Buffer.alloc(1000)])),
      '18 decompressed bytes for dimensions 3×2, got more (with trailing bytes)',
    ],
    [
      'a gzip that promises 4 GiB',
      gzipSync(idxBytes([65_535, 65_535], [1])),
      'compressed bytes, which hold far fewer; fetch',
    ],
    ['gzip that is none', Buffer.from([0x1f, 0x8b, 9, 9, 9]), 'a whole gzip file, got '],
  ])('refuses %s', (name, content, message) => {
    const path = write(name.replaceAll(' ', '-'), content);
    expect(() => openIdxFile(path)).toThrow(DataError);
    expect(() => openIdxFile(path)).toThrow(`${path}: expected `);
    expect(() => openIdxFile(path)).toThrow(message);
  });

  it('refuses what is no file, with the path', () => {
    expect(() => openIdxFile(`${folder}/none`)).toThrow(
      `${folder}/none: expected an IDX file, got no such file; check the path`,
    );
    expect(() => openIdxFile(folder)).toThrow(`${folder}: expected an IDX file, got a directory; name the file itself`);
  });

  it('refuses to read a file that was replaced since it was opened', () => {
    const path = write('replaced', whole);
    const file = openIdxFile(path);
    write('replaced', idxBytes([2, 3], [1, 2, 3, 4, 5, 6]));
    const out = new Uint8Array(6);
    expect(() => file.read(out)).toThrow(`${path}: expected the file as it was opened, got another content`);
    expect(out.every((byte) => byte === 0)).toBe(true);
  });
});

describe('openIdxSource', () => {
  const options = { name: 'idx', divisor: 255 };
  const images = write('images', idxBytes([3, 2, 2], [...Array(12).keys()]));
  const labels = write('labels', idxBytes([3], [2, 0, 1]));
  const testImages = write('test-images', gzipSync(idxBytes([2, 2, 2], [...Array(8).fill(7)])));
  const testLabels = write('test-labels', idxBytes([2], [4, 1]));

  it('puts test samples behind the others and counts the classes of both', () => {
    const source = openIdxSource({ images, labels, testImages, testLabels }, options);
    expect(source).toMatchObject({
      input: { shape: [1, 2, 2], storage: 'u8', divisor: 255 },
      target: { kind: 'class', storage: 'u8', classes: 5 },
      splitSamples: 3,
      testSamples: 2,
    });
    const inputs = new Uint8Array(20);
    const targets = new Uint8Array(5);
    source.fill(inputs, targets);
    expect([...inputs]).toEqual([...Array(12).keys(), ...Array(8).fill(7)]);
    expect([...targets]).toEqual([2, 0, 1, 4, 1]);
  });

  it.each([
    [[3, 4], [4]],
    [
      [3, 2, 2],
      [1, 2, 2],
    ],
    [
      [3, 1, 2, 2],
      [1, 2, 2],
    ],
  ])('takes dimensions %j as images of shape %j', (dimensions, shape) => {
    const file = write('shaped', idxBytes(dimensions, Array(12).fill(0)));
    expect(openIdxSource({ images: file, labels }, options).input.shape).toEqual(shape);
  });

  it('names the label that lies outside of the classes, in the file where it is', () => {
    expect(() => openIdxSource({ images, labels }, { ...options, classes: 2 })).toThrow(
      `${labels}: label 0: expected a label below 2 classes, got 2; correct the label or raise classes`,
    );
    expect(() => openIdxSource({ images, labels, testImages, testLabels }, { ...options, classes: 3 })).toThrow(
      `${testLabels}: label 0: expected a label below 3 classes, got 4; correct the label or raise classes`,
    );
  });

  it('refuses labels of which there is only one', () => {
    const zeros = write('zeros', idxBytes([3], [0, 0, 0]));
    expect(() => openIdxSource({ images, labels: zeros }, options)).toThrow(
      `${zeros}: label 0: expected labels of at least 2 classes, got 0 and no other; name another file`,
    );
  });

  it('refuses files that do not belong together', () => {
    expect(() => openIdxSource({ images, labels: testLabels }, options)).toThrow(
      `${testLabels}: expected 3 labels, one for each image of ${images}, got 2; name two files that belong together`,
    );
    expect(() => openIdxSource({ images: labels, labels: images }, options)).toThrow(
      `${labels}: expected images (samples × … ) of 2 to 4 dimensions, got 1 (3); are images and labels exchanged?`,
    );
    const wide = write('wide', idxBytes([2, 2, 3], Array(12).fill(0)));
    expect(() => openIdxSource({ images, labels, testImages: wide, testLabels }, options)).toThrow(
      `${wide}: expected test images of the shape 1×2×2, as in ${images}, got 1×2×3; name files of one dataset`,
    );
  });
});
