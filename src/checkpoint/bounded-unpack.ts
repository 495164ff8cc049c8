// MessagePack bytes of a file → plain data, after a walk over all of them that allocates nothing. Any thread.
import { savedPackr } from '../plan/pack.ts';

/** Deeper than any config or plan; the unpacker recurses. */
const MOST_DEPTH = 64;
/** msgpackr's extension for typed arrays: this type, then a byte that says which, then the elements. */
const TYPED_ARRAY = 0x74;
/** Bytes of an element, by the index that msgpackr writes: Int8, Uint8, Uint8Clamped, Int16, Uint16, Int32, Uint32, Float32, Float64. */
const ELEMENT_BYTES = [1, 1, 1, 2, 2, 4, 4, 4, 8];

/**
 * Unpacks one value that fills all of the bytes. Known are nil, booleans, numbers, texts, lists, mappings whose keys are texts (each
 * once, none of them `__proto__`) and typed arrays; every declared length is checked against the bytes that are there.
 * @throws SyntaxError that says what was expected at which byte
 */
export function unpackBounded(bytes: Uint8Array): unknown {
  checkMessagePack(bytes);
  return savedPackr.unpack(bytes);
}

/** What is still to come of a list or mapping. */
interface Open {
  left: number;
  /** The keys so far, of a mapping. */
  keys: Set<string> | null;
  isKeyNext: boolean;
}

/** @throws SyntaxError */
export function checkMessagePack(bytes: Uint8Array): void {
  const walk = new Walk(bytes);
  const open: Open[] = [{ left: 1, keys: null, isKeyNext: false }];
  while (open.length > 0) {
    const top = open[open.length - 1];
    if (top.left === 0) {
      open.pop();
      continue;
    }
    if (top.isKeyNext) {
      walk.key(top.keys!);
      top.isKeyNext = false;
      continue;
    }
    top.left--;
    top.isKeyNext = top.keys !== null;
    const inner = walk.value();
    if (inner === null) continue;
    if (open.length > MOST_DEPTH) walk.fail(`at most ${MOST_DEPTH} levels`);
    open.push(inner);
  }
  walk.end();
}

/** A place in the bytes; it only moves forward. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(expected: string): never {
    throw new SyntaxError(`expected ${expected}, at byte ${this.#at}`);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.fail('the end');
  }

  key(seen: Set<string>): void {
    const length = this.#textLength(this.#take(1));
    if (length < 0) this.fail('a text as a key');
    const start = this.#take(length);
    const key = new TextDecoder('utf-8', { fatal: true }).decode(this.#bytes.subarray(start, start + length));
    if (key === '__proto__' || seen.has(key)) this.fail(`every key once and no __proto__, got ${JSON.stringify(key)}`);
    seen.add(key);
  }

  /** Skips a value; of a list or mapping only its head, and returns what is to come. */
  value(): Open | null {
    const at = this.#take(1);
    const head = this.#bytes[at];
    const text = this.#textLength(at);
    if (text >= 0) this.#text(text);
    else if (head <= 0x7f || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) return null;
    else if (head <= 0x8f) return this.#entries(head & 15);
    else if (head <= 0x9f) return this.#items(head & 15);
    else if (head === 0xdc || head === 0xdd) return this.#items(this.#length(head === 0xdc ? 2 : 4));
    else if (head === 0xde || head === 0xdf) return this.#entries(this.#length(head === 0xde ? 2 : 4));
    else if (head === 0xca || head === 0xcb) this.#take(head === 0xca ? 4 : 8);
    else if (head >= 0xcc && head <= 0xd3) this.#take(1 << (head & 3));
    else if (head >= 0xc7 && head <= 0xc9) this.#typedArray(this.#length(1 << (head - 0xc7)));
    else this.fail('nil, a boolean, number, text, list, mapping or typed array');
    return null;
  }

  /** The length of the text whose head is at `at`, −1 where it is none; moves behind the length. */
  #textLength(at: number): number {
    const head = this.#bytes[at];
    if (head >= 0xa0 && head <= 0xbf) return head & 31;
    return head >= 0xd9 && head <= 0xdb ? this.#length(1 << (head - 0xd9)) : -1;
  }

  #text(length: number): void {
    this.#take(length);
  }

  #items(count: number): Open {
    return this.#open(count, count, null);
  }

  #entries(count: number): Open {
    return this.#open(count, count * 2, new Set());
  }

  /** Every item has a byte at least. */
  #open(left: number, leastBytes: number, keys: Set<string> | null): Open {
    if (leastBytes > this.#bytes.length - this.#at)
      this.fail(`at most ${this.#bytes.length - this.#at} items, got ${left}`);
    return { left, keys, isKeyNext: keys !== null };
  }

  #typedArray(length: number): void {
    const at = this.#take(2);
    if (this.#bytes[at] !== TYPED_ARRAY) this.fail(`extension ${TYPED_ARRAY}, got ${this.#bytes[at]}`);
    const elementBytes = ELEMENT_BYTES[this.#bytes[at + 1]];
    if (elementBytes === undefined || length < 1 || (length - 1) % elementBytes !== 0)
      this.fail('whole elements of a typed array');
    this.#take(length - 1);
  }

  #length(byteLength: number): number {
    const at = this.#take(byteLength);
    if (byteLength === 1) return this.#view.getUint8(at);
    return byteLength === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #take(byteLength: number): number {
    const at = this.#at;
    if (byteLength > this.#bytes.length - at) this.fail(`${byteLength} more bytes, got ${this.#bytes.length - at}`);
    this.#at += byteLength;
    return at;
  }
}
