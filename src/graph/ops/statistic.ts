// A running statistic: an array that a step moves by what the shards saw, not by a gradient. Coordinator only.
import type { Op } from '../op.ts';

/** `name` is the name within the layer, as for a parameter; a step moves the statistic by `momentum` towards what it saw. */
export type StatisticAttrs = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialValue: number;
  readonly momentum: number;
};

/** A source without inputs; its tensor lies behind the weights of the generation that a step reads. */
export const statistic: Op<StatisticAttrs> = {
  name: 'statistic',
  source: 'statistic',
  infer: (_inputs, { shape }) => ({ shape, isBatched: false, element: 'f32' }),
};
