// A text → a source of windows of characters, or of its lines, to predict the next character of; coordinator.

import { DataError } from './data-error.ts';
import type { Inputs, Parts, Source, Targets } from './source.ts';
import { readTextFile } from './text-file.ts';
import { checkUtf8 } from './utf8.ts';

/** How a text becomes samples. */
export interface TextOptions {
  /** `windows`: stretches of `length` characters; `lines`: each line on its own. */
  unit: 'windows' | 'lines';
  /** Characters of a sample; of lines, where nothing is said, as many as the longest needs. */
  length?: number;
  /** From the start of a window to that of the next; `length` where nothing is said. */
  stride?: number;
  validation: number;
  test: number;
  /** The tokens of a model that is there already; those of the text itself where nothing is said. */
  vocabulary?: readonly string[];
}

/** How characters became tokens: the token of a character is its place in the vocabulary. */
export interface TextPreprocessing {
  kind: 'text';
  unit: 'windows' | 'lines';
  length: number;
  vocabulary: string[];
}

const EXPECTED = 'a text file';

/** The first token of every line, and what follows behind its end: it is no character of a text. */
export const PADDING = '\u0000';

/**
 * Opens a text, plain or gzip, in UTF-8; a carriage return before a line feed is dropped. The vocabulary is all of the text's characters
 * in the order of their code points, so that the parts have the same.
 *
 * - `windows`: the last `test` of the characters are the test part, the `validation` before them the validation part; the windows of a part,
 *   their targets included, lie in it. What is left at a part's end is shorter than a window and not used.
 * - `lines`: a line is a sample. It begins with a token of its own (0) and ends with the line feed (1); what is left of the `length` is
 *   token 0 again, as input and as target: `ignoreIndex: 0` leaves it out of the loss. Empty lines are no samples.
 *
 * @throws DataError for a text without a window for every part, and for lines that are too long
 */
export function openText(name: string, path: string, options: TextOptions): Source {
  const characters = readCharacters(path);
  return options.unit === 'lines'
    ? openLines(name, path, characters, options)
    : openWindows(name, path, characters, options);
}

/** Its code points: a character beyond 16 bits is one token. */
function readCharacters(path: string): string[] {
  return Array.from(readText(path));
}

/** A whole text, without a byte order mark; lines end with a line feed. @throws DataError for what is no text in UTF-8 */
export function readText(path: string): string {
  const bytes = readTextFile(path, EXPECTED);
  checkUtf8(path, bytes);
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n');
}

function openWindows(name: string, path: string, characters: string[], options: TextOptions): Source {
  const { length, stride = length } = options;
  if (length === undefined || stride === undefined) {
    throw new DataError('data.length', 'how many characters a window has', 'nothing', 'add data.length, such as 64');
  }
  const vocabulary = [...(options.vocabulary ?? sortedSymbols(characters))];
  const tokens = toTokens(path, characters, vocabulary);
  const { starts, parts } = planWindows(path, characters.length, { ...options, length, stride });
  return tokenSource(
    name,
    { unit: 'windows', length, vocabulary },
    starts.length,
    (inputs, targets) => {
      for (const [sample, start] of starts.entries()) {
        inputs.set(tokens.subarray(start, start + length), sample * length);
        targets.set(tokens.subarray(start + 1, start + length + 1), sample * length);
      }
    },
    { parts, sampleName: (id) => `${path}: the window at character ${starts[id]}` },
  );
}

/** Where each window starts: those of the training part first, then those to validate, then those to test. */
export function planWindows(
  path: string,
  characters: number,
  { length, stride, validation, test }: Required<Omit<TextOptions, 'vocabulary'>>,
  unit: 'characters' | 'tokens' = 'characters',
): { starts: number[]; parts: Parts } {
  // See partCount in split.ts: 0.29 is meant as it is written.
  const testStart = characters - Math.floor(test * characters + 1e-6);
  const validationStart = testStart - Math.floor(validation * characters + 1e-6);
  const starts: number[] = [];
  const part = (key: 'train' | 'validation' | 'test', isAsked: boolean, from: number, to: number) => {
    const first = starts.length;
    for (let start = from; start + length < to; start += stride) starts.push(start);
    const count = starts.length - first;
    if (isAsked && count === 0) {
      const got = `${to - from} ${unit} of ${characters}`;
      const where = key === 'train' ? path : `data.${key}`;
      const advice = 'lower data.length, or give that part more of the text';
      throw new DataError(where, `at least ${length + 1} ${unit} for a window of the ${key} part`, got, advice);
    }
    return Uint32Array.from({ length: count }, (_, i) => first + i);
  };
  const train = part('train', true, 0, validationStart);
  const validated = part('validation', validation > 0, validationStart, testStart);
  return { starts, parts: { train, validation: validated, test: part('test', test > 0, testStart, characters) } };
}

function openLines(name: string, path: string, characters: string[], options: TextOptions): Source {
  const lines = splitLines(characters);
  const longest = lines.reduce((most, line) => Math.max(most, line.characters.length), 0);
  const { length = longest + 1 } = options;
  const tooLong = lines.find((line) => line.characters.length >= length);
  if (lines.length === 0) throw new DataError(path, 'at least one line', 'none', 'check the file');
  if (tooLong !== undefined) {
    const expected = `at most ${length - 1} characters, as data.length is ${length}`;
    throw new DataError(
      `${path}:${tooLong.line}`,
      expected,
      `${tooLong.characters.length}`,
      'raise or remove data.length',
    );
  }
  const vocabulary = [
    ...(options.vocabulary ?? [PADDING, '\n', ...sortedSymbols(lines.flatMap((line) => line.characters))]),
  ];
  const tokens = lines.map((line) => toTokens(path, [...line.characters, '\n'], vocabulary, line.line));
  return tokenSource(
    name,
    { unit: 'lines', length, vocabulary },
    lines.length,
    (inputs, targets) => {
      inputs.fill(0);
      targets.fill(0);
      for (const [sample, line] of tokens.entries()) {
        inputs.set(line.subarray(0, line.length - 1), sample * length + 1);
        targets.set(line, sample * length);
      }
    },
    { sampleName: (id) => `${path}:${lines[id].line}` },
  );
}

function splitLines(characters: readonly string[]): { line: number; characters: string[] }[] {
  const lines: { line: number; characters: string[] }[] = [{ line: 1, characters: [] }];
  for (const character of characters) {
    if (character === '\n') lines.push({ line: lines.length + 1, characters: [] });
    else lines[lines.length - 1].characters.push(character);
  }
  return lines.filter((line) => line.characters.length > 0);
}

function tokenSource(
  name: string,
  preprocessing: Omit<TextPreprocessing, 'kind'>,
  samples: number,
  fill: (inputs: Inputs, targets: Targets) => void,
  others: Pick<Source, 'parts' | 'sampleName'>,
): Source {
  const { length, vocabulary } = preprocessing;
  const classes = vocabulary.length;
  return {
    name,
    input: { shape: [length], storage: 'i32', divisor: 1, classes },
    target: { kind: 'class', storage: 'i32', classes, shape: [length] },
    splitSamples: samples,
    testSamples: 0,
    ...others,
    fit: () => ({ preprocessing: { kind: 'text', ...preprocessing } satisfies TextPreprocessing }),
    fill,
  };
}

function sortedSymbols(characters: readonly string[]): string[] {
  return [...new Set(characters)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
}

function toTokens(
  path: string,
  characters: readonly string[],
  vocabulary: readonly string[],
  firstLine = 1,
): Int32Array {
  const tokenOf = new Map(vocabulary.map((symbol, token) => [symbol, token]));
  const unknown = characters.findIndex((character) => !tokenOf.has(character));
  if (unknown >= 0) throw unknownCharacter(path, characters, unknown, firstLine);
  return Int32Array.from(characters, (character) => tokenOf.get(character)!);
}

function unknownCharacter(path: string, characters: readonly string[], at: number, firstLine: number): DataError {
  const before = characters.slice(0, at);
  const line = firstLine + before.filter((character) => character === '\n').length;
  const column = at - before.lastIndexOf('\n');
  const advice = 'replace it, or train on a text that has it';
  const got = JSON.stringify(characters[at]);
  return new DataError(`${path}:${line}:${column}`, 'a character of the text that was trained on', got, advice);
}
