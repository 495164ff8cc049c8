// What a shard saw of a running statistic, weighted with its samples. Coordinator only.
import { type NoAttrs, requireFloats } from '../elementwise.ts';
import { elementsOf, labelShape, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType, isSameShape } from '../tensor-type.ts';

/**
 * A statistic and its value in this shard → the value times the shard's number of samples, into the statistic's place in the gradient
 * buffer: the sum over the shards divided by the global batch is then the count-weighted mean. Nobody reads the node; training computes
 * it, evaluation leaves it out.
 */
export const updateStatistic: Op<NoAttrs> = {
  name: 'updateStatistic',
  infer([statistic, value], _attrs, where) {
    requireFloats(value, where);
    if (value.isBatched || !isSameShape(statistic.shape, value.shape)) {
      throw new ModelError(
        `${where}: expected a value of the statistic's shape ${formatType(statistic)}, got ${formatType(value)}; reduce it over the samples`,
      );
    }
    return { shape: value.shape, isBatched: false, element: 'f32' };
  },
  lower({ node, inputs: [, value], out }) {
    const args = [out, tensor(value), { of: 'rows', multiplier: 1 } as const, elementsOf(node)];
    return [{ kernel: 'scale', args, detail: `running ${labelShape(node)} times samples` }];
  },
};
