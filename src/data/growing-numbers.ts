// Numbers that come one by one, nobody knows how many → pieces of which only the first is copied into larger ones; coordinator.

const BITS = 16;
const PIECE = 1 << BITS;
// A table of thousands of columns may have few rows.
const FIRST = 64;

/** Float64 numbers: a standardised column is the difference of two of them, which float32 would round before it is taken. */
export class GrowingNumbers {
  length = 0;
  readonly #pieces: Float64Array[] = [];

  push(value: number): void {
    const place = this.length & (PIECE - 1);
    if (place === 0) this.#pieces.push(new Float64Array(this.length === 0 ? FIRST : PIECE));
    else if (place === this.#pieces[0].length && this.#pieces.length === 1) this.#growFirst();
    this.#pieces[this.#pieces.length - 1][place] = value;
    this.length++;
  }

  at(index: number): number {
    return this.#pieces[index >>> BITS][index & (PIECE - 1)];
  }

  #growFirst(): void {
    const [first] = this.#pieces;
    this.#pieces[0] = new Float64Array(2 * first.length);
    this.#pieces[0].set(first);
  }
}
