// The JSON header of a safetensors file, as text → its entries; any thread. Knows the one shape such a header may have, so that what
// a general JSON parser lets pass (duplicate names, deep nesting, fractions, extra keys) is an error here.

/** The format's numeric types and their size in bytes. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** One tensor's entry: its type, shape, and where its bytes lie after the header. */
export interface HeaderEntry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  metadata: Record<string, string>;
  entries: HeaderEntry[];
}

/** More dimensions than anyone has; a header of a million would only be an attack. */
const MAX_DIMENSIONS = 64;

/**
 * Parses the header's text.
 * @throws SyntaxError saying what was expected at which character.
 */
export function parseSafetensorsHeader(text: string): SafetensorsHeader {
  const cursor = new HeaderCursor(text);
  const metadata: Record<string, string> = Object.create(null);
  const entries: HeaderEntry[] = [];
  if (!text.startsWith('{')) cursor.fail('"{" as the first byte');
  readObject(cursor, (name) => {
    if (name === '__metadata__') readObject(cursor, (key) => (metadata[key] = cursor.string()));
    else entries.push(readEntry(cursor, name));
  });
  cursor.end();
  return { metadata, entries };
}

function readEntry(cursor: HeaderCursor, name: string): HeaderEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  readObject(cursor, (key) => {
    if (key === 'dtype') dtype = cursor.string();
    else if (key === 'shape') shape = cursor.integers();
    else if (key === 'data_offsets') offsets = cursor.integers();
    else
      cursor.fail(`dtype, shape or data_offsets in the entry of ${JSON.stringify(name)}, got ${JSON.stringify(key)}`);
  });
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
    return cursor.fail(`dtype, shape and two data_offsets in the entry of ${JSON.stringify(name)}`);
  }
  return { name, dtype, shape, begin: offsets[0], end: offsets[1] };
}

/** Reads `{"key": <what readValue takes>, …}`; a key twice is an error. */
function readObject(cursor: HeaderCursor, readValue: (key: string) => void): void {
  const seen = new Set<string>();
  cursor.take('{');
  if (cursor.tryTake('}')) return;
  do {
    const key = cursor.string();
    if (seen.has(key)) cursor.fail(`every name once, got ${JSON.stringify(key)} twice`);
    seen.add(key);
    cursor.take(':');
    readValue(key);
  } while (cursor.tryTake(','));
  cursor.take('}');
}

/** A place in the text; it only moves forward, and recursion is as deep as the format, not as the input. */
class HeaderCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(expected: string): never {
    throw new SyntaxError(`expected ${expected}, at character ${this.#at} of the header`);
  }

  take(character: string): void {
    if (!this.tryTake(character)) this.fail(`"${character}"`);
  }

  tryTake(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  string(): string {
    const token = this.#match(/"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/uy, 'a string');
    return JSON.parse(token) as string;
  }

  integers(): number[] {
    const values: number[] = [];
    this.take('[');
    if (this.tryTake(']')) return values;
    do {
      values.push(this.#integer());
      if (values.length > MAX_DIMENSIONS) this.fail(`at most ${MAX_DIMENSIONS} integers`);
    } while (this.tryTake(','));
    this.take(']');
    return values;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at !== this.#text.length) this.fail('the end');
  }

  #integer(): number {
    const value = Number(this.#match(/0|[1-9][0-9]{0,15}/y, 'an integer ≥ 0'));
    if (!Number.isSafeInteger(value)) this.fail('an integer below 2^53');
    return value;
  }

  #match(pattern: RegExp, expected: string): string {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0];
    if (token === undefined) return this.fail(expected);
    this.#at += token.length;
    return token;
  }

  #skipSpace(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }
}
