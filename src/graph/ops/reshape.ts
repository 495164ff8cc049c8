// The same numbers under another shape. Coordinator only.
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatType } from '../tensor-type.ts';

/** The new shape; of one sample where there is a batch axis. */
export type ReshapeAttrs = { readonly shape: readonly number[] };

/** x → x with another shape of as many elements; no kernel runs for it. */
export const reshape: Op<ReshapeAttrs> = {
  name: 'reshape',
  isAlias: true,
  infer([x], { shape }, where) {
    const type = { shape, isBatched: x.isBatched, element: x.element };
    if (elementCount(shape) !== elementCount(x.shape)) {
      throw new ModelError(
        `${where}: expected a shape of ${elementCount(x.shape)} elements, as ${formatType(x)} has, got ${formatType(type)} with ${elementCount(shape)}; change one of the two`,
      );
    }
    return type;
  },
  gradient: ({ inputs: [x], dOut, apply }) => apply(reshape, [dOut], { shape: x.shape }),
};
