// A number, or [vertical, horizontal], as a config has them → a pair. Pure.
import type { Pair } from '../graph/images.ts';

/** One number is that of both directions. */
export function toPair(value: number | readonly number[]): Pair {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}
