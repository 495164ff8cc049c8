// A model → all of its states, depth first, each seen once by its hash; the first violation or deadlock ends the search.
import { LENGTH, Values } from './cells.ts';
import { Model, type ModelSpec, Violation } from './model.ts';

export interface SearchResult {
  states: number;
  /** States in which the run is over. */
  ends: number;
  /** False where `mostStates` ended the search: what was not reached is not known. */
  isComplete: boolean;
  violation?: string;
}

/** States one behind the other in one array: of so many millions, one object each would cost more than the search. */
class StateStack {
  #cells = new Int32Array(LENGTH * 1024);
  #count = 0;

  push(state: Int32Array): void {
    if ((this.#count + 1) * LENGTH > this.#cells.length) {
      const smaller = this.#cells;
      this.#cells = new Int32Array(2 * smaller.length);
      this.#cells.set(smaller);
    }
    this.#cells.set(state, this.#count++ * LENGTH);
  }

  /** False where there is none. */
  popInto(state: Int32Array): boolean {
    if (this.#count === 0) return false;
    const from = --this.#count * LENGTH;
    for (let i = 0; i < LENGTH; i++) state[i] = this.#cells[from + i];
    return true;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }
}

/** 64-bit hashes by open addressing: that any two of n states are taken for one has a probability of n² / 2^65, 1 in 70,000 for 23 million. */
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

  has(state: Int32Array): boolean {
    const [low, high] = hashOf(state);
    for (let at = low & this.#mask; ; at = (at + 1) & this.#mask) {
      if (this.#low[at] === low && this.#high[at] === high) return true;
      if (this.#low[at] === 0 && this.#high[at] === 0) return false;
    }
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

/**
 * Explores, then walks. `mostStates`: the bound of the search. Where that came to its end, the states of the walks are looked up among its own
 * in their reduced form, but for those in which a reduced move is half done; `lookedUp` counts them.
 */
export function explore(
  spec: ModelSpec,
  mostStates: number,
  walks: number,
): { searched: SearchResult; walked: SearchResult; lookedUp: number } {
  const values = new Values();
  const seen = new SeenStates();
  const model = new Model(spec, true, values);
  const searched = exploreInto(seen, model, mostStates);
  let lookedUp = 0;
  const walked = walkThrough(new Model(spec, false, values), walks, 1, (state) => {
    const form = searched.isComplete ? model.reducedForm(state) : undefined;
    if (form === undefined) return;
    if (!seen.has(form)) throw new Violation('the search has not seen a state of a walk');
    lookedUp++;
  });
  return { searched, walked, lookedUp };
}

function exploreInto(seen: SeenStates, model: Model, mostStates: number): SearchResult {
  const stack = new StateStack();
  const state = model.initial();
  stack.push(state);
  seen.add(state);
  const take = (next: Int32Array): void => {
    if (seen.add(next)) stack.push(next);
  };
  let ends = 0;
  try {
    while (stack.popInto(state)) {
      const moves = model.moves(state, take);
      if (model.isEnd(state)) ends++;
      else if (moves === 0) throw new Violation('nothing can move');
      if (seen.count >= mostStates) return { states: seen.count, ends, isComplete: stack.isEmpty };
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

/**
 * Random walks, as a function of the seed, through a model of which nothing is left out: every operation is a move of its own, and a state is
 * all that the machines have noted.
 */
export function walk(spec: ModelSpec, walks: number, seed = 1): SearchResult {
  return walkThrough(new Model(spec, false), walks, seed, () => {});
}

function walkThrough(model: Model, walks: number, seed: number, visit: (state: Int32Array) => void): SearchResult {
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
        model.moves(state, (next, isRare) => void (isRare ? rare : common).push(next.slice()));
        const from = rare.length > 0 && (common.length === 0 || random() < RARE) ? rare : common;
        if (from.length === 0) throw new Violation('nothing can move');
        state = from[Math.floor(random() * from.length)];
        states++;
        visit(state);
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
