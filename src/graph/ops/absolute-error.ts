// The absolute distance of predictions from their targets, made square where it is small. Coordinator only.
import { ACCUMULATE, elementsOf, labelMatrix, SUMS, tensor } from '../kernel-call.ts';
import { valueLossType } from '../loss-op.ts';
import type { Op } from '../op.ts';

/**
 * The absolute error; Huber's loss (Huber 1964, "Robust Estimation of a Location Parameter", doi:10.1214/aoms/1177703732), d² / 2 below
 * `threshold` and threshold (|d| - threshold / 2) above; or that over the threshold (Girshick 2015, "Fast R-CNN", eq. 3, for 1).
 */
export type AbsoluteErrorAttrs =
  | { readonly kind: 'l1' }
  | { readonly kind: 'huber' | 'smoothL1'; readonly threshold: number };

/** Predictions and targets of one shape → the gradient of the numerator, which sums over all elements; the denominator counts them. */
export const absoluteError: Op<AbsoluteErrorAttrs> = {
  name: 'absoluteError',
  infer: (inputs, _attrs, where) => valueLossType(inputs, where),
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ node: { attrs }, inputs: [prediction, target], out }) {
    const [threshold, quadratic, slope] = shapeOf(attrs);
    const sums = [elementsOf(prediction), SUMS, ACCUMULATE];
    const args = [out, tensor(prediction), tensor(target), ...sums, threshold, quadratic, slope];
    return [{ kernel: 'absoluteError', args, detail: `${attrs.kind} ${labelMatrix(prediction)}` }];
  },
};

/** The kernel's form: quadratic d² / 2 below the threshold, slope (|d| - threshold / 2) from there on. */
function shapeOf(attrs: AbsoluteErrorAttrs): [threshold: number, quadratic: number, slope: number] {
  // A smooth absolute error with threshold 0 is the absolute error, as in PyTorch.
  if (attrs.kind === 'l1' || (attrs.kind === 'smoothL1' && attrs.threshold === 0)) return [0, 0, 1];
  const { kind, threshold } = attrs;
  return kind === 'huber' ? [threshold, 1, threshold] : [threshold, 1 / threshold, 1];
}
