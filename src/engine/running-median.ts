// Figures one by one → the median of the last few of them. Pure; any thread.

/** Forgets what is older than `length` figures: a machine's speed changes by the half-second. */
export class RunningMedian {
  readonly #last: Float64Array;
  #count = 0;

  constructor(length: number) {
    this.#last = new Float64Array(length);
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    this.#last[this.#count++ % this.#last.length] = value;
  }

  /** Undefined before the first figure; of an even number of them the lower of the two in the middle. */
  get median(): number | undefined {
    if (this.#count === 0) return undefined;
    const known = Math.min(this.#count, this.#last.length);
    return this.#last.slice(0, known).sort()[(known - 1) >> 1];
  }
}
