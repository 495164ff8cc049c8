// Two arrays and a bound → an assertion that names the element that is furthest off.
import { expect } from 'vitest';

/** |a - b| ≤ relative · |b| + ofLargest · max|b|. */
export interface Bound {
  relative: number;
  ofLargest: number;
}

export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative, ofLargest }: Bound,
): void {
  expect(actual.length).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < expected.length; i++) {
    const bound = relative * Math.abs(expected[i]) + ofLargest * largest;
    const difference = Math.abs(actual[i] - expected[i]);
    // Not ">", so that NaN fails.
    if (!(difference <= bound)) expect.fail(`element ${i}: expected ${expected[i]} ± ${bound}, got ${actual[i]}`);
  }
}
