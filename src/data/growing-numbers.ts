// Numbers that come one by one, nobody knows how many → pieces that are never copied into larger ones; coordinator.

const BITS = 16;
const PIECE = 1 << BITS;

/** Float64 numbers: a standardised column is the difference of two of them, which float32 would round before it is taken. */
export class GrowingNumbers {
  length = 0;
  readonly #pieces: Float64Array[] = [];

  push(value: number): void {
    const place = this.length & (PIECE - 1);
    if (place === 0) this.#pieces.push(new Float64Array(PIECE));
    this.#pieces[this.#pieces.length - 1][place] = value;
    this.length++;
  }

  at(index: number): number {
    return this.#pieces[index >>> BITS][index & (PIECE - 1)];
  }
}
