import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { readSamples } from '#src/data/inspect.js';
import type { TokenizedTextPreprocessing } from '#src/data/tokenized-text.js';
import { openTokenizer, restoreTokenizer } from '#src/data/tokenizer.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const PATH = `${process.cwd()}/test/fixtures/tokenizer.json`;
const json = readFileSync(PATH, 'utf8');
/** By the Python package tokenizers. */
const cases = JSON.parse(readFileSync('test/fixtures/tokenizer-ids.json', 'utf8')) as { text: string; ids: number[] }[];
interface TokenizerFile {
  model: { type: string; vocab: Record<string, number> };
  pre_tokenizer: { type: string };
}
const tokenizer = openTokenizer(PATH);

describe('openTokenizer', () => {
  it.each(cases.map(({ text, ids }) => [JSON.stringify(text.slice(0, 40)), text, ids] as const))(
    'gives the ids that the Python package gives, and the text back: %s',
    (_, text, ids) => {
      expect([...tokenizer.encode(text)]).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
    },
  );

  it('gives any text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        // A half of a surrogate pair is no text.
        fc.pre(Buffer.from(text).toString() === text);
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it('has 256 bytes, 255 merges and one special token', () => {
    expect(tokenizer.size).toBe(512);
    expect(tokenizer.stored.sha256).toBe(createHash('sha256').update(json).digest('hex'));
    expect(tokenizer.stored.library).toMatch(/^@huggingface\/tokenizers \d+\.\d+\.\d+$/);
  });

  const other = (change: (file: TokenizerFile) => void) => {
    const file = JSON.parse(json) as TokenizerFile;
    change(file);
    return JSON.stringify(file);
  };
  it.each<[string, string, string]>([
    [
      'Unigram',
      other(({ model }) => (model.type = 'Unigram')),
      'expected a tokenizer with a model of type BPE, got "Unigram"; use the tokenizer.json of a model with byte-level BPE',
    ],
    ['WordLevel', other(({ model }) => (model.type = 'WordLevel')), 'got "WordLevel"'],
    ['no model', '{}', 'expected a tokenizer with a model of type BPE, got none'],
    ['null', 'null', 'expected a tokenizer with a model of type BPE, got none'],
    [
      'BPE of characters',
      other((file) => (file.pre_tokenizer = { type: 'Whitespace' })),
      'expected a pre_tokenizer of type ByteLevel, got another one',
    ],
    ['ids that are none', other(({ model }) => (model.vocab.a = 1.5)), 'expected ids from 0 to 16777215, got 1.5'],
    [
      'a vocabulary without a byte',
      other(({ model }) => delete model.vocab.q),
      'expected a vocabulary with all 256 bytes, got one without "q"',
    ],
    ['what is no JSON', 'vocab', 'expected a tokenizer.json, got Unexpected token'],
  ])('refuses %s', (_, content, message) => {
    const path = write('tokenizer.json', content);
    expect(() => openTokenizer(path)).toThrow(`${path}: expected `);
    expect(() => openTokenizer(path)).toThrow(message);
  });
});

describe('source: text with a tokenizer', () => {
  const text = cases[cases.length - 1].text;
  const ids = cases[cases.length - 1].ids;
  const options = { source: 'text', file: 'text.txt', tokenizer: PATH, length: 16 };
  const open = (more: object = {}) => {
    write('text.txt', text);
    return openDataset(dataSchema.parse({ ...options, ...more }), 1, folder);
  };

  it('makes windows of tokens whose targets are one token on, parts apart', () => {
    const dataset = open({ stride: 10, test: 0.2 });
    const samples = readSamples(dataset);
    expect(dataset.spec.input).toEqual({ shape: [16], storage: 'i32', divisor: 1, classes: 512 });
    const testStart = ids.length - Math.floor(0.2 * ids.length);
    for (const [part, first] of [
      ['train', 0],
      ['test', testStart],
    ] as const) {
      for (const [i, id] of dataset.parts[part].entries()) {
        const start = first + 10 * i;
        expect([...samples.inputs.subarray(16 * id, 16 * id + 16)]).toEqual(ids.slice(start, start + 16));
        expect([...samples.targets.subarray(16 * id, 16 * id + 16)]).toEqual(ids.slice(start + 1, start + 17));
        if (part === 'train') expect(start + 16).toBeLessThan(testStart);
      }
    }
    expect(dataset.sampleName(2)).toBe(`${folder}/text.txt: the window at token 20`);
  });

  it('stores the tokenizer whole: what was stored decodes, and a changed one is refused', () => {
    const stored = JSON.parse(JSON.stringify(open().preprocessing)) as TokenizedTextPreprocessing;
    expect(stored).toMatchObject({ kind: 'tokenizedText', length: 16 });
    expect(restoreTokenizer(stored.tokenizer, 'preprocessing.json').decode(ids)).toBe(text);
    const changed = { ...stored.tokenizer, json: `${stored.tokenizer.json} ` };
    expect(() => restoreTokenizer(changed, 'preprocessing.json')).toThrow(
      'preprocessing.json: expected a tokenizer of sha256',
    );
  });

  it('refuses windows of no length, texts that are too short, lines', () => {
    expect(() => open({ length: undefined })).toThrow(
      'data.length: expected how many tokens a window has, got nothing',
    );
    expect(() => open({ length: 5000 })).toThrow(
      /expected at least 5001 tokens for a window of the train part, got 1985 tokens of 1985/,
    );
    expect(dataSchema.safeParse({ ...options, unit: 'lines' }).error?.issues[0].message).toBe(
      'none where unit is lines',
    );
    expect(() => open({ tokenizer: 'none.json' })).toThrow(
      `${folder}/none.json: expected a tokenizer.json, got no such file`,
    );
  });
});
