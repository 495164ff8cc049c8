// Turns ranges and word lists into zod schemas whose message is the phrase that follows `expected` in an error. Coordinator only.
import { z } from 'zod';

/** T with every property and list element readonly, as a frozen config is. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

const FLOAT32_PHRASE = 'a number that float32 can hold';

// `abort`: one issue a value, and a union such as `full` or a number then tells all that it takes.

/** A whole number in [least, most]. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const error =
    most === Number.MAX_SAFE_INTEGER ? `a whole number of ${least} or more` : `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error, abort: true }).max(most, { error, abort: true });
}

/** Any number. */
export function number() {
  return z.number({ error: 'a number' });
}

/** A number of `least` or more that float32 holds: options reach the kernels as float32. */
export function numberFrom(least: number) {
  const error = `a number of ${least} or more`;
  return z.number({ error }).min(least, { error, abort: true }).refine(isFloat32, { error: FLOAT32_PHRASE });
}

/** A number above 0 that float32 holds. */
export function numberAbove0() {
  const error = 'a number above 0';
  return z.number({ error }).gt(0, { error, abort: true }).refine(isFloat32, { error: FLOAT32_PHRASE });
}

/** A number in [0, 1). */
export function fraction() {
  const error = 'a number in [0, 1)';
  return z.number({ error }).min(0, { error, abort: true }).lt(1, { error, abort: true });
}

/** A number in [0, 1]. */
export function share() {
  const error = 'a number from 0 to 1';
  return z.number({ error }).min(0, { error, abort: true }).max(1, { error, abort: true });
}

/** true or false. */
export function flag() {
  return z.boolean({ error: 'true or false' });
}

/** Text that UTF-8 and YAML can hold: no control characters but tab and line feed, no half of a surrogate pair. */
export function text(what: string) {
  return z
    .string({ error: what })
    .refine((value) => !/[^\P{Cc}\t\n]|\p{Cs}/u.test(value), { error: `${what} without control characters` });
}

/** Text of at least one character. */
export function nonEmptyText(what: string) {
  return text(what).min(1, { error: what, abort: true });
}

/** One of some words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: alternatives(words) });
}

/** A word such as `auto`, or what `schema` takes. */
export function wordOr<const Word extends string, Schema extends z.ZodType>(
  word: Word,
  schema: Schema,
  phrase: string,
) {
  return z.union([z.literal(word), schema], { error: `${word} or ${phrase}` });
}

/** A mapping with these keys and no others. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: `a mapping with keys such as ${Object.keys(shape).slice(0, 3).join(', ')}` });
}

/**
 * The parameters of a refinement between several keys of a mapping. It also runs where other keys are wrong, so that all
 * issues come at once: the check has to bear values of any type.
 */
export function betweenKeys(path: string, expected: string) {
  const when = ({ value }: { value: unknown }) => typeof value === 'object' && value !== null;
  return { path: [path], error: expected, when };
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}

/** Neither too large nor so small that it would become 0; a clip norm of 0 would divide by it. */
function isFloat32(value: number): boolean {
  const rounded = Math.fround(value);
  return Number.isFinite(rounded) && (rounded !== 0 || value === 0);
}
