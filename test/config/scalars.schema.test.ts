import { describe, expect, it } from 'vitest';
import {
  alternatives,
  fraction,
  nonEmptyText,
  numberAbove0,
  numberFrom,
  text,
  wholeNumber,
  wordOr,
} from '#src/config/scalars.schema.js';

interface Parser {
  safeParse(value: unknown): { success: boolean; error?: { issues: readonly { message: string }[] } };
}

const takes = (schema: Parser, value: unknown) => schema.safeParse(value).success;
const messages = (schema: Parser, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ message }) => message);

// The largest float32 and what rounds beyond it; the smallest float32 and what rounds to 0 (IEEE 754).
const LARGEST = 3.4028234663852886e38;
const BEYOND = 3.4028235677973366e38;
const SMALLEST = 2 ** -149;

describe('wholeNumber', () => {
  it('takes the whole numbers of its range and no other value', () => {
    const schema = wholeNumber(1, 8);
    expect([1, 8].every((value) => takes(schema, value))).toBe(true);
    for (const value of [0, 9, 1.5, -1, '1', true, null, undefined, [], {}, 1n, Number.NaN])
      expect(takes(schema, value)).toBe(false);
    expect(takes(wholeNumber(0), 2 ** 53 - 1)).toBe(true);
    expect(takes(wholeNumber(0), 2 ** 53)).toBe(false);
  });

  it('says one phrase for whatever is wrong', () => {
    for (const value of [0, 1.5, 99, 'x', undefined])
      expect(messages(wholeNumber(1, 8), value)).toEqual(['a whole number from 1 to 8']);
  });
});

describe('numberFrom and numberAbove0', () => {
  it('take what float32 holds', () => {
    for (const schema of [numberFrom(0), numberAbove0()]) {
      for (const value of [SMALLEST, 0.001, 1e-8, LARGEST]) expect(takes(schema, value)).toBe(true);
      for (const value of [BEYOND, 1e39, SMALLEST / 4, 1e-50, -1]) expect(takes(schema, value)).toBe(false);
      expect(messages(schema, 1e39)).toEqual(['a number that float32 can hold']);
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1']) expect(messages(schema, value)).toHaveLength(1);
    }
  });

  it('differ in 0', () => {
    expect(takes(numberFrom(0), 0)).toBe(true);
    expect(messages(numberAbove0(), 0)).toEqual(['a number above 0']);
  });
});

describe('fraction', () => {
  it('is in [0, 1)', () => {
    for (const value of [0, 0.5, 1 - 2 ** -53]) expect(takes(fraction(), value)).toBe(true);
    for (const value of [1, -0.1, 1.2, '0.5']) expect(messages(fraction(), value)).toEqual(['a number in [0, 1)']);
  });
});

describe('text', () => {
  it('takes all of Unicode but control characters and halves of pairs', () => {
    for (const value of ['', 'a\tb\nc', '數字 😀', '\u00a0']) expect(takes(text('text'), value)).toBe(true);
    for (const value of ['\u0000', 'a\u0007', '\u007f', '\u0085', '\ud800', 'x\udc00'])
      expect(messages(text('text'), value)).toEqual(['text without control characters']);
    expect(takes(nonEmptyText('a path'), '')).toBe(false);
  });
});

describe('wordOr', () => {
  it('names all that it takes, whatever is wrong', () => {
    const schema = wordOr('auto', wholeNumber(1), 'a whole number of 1 or more');
    expect([takes(schema, 'auto'), takes(schema, 3)]).toEqual([true, true]);
    for (const value of [0, 1.5, 'atuo', null])
      expect(messages(schema, value)).toEqual(['auto or a whole number of 1 or more']);
  });
});

describe('alternatives', () => {
  it('are joined as in a sentence', () => {
    expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map(alternatives)).toEqual(['a', 'a or b', 'a, b or c']);
  });
});
