// Our own scalar mathematics in f64.

/** x^n for a whole n ≥ 0, by squaring. */
export function powInteger(x: number, n: number): number {
  let result = 1;
  for (let power = x, rest = n; rest > 0; rest = Math.floor(rest / 2), power *= power) {
    if (rest % 2 === 1) result *= power;
  }
  return result;
}
