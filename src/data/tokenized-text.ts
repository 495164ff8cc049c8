// A text and a tokenizer.json → a source of windows of tokens, to predict the next token of; coordinator.

import { DataError } from './data-error.ts';
import type { Source } from './source.ts';
import { planWindows, readText, type TextOptions } from './text.ts';
import type { StoredTokenizer, TextTokenizer } from './tokenizer.ts';

/** How text became tokens; `restoreTokenizer` makes a tokenizer of it again. */
export interface TokenizedTextPreprocessing {
  kind: 'tokenizedText';
  length: number;
  tokenizer: StoredTokenizer;
}

/**
 * Opens a text, plain or gzip, in UTF-8, as the tokens of all of it; windows, parts and what is left over are those of a text of characters,
 * with tokens in their place.
 *
 * @throws DataError for a text without a window for every part, and for one that the tokenizer cannot take
 */
export function openTokenizedText(path: string, tokenizer: TextTokenizer, options: TextOptions): Source {
  const { length, stride = length } = options;
  if (length === undefined || stride === undefined)
    throw new DataError('data.length', 'how many tokens a window has', 'nothing', 'add data.length, such as 64');
  const tokens = tokenizer.encode(readText(path));
  const { starts, parts } = planWindows(path, tokens.length, { ...options, length, stride }, 'tokens');
  const preprocessing = { kind: 'tokenizedText', length, tokenizer: tokenizer.stored } as const;
  return {
    name: 'text',
    input: { shape: [length], storage: 'i32', divisor: 1, classes: tokenizer.size },
    target: { kind: 'class', storage: 'i32', classes: tokenizer.size, shape: [length] },
    splitSamples: starts.length,
    testSamples: 0,
    parts,
    sampleName: (id) => `${path}: the window at token ${starts[id]}`,
    fit: () => ({ preprocessing: preprocessing satisfies TokenizedTextPreprocessing }),
    fill(inputs, targets) {
      for (const [sample, start] of starts.entries()) {
        inputs.set(tokens.subarray(start, start + length), sample * length);
        targets.set(tokens.subarray(start + 1, start + length + 1), sample * length);
      }
    },
  };
}
