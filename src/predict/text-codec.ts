// How a text became tokens → prompts to tokens, and tokens back to text. Coordinator.
import { DataError } from '../data/data-error.ts';
import type { TextPreprocessing } from '../data/text.ts';
import type { TokenizedTextPreprocessing } from '../data/tokenized-text.ts';
import { restoreTokenizer } from '../data/tokenizer.ts';

/** What generation knows of a model's text. */
export interface TextCodec {
  unit: 'windows' | 'lines';
  /** Tokens of the model's window. */
  length: number;
  /** Tokens that there are. */
  size: number;
  /** What a prompt begins a text with; one token at least. @throws DataError for a prompt that cannot begin one */
  start(prompt: string): number[];
  decode(tokens: readonly number[]): string;
}

/** The first token of lines, and what stands behind their ends. */
export const LINE_START = 0;
export const LINE_END = 1;

/** Characters as tokens. */
export function characterCodec({ unit, length, vocabulary }: TextPreprocessing): TextCodec {
  const tokenOf = new Map(vocabulary.map((symbol, token) => [symbol, token]));
  const start = (prompt: string): number[] => {
    const tokens = Array.from(prompt, (character, at) => {
      const token = tokenOf.get(character);
      const isText = token !== undefined && (unit === 'windows' || token > LINE_END);
      if (isText) return token;
      const trained = unit === 'lines' ? 'lines' : 'text';
      const expected = `a character of the ${trained} that ${unit === 'lines' ? 'were' : 'was'} trained on`;
      throw new DataError(`prompt: character ${at + 1}`, expected, JSON.stringify(character), 'leave it out');
    });
    if (unit === 'lines') {
      if (tokens.length < length) return [LINE_START, ...tokens];
      throw new DataError(
        'prompt',
        `at most ${length - 1} characters, as lines have`,
        `${tokens.length}`,
        'shorten it',
      );
    }
    // A text without a beginning begins as a paragraph does, where there are any.
    return tokens.length > 0 ? tokens : [tokenOf.get('\n') ?? 0];
  };
  const decode = (tokens: readonly number[]): string => tokens.map((token) => vocabulary[token]).join('');
  return { unit, length, size: vocabulary.length, start, decode };
}

/** Tokens of the tokenizer that the run keeps. @throws DataError as `restoreTokenizer` does */
export function tokenizerCodec({ length, tokenizer }: TokenizedTextPreprocessing, where: string): TextCodec {
  const { size, encode, decode } = restoreTokenizer(tokenizer, where);
  const start = (prompt: string): number[] => {
    const tokens = [...encode(prompt === '' ? '\n' : prompt)];
    return tokens.length > 0 ? tokens : [0];
  };
  return { unit: 'windows', length, size, start, decode };
}
