// A tensor's numbers in memory of its own. Coordinator only.
import { type NoAttrs, sameAsFirst } from '../elementwise.ts';
import { elementsOf, labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';

/** x → x; the plan uses it for a parameter's gradient that no kernel can write in its place. */
export const copy: Op<NoAttrs> = {
  name: 'copy',
  accumulates: true,
  infer: sameAsFirst,
  gradient: ({ dOut }) => dOut,
  lower({ node, inputs: [x], out, accumulate }) {
    const args = [out, tensor(x), elementsOf(node), accumulate];
    return [{ kernel: 'accumulate', args, detail: `copy ${labelShape(node)}` }];
  },
};
