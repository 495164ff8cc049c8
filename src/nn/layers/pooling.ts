// Layers that make images smaller or larger without parameters. Coordinator only.
import { formatPair } from '../../graph/images.ts';
import { avgPool2d } from '../../graph/ops/avg-pool2d.ts';
import { globalAvgPool as globalAvgPoolOp } from '../../graph/ops/global-avg-pool.ts';
import { globalMaxPool as globalMaxPoolOp } from '../../graph/ops/global-max-pool.ts';
import { maxPool2d } from '../../graph/ops/max-pool2d.ts';
import { upsample as upsampleOp } from '../../graph/ops/upsample.ts';
import type { LayerOf } from '../layers.schema.ts';
import { toPair } from '../pair.ts';
import type { LayerKind } from '../trace.ts';

/** (B, C, H, W) → (B, C, OH, OW), the largest of each window. */
export const maxPool: LayerKind<LayerOf<'maxPool'>> = {
  add({ graph }, { maxPool: kernel, stride = kernel, padding }, x, path) {
    const attrs = { kernel: toPair(kernel), stride: toPair(stride), padding: toPair(padding) };
    return graph.apply(maxPool2d, [x], attrs, path) as never;
  },
  describe: (layer) => `maxPool ${formatPair(toPair(layer.maxPool))}`,
};

/** (B, C, H, W) → (B, C, OH, OW), the mean of each window. */
export const avgPool: LayerKind<LayerOf<'avgPool'>> = {
  add({ graph }, { avgPool: kernel, stride = kernel, padding, countIncludePad }, x, path) {
    const attrs = { kernel: toPair(kernel), stride: toPair(stride), padding: toPair(padding), countIncludePad };
    return graph.apply(avgPool2d, [x], attrs, path) as never;
  },
  describe: (layer) => `avgPool ${formatPair(toPair(layer.avgPool))}`,
};

/** (B, C, H, W) → (B, C). */
export const globalAvgPool: LayerKind<LayerOf<'globalAvgPool'>> = {
  add: ({ graph }, _layer, x, path) => graph.apply(globalAvgPoolOp, [x], {}, path) as never,
  describe: () => 'globalAvgPool',
};

/** (B, C, H, W) → (B, C). */
export const globalMaxPool: LayerKind<LayerOf<'globalMaxPool'>> = {
  add: ({ graph }, _layer, x, path) => graph.apply(globalMaxPoolOp, [x], {}, path) as never,
  describe: () => 'globalMaxPool',
};

/** (B, C, H, W) → (B, C, H · factor, W · factor). */
export const upsample: LayerKind<LayerOf<'upsample'>> = {
  add: ({ graph }, layer, x, path) =>
    graph.apply(upsampleOp, [x], { scale: toPair(layer.upsample), mode: layer.mode }, path) as never,
  describe: (layer) => `upsample ${formatPair(toPair(layer.upsample))} ${layer.mode}`,
};
