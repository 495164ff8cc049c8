// Counts the values that a config is made of, so that a small one cannot stand for an endless one. Coordinator only.

export const MOST_VALUES = 20_000;
export const MOST_DEPTH = 32;

/** A config that is larger or deeper than any real one: a list that holds itself, or aliases of aliases. */
export class TooManyValues extends Error {
  override readonly name = 'TooManyValues';
}

/** What is left of the values that a config may have. */
export class ValueBudget {
  #left = MOST_VALUES;

  /** @throws TooManyValues */
  spend(depth: number): void {
    if (this.#left-- === 0 || depth > MOST_DEPTH) throw new TooManyValues();
  }
}

/** How an error calls them. */
export const VALUE_LIMITS = `at most ${MOST_VALUES} values in at most ${MOST_DEPTH} levels, aliases written out`;
