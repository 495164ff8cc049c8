// Elements dropped at random in training, the rest scaled up; nothing in evaluation. Coordinator only.
import { PURPOSE } from '../../kernels/purpose.ts';
import { sameAsFirst } from '../elementwise.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatType } from '../tensor-type.ts';

/** The share of elements to drop, in [0, 1); the layer's number among the model's dropout layers: each number has a mask of its own. */
export type DropoutAttrs = { readonly p: number; readonly position: number };

/** The purpose takes the lowest byte of its word of the counter, the layer's position the others. */
const MOST_POSITIONS = 2 ** 24;
const MASK_BYTES = 64;

/**
 * A batch x → x / (1 - p), or 0 with probability p. Whether element i of a sample is dropped is a pure function of the seed, the step, the
 * sample's id, the position and i: neither shards nor micro-batches nor the order of samples changes it, and backward finds it again.
 * @see Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15
 */
export const dropout: Op<DropoutAttrs> = {
  name: 'dropout',
  overwrites: [0],
  infer(inputs, { p, position }, where) {
    const type = sameAsFirst(inputs.slice(0, 1), {}, where);
    if (!type.isBatched) {
      throw new ModelError(
        `${where}: expected a batch of samples, got ${formatType(type)}; dropout takes its randomness from the samples' ids`,
      );
    }
    if (!(p >= 0 && p < 1)) throw new ModelError(`${where}: expected p in [0, 1), got ${p}; choose the share to drop`);
    if (!Number.isInteger(position) || position < 0 || position >= MOST_POSITIONS) {
      throw new ModelError(
        `${where}: expected a position from 0 to ${MOST_POSITIONS - 1}, got ${position}; number the dropout layers`,
      );
    }
    return type;
  },
  gradient: ({ node, dOut, apply }) => apply(dropout, [dOut], node.attrs),
  inEvaluation: ({ inputs: [x] }) => x,
  lower({ node, inputs: [x], out }) {
    const { p, position } = node.attrs;
    const randomness = [{ of: 'step' }, dropoutPurpose(position), { of: 'seedLow' }, { of: 'seedHigh' }] as const;
    const settings = [dropoutThreshold(p), 1 / (1 - p), { of: 'scratch', bytes: () => MASK_BYTES } as const];
    const rows = { of: 'rows', multiplier: 1 } as const;
    const args = [out, tensor(x), { of: 'ids' } as const, rows, elementCount(x.shape), ...randomness, ...settings];
    return [{ kernel: 'dropout', args, detail: `dropout ${labelShape(x)} p = ${p}` }];
  },
};

/** Words below it are dropped, of 2^32: p to the nearest. */
export function dropoutThreshold(p: number): number {
  return Math.min(Math.floor(p * 2 ** 32 + 0.5), 2 ** 32 - 1);
}

/** The last word of the counters of a layer's masks. */
export function dropoutPurpose(position: number): number {
  return PURPOSE.dropout + position * 256;
}
