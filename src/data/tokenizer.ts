// A tokenizer.json, as Hugging Face's tokenizers write it → texts to ids and back; coordinator.

import { createHash } from 'node:crypto';
import { DataError } from './data-error.ts';
import { readInputFile } from './input-file.ts';
import { requirePeer } from './peer.ts';

/** A tokenizer as plain data, for preprocessing.json: generation needs nothing else to read and write text. */
export interface StoredTokenizer {
  /** Of the file's bytes. */
  sha256: string;
  /** The package and version that made the ids. */
  library: string;
  /** The file's text. */
  json: string;
}

/** Texts ⇄ ids of tokens, 0 to size − 1. */
export interface TextTokenizer {
  stored: StoredTokenizer;
  size: number;
  /** Without the special tokens that some models put around a text. @throws DataError where a text has what no token stands for */
  encode(text: string): Int32Array;
  decode(ids: ArrayLike<number>): string;
}

const EXPECTED = 'a tokenizer.json';
const PACKAGE = '@huggingface/tokenizers';
// More than any tokenizer has; a larger id would be a network of another size.
const MOST_TOKENS = 1 << 24;
const MOST_BYTES = 64 << 20;

/** What is read of the file here; the package reads the rest. */
interface TokenizerFile {
  model: { type?: unknown; vocab: Record<string, unknown> };
  pre_tokenizer?: unknown;
  added_tokens?: { id: unknown }[];
}

/**
 * Opens a tokenizer: byte-level BPE, as that of GPT-2 and most models since. Needs the package @huggingface/tokenizers.
 *
 * @param path absolute
 * @throws DataError with the install line where the package is not there; for other files and other kinds of tokenizers
 */
export function openTokenizer(path: string): TextTokenizer {
  const bytes = readInputFile(path, EXPECTED);
  if (bytes.length > MOST_BYTES)
    throw new DataError(
      path,
      `${EXPECTED} of at most ${MOST_BYTES >> 20} MiB`,
      `${bytes.length} bytes`,
      'check the file',
    );
  return makeTokenizer(path, bytes.toString('utf8'), createHash('sha256').update(bytes).digest('hex'));
}

/** The tokenizer that a run was trained with. @throws DataError where it is not the one that was stored, and as openTokenizer does */
export function restoreTokenizer({ sha256, json }: StoredTokenizer, where: string): TextTokenizer {
  const got = createHash('sha256').update(json).digest('hex');
  if (got !== sha256) throw new DataError(where, `a tokenizer of sha256 ${sha256}`, got, 'train the model again');
  return makeTokenizer(where, json, sha256);
}

function makeTokenizer(where: string, json: string, sha256: string): TextTokenizer {
  const file = checkFile(where, json);
  const size = countTokens(where, file);
  const { exports, version } = requirePeer<typeof import('@huggingface/tokenizers')>(PACKAGE, 'data.tokenizer');
  const advice = 'use the tokenizer.json of a model with byte-level BPE';
  const guarded = <T>(what: string, call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      throw new DataError(where, what, (cause as Error).message.split('\n')[0], advice, { cause });
    }
  };
  const tokenizer = guarded('a tokenizer that its package reads', () => new exports.Tokenizer(file, {}));
  return {
    stored: { sha256, library: `${PACKAGE} ${version}`, json },
    size,
    encode(text) {
      const ids: number[] = guarded(
        'a tokenizer that encodes',
        () => tokenizer.encode(text, { add_special_tokens: false }).ids,
      );
      const unknown = ids.findIndex((id) => !(Number.isInteger(id) && id >= 0 && id < size));
      if (unknown >= 0)
        throw new DataError(where, 'a token for each byte of the text', `${ids[unknown]} at ${unknown}`, advice);
      return Int32Array.from(ids);
    },
    decode: (ids) =>
      ids.length === 0
        ? ''
        : guarded('a tokenizer that decodes', () =>
            tokenizer.decode(Array.from(ids), { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
          ),
  };
}

function checkFile(where: string, json: string): TokenizerFile {
  const refuse = (expected: string, got: string): never => {
    throw new DataError(where, expected, got, 'use the tokenizer.json of a model with byte-level BPE');
  };
  let value: Partial<TokenizerFile> | null;
  try {
    value = JSON.parse(json) as Partial<TokenizerFile> | null;
  } catch (cause) {
    return refuse(EXPECTED, (cause as Error).message.split('\n')[0]);
  }
  const { type, vocab } = value?.model ?? {};
  const isFile = typeof vocab === 'object' && vocab !== null;
  if (type !== 'BPE' || !isFile) refuse('a tokenizer with a model of type BPE', JSON.stringify(type) ?? 'none');
  if (!hasByteLevel(value?.pre_tokenizer)) refuse('a pre_tokenizer of type ByteLevel', 'another one');
  // Else what has no token would be left out of the text, silently.
  const missing = byteSymbols().find((symbol) => !Object.hasOwn(vocab as object, symbol));
  if (missing !== undefined) refuse('a vocabulary with all 256 bytes', `one without ${JSON.stringify(missing)}`);
  return value as TokenizerFile;
}

/**
 * How byte-level vocabularies write each byte: those that Latin-1 prints stand for themselves, the others are moved beyond 255.
 * @see Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.2; `bytes_to_unicode` of its encoder.py
 */
function byteSymbols(): string[] {
  const isPrinted = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrinted(byte) ? byte : 256 + moved++));
}

function hasByteLevel(part: unknown): boolean {
  const { type, pretokenizers } = (part ?? {}) as { type?: unknown; pretokenizers?: unknown };
  return type === 'ByteLevel' || (Array.isArray(pretokenizers) && pretokenizers.some(hasByteLevel));
}

function countTokens(where: string, { model, added_tokens }: TokenizerFile): number {
  const added = Array.isArray(added_tokens) ? added_tokens.map((token) => token?.id) : [];
  let size = 0;
  for (const id of [...Object.values(model.vocab), ...added]) {
    if (!(Number.isInteger(id) && (id as number) >= 0 && (id as number) < MOST_TOKENS)) {
      const expected = `ids from 0 to ${MOST_TOKENS - 1}`;
      throw new DataError(where, expected, `${JSON.stringify(id)}`, 'fetch the tokenizer again');
    }
    size = Math.max(size, (id as number) + 1);
  }
  if (size >= 2) return size;
  throw new DataError(where, 'at least 2 tokens', `${size}`, 'fetch the tokenizer again');
}
