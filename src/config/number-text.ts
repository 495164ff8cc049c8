// A number as it was written → the number that it stands for, where JavaScript and a reader understand the same. Coordinator only; pure.

const DECIMAL = /^[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const INTEGER = /^[-+]?\d+$/;

/** The number, and what was expected in its place where it cannot be used. */
export function checkNumber(text: string, number: number): { number: number; expected?: string } {
  if (!Number.isFinite(number)) return { number, expected: 'a finite number' };
  if (!DECIMAL.test(text)) return { number, expected: 'a number in decimal digits without leading zeros' };
  if (INTEGER.test(text) && !Number.isSafeInteger(number))
    return { number, expected: `a whole number of at most ${Number.MAX_SAFE_INTEGER}, which is stored exactly` };
  if (number === 0 && /[1-9]/.test(text.replace(/[eE].*$/, '')))
    return { number, expected: 'a number that does not vanish' };
  // −0 would be written as another text, and hashed as another config, than 0.
  return { number: number + 0 };
}
