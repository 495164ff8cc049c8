// The name of a layer, and values that several layers' options have. Coordinator only.
import { z } from 'zod';
import { mapping, wholeNumber } from '../config/scalars.schema.ts';

const NAME_PHRASE = 'a name of letters, digits, _ and -, a letter first, 64 at most';

// The name becomes part of keys of the weights file (`dense1.weight`): no dots and no blanks in it.
/** `name` of a layer. */
export const layerName = z
  .string({ error: NAME_PHRASE })
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, { error: NAME_PHRASE })
  .optional();

/** One whole number for both directions, or [vertical, horizontal]. */
export function pairOf(least: number) {
  const error = `a whole number of ${least} or more, or a pair [vertical, horizontal]`;
  return z.union([wholeNumber(least), z.array(wholeNumber(least)).length(2)], { error });
}

/** The value of a layer that has nothing but its options: `true`, or a mapping of them. */
export function trueOr<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const options = mapping(shape);
  const all = z.literal(true).transform(() => options.parse({}));
  return z.union([all, options], { error: `true, or a mapping with keys such as ${Object.keys(shape).join(', ')}` });
}

/** The value of a layer without options. */
export const onlyTrue = () => z.literal(true, { error: 'true' });
