// Layers that only rearrange, and functions without parameters of one's own kind. Coordinator only.
import { logSoftmax as logSoftmaxOp } from '../../graph/ops/log-softmax.ts';
import { reshape as reshapeOp } from '../../graph/ops/reshape.ts';
import { softmax as softmaxOp } from '../../graph/ops/softmax.ts';
import { transpose as transposeOp } from '../../graph/ops/transpose.ts';
import { elementCount } from '../../graph/tensor-type.ts';
import { addActivation } from '../activations.ts';
import type { LayerOf, LeafConfig } from '../layers.schema.ts';
import type { LayerKind } from '../trace.ts';

/** (B, …) → (B, I). */
export const flatten: LayerKind<LayerOf<'flatten'>> = {
  add: ({ graph }, _layer, x, path) => graph.apply(reshapeOp, [x], { shape: [elementCount(x.shape)] }, path) as never,
  describe: () => 'flatten',
};

/** The same numbers under another shape of a sample. */
export const reshape: LayerKind<LayerOf<'reshape'>> = {
  add: ({ graph }, layer, x, path) => graph.apply(reshapeOp, [x], { shape: [...layer.reshape] }, path) as never,
  describe: () => 'reshape',
};

/** Axis i of a sample becomes what axis `transpose[i]` was. */
export const transpose: LayerKind<LayerOf<'transpose'>> = {
  add: ({ graph }, layer, x, path) => graph.apply(transposeOp, [x], { axes: [...layer.transpose] }, path) as never,
  describe: () => 'transpose',
};

/** e^x / Σ e^x along an axis. */
export const softmax: LayerKind<LayerOf<'softmax'>> = {
  add: ({ graph }, { axis }, x, path) => graph.apply(softmaxOp, [x], { axis }, path) as never,
  describe: () => 'softmax',
};

/** ln of the softmax. */
export const logSoftmax: LayerKind<LayerOf<'logSoftmax'>> = {
  add: ({ graph }, { axis }, x, path) => graph.apply(logSoftmaxOp, [x], { axis }, path) as never,
  describe: () => 'logSoftmax',
};

type ActivationConfig = Exclude<LayerOf<'activation'>, { bias: boolean }>;

/** An activation as a layer of its own, called after it. */
export const activation: LayerKind<ActivationConfig & LeafConfig> = {
  add: ({ graph }, layer, x, path) => addActivation(graph, layer.activation, x, path, layer),
  describe: (layer) => layer.activation,
};
