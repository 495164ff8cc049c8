// A model → all of its states, depth first, each seen once by its hash; the first violation or deadlock ends the search.
import { Model, type ModelSpec, Violation } from './model.ts';

export interface SearchResult {
  states: number;
  /** States in which the run is over. */
  ends: number;
  /** False where `mostStates` ended the search: what was not reached is not known. */
  isComplete: boolean;
  violation?: string;
}

/** 64-bit hashes by open addressing: two states in so many million are the same by chance with a probability below one in a million. */
class SeenStates {
  #low: Int32Array;
  #high: Int32Array;
  #mask: number;
  count = 0;

  constructor(bits = 20) {
    this.#low = new Int32Array(2 ** bits);
    this.#high = new Int32Array(2 ** bits);
    this.#mask = 2 ** bits - 1;
  }

  /** True where it was not there yet. */
  add(state: Int32Array): boolean {
    const [low, high] = hashOf(state);
    if (!this.#insert(low, high)) return false;
    this.count++;
    if (this.count > this.#mask * 0.6) this.#grow();
    return true;
  }

  #insert(low: number, high: number): boolean {
    for (let at = low & this.#mask; ; at = (at + 1) & this.#mask) {
      if (this.#low[at] === 0 && this.#high[at] === 0) {
        this.#low[at] = low;
        this.#high[at] = high;
        return true;
      }
      if (this.#low[at] === low && this.#high[at] === high) return false;
    }
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    this.#low = new Int32Array(low.length * 2);
    this.#high = new Int32Array(low.length * 2);
    this.#mask = low.length * 2 - 1;
    for (let at = 0; at < low.length; at++) if (low[at] !== 0 || high[at] !== 0) this.#insert(low[at], high[at]);
  }
}

/** Two chains of multiply and rotate with different constants (as in MurmurHash3, Appleby 2011). */
function hashOf(state: Int32Array): [number, number] {
  let low = 0x9747b28c;
  let high = 0x2545f491;
  for (let i = 0; i < state.length; i++) {
    const value = Math.imul(state[i] + 0x61c88647, 0xcc9e2d51);
    low = Math.imul(((low ^ value) << 13) | ((low ^ value) >>> 19), 5) + 0xe6546b64;
    high = Math.imul(((high + value) << 17) | ((high + value) >>> 15), 0x1b873593) ^ (value >>> 7);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
  high = Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return [(low ^ (low >>> 13)) | 0, high ^ (high >>> 16) || 1];
}

/** Explores. `mostStates`: the bound. */
export function explore(spec: ModelSpec, mostStates = Number.POSITIVE_INFINITY): SearchResult {
  const model = new Model(spec);
  const seen = new SeenStates();
  const first = model.initial();
  const stack = [first];
  seen.add(first);
  let ends = 0;
  try {
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      const moves = model.moves(state, (next) => {
        if (seen.add(next)) stack.push(next);
      });
      if (model.isEnd(state)) ends++;
      else if (moves === 0) throw new Violation('nothing can move');
      if (seen.count >= mostStates) return { states: seen.count, ends, isComplete: stack.length === 0 };
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { states: seen.count, ends, isComplete: false, violation: error.message };
  }
  return { states: seen.count, ends, isComplete: true };
}

/** What a rare move, a crash or a resize, is taken with where it is possible: about one in the length of a walk. */
const RARE = 0.02;
const LONGEST_WALK = 5000;

/** Random walks through a model's states, as a function of the seed: they reach the end of long runs, where a bounded search does not. */
export function walk(spec: ModelSpec, walks: number, seed = 1): SearchResult {
  const model = new Model(spec);
  const random = xorshift(seed);
  let states = 0;
  let ends = 0;
  try {
    for (let w = 0; w < walks; w++) {
      let state = model.initial();
      for (let length = 0; !model.isEnd(state); length++) {
        if (length > LONGEST_WALK) throw new Violation(`no end after ${LONGEST_WALK} moves`);
        const common: Int32Array[] = [];
        const rare: Int32Array[] = [];
        model.moves(state, (next, isRare) => void (isRare ? rare : common).push(next));
        const from = rare.length > 0 && (common.length === 0 || random() < RARE) ? rare : common;
        if (from.length === 0) throw new Violation('nothing can move');
        state = from[Math.floor(random() * from.length)];
        states++;
      }
      ends++;
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { states, ends, isComplete: false, violation: error.message };
  }
  return { states, ends, isComplete: false };
}

function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
