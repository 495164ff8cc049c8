import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openText, type TextOptions, type TextPreprocessing } from '#src/data/text.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const path = `${folder}/file.txt`;
const WINDOWS = { unit: 'windows', validation: 0, test: 0 } as const;
const LINES = { unit: 'lines', validation: 0, test: 0 } as const;

const open = (content: string | Uint8Array, options: TextOptions) =>
  openText('text', write('file.txt', content), options);

/** Each sample's inputs and targets as texts. */
function read(content: string | Uint8Array, options: TextOptions) {
  const source = open(content, options);
  const [length] = source.input.shape;
  const { vocabulary } = source.fit!(new Uint32Array()).preprocessing as TextPreprocessing;
  const inputs = new Int32Array(source.splitSamples * length).fill(-1);
  const targets = inputs.slice();
  source.fill(inputs, targets);
  const texts = (tokens: Int32Array) =>
    Array.from({ length: source.splitSamples }, (_, sample) =>
      Array.from(tokens.subarray(sample * length, (sample + 1) * length), (token) => vocabulary[token]).join(''),
    );
  return { source, vocabulary, inputs: texts(inputs), targets: texts(targets) };
}

describe('windows of a text', () => {
  it('follow each other, and their targets are one character on', () => {
    const { source, vocabulary, inputs, targets } = read('to be or not', { ...WINDOWS, length: 4 });
    expect(vocabulary).toEqual([' ', 'b', 'e', 'n', 'o', 'r', 't']);
    expect(source.target).toEqual({ kind: 'class', storage: 'i32', classes: 7, shape: [4] });
    expect(inputs).toEqual(['to b', 'e or']);
    expect(targets).toEqual(['o be', ' or ']);
  });

  it('overlap where the stride is smaller', () => {
    expect(read('abcdefg', { ...WINDOWS, length: 4, stride: 1 }).inputs).toEqual(['abcd', 'bcde', 'cdef']);
  });

  it('never share a character between parts, not even as a target, and the test part is the end', () => {
    // Every character is its own code point, so a character says where it stood.
    const sizes = fc.record({
      characters: fc.integer({ min: 60, max: 400 }),
      length: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(sizes, ({ characters, length, stride }) => {
        const text = Array.from({ length: characters }, (_, i) => String.fromCodePoint(0x10000 + i)).join('');
        const options = { ...WINDOWS, length, stride, validation: 0.2, test: 0.1 };
        const { source, inputs, targets } = read(text, options);
        const { train, validation, test } = source.parts!;
        const places = (ids: Uint32Array) =>
          [...ids].flatMap((id) => Array.from(inputs[id] + targets[id], (c) => c.codePointAt(0)! - 0x10000));
        const testStart = characters - Math.floor(characters / 10);
        const validationStart = testStart - Math.floor(characters / 5);
        expect(Math.min(...places(test))).toBe(testStart);
        expect(Math.max(...places(validation))).toBeLessThan(testStart);
        expect(Math.min(...places(validation))).toBe(validationStart);
        expect(Math.max(...places(train))).toBeLessThan(validationStart);
        expect([...train, ...validation, ...test]).toEqual([...Array(source.splitSamples).keys()]);
        // No window more would fit into the training part.
        expect(Math.max(...places(train))).toBeGreaterThanOrEqual(validationStart - stride);
      }),
    );
  });

  it('take gzip, a byte order mark and line ends of two characters', () => {
    expect(read(gzipSync('\ufeffa\r\nb\r\n'), { ...WINDOWS, length: 3 }).inputs).toEqual(['a\nb']);
  });
});

describe('lines of a text', () => {
  it('begin with padding, end with the line feed, and are filled up with padding', () => {
    const { source, vocabulary, inputs, targets } = read('Ann\n\nBo\r\nann', LINES);
    expect(vocabulary).toEqual(['\0', '\n', 'A', 'B', 'a', 'n', 'o']);
    expect(inputs).toEqual(['\0Ann', '\0Bo\0', '\0ann']);
    expect(targets).toEqual(['Ann\n', 'Bo\n\0', 'ann\n']);
    expect(source.sampleName!(1)).toBe(`${path}:3`);
  });
});

describe('what openText refuses', () => {
  it.each<[string, string | Uint8Array, TextOptions, string]>([
    ['an empty file', '', { ...WINDOWS, length: 2 }, `${path}: expected a text file, got an empty file`],
    [
      'windows of no length',
      'abc',
      WINDOWS,
      'data.length: expected how many characters a window has, got nothing; add',
    ],
    [
      'a text shorter than a window',
      'abc',
      { ...WINDOWS, length: 3 },
      `${path}: expected at least 4 characters for a window of the train part, got 3 characters of 3; lower data.length`,
    ],
    [
      'a part shorter than a window',
      'abcdefghij',
      { ...WINDOWS, length: 3, test: 0.2 },
      'data.test: expected at least 4 characters for a window of the test part, got 2 characters of 10',
    ],
    [
      'bytes that are no UTF-8',
      Buffer.from('ab\ncaf\u00e9', 'latin1'),
      { ...WINDOWS, length: 3 },
      `${path}:2: expected text in UTF-8`,
    ],
    [
      'lines that are too long',
      'ab\nabc',
      { ...LINES, length: 3 },
      `${path}:2: expected at most 2 characters, as data.length is 3, got 3`,
    ],
    ['blank lines alone', '\n\n', LINES, `${path}: expected at least one line, got none`],
  ])('%s', (_, content, options, message) => {
    expect(() => open(content, options)).toThrow(message);
  });
});
