// Convolutions of images and their transposes, as PyTorch's Conv2d and ConvTranspose2d. Coordinator only.
import { formatPair, imageShape, type Pair } from '../../graph/images.ts';
import { ModelError } from '../../graph/model-error.ts';
import type { GraphNode } from '../../graph/op.ts';
import { convTranspose2d } from '../../graph/ops/conv-transpose2d.ts';
import { conv2d } from '../../graph/ops/conv2d.ts';
import { pad } from '../../graph/ops/pad.ts';
import { addActivation, withActivation } from '../activations.ts';
import { addWeights } from '../add-weights.ts';
import type { LayerOf } from '../layers.schema.ts';
import { toPair } from '../pair.ts';
import type { LayerKind, Trace } from '../trace.ts';

type ConvConfig = LayerOf<'conv'>;
type ConvTransposeConfig = LayerOf<'convTranspose'>;

/** x (B, C, H, W), weight (O, C / groups, KH, KW), bias (O) → (B, O, OH, OW). */
export const conv: LayerKind<ConvConfig> = {
  add(trace, layer, x, path) {
    const { graph } = trace;
    const { channels } = imageShape(x, path);
    const { groups, kernel, stride, dilation } = settingsOf(layer, channels);
    requireGroups(channels, groups, path);
    const { images, padding } = padImages(trace, layer, x, path);
    const weights = addWeights(graph, [layer.conv, channels / groups, ...kernel], layer, path);
    const sum = graph.apply(conv2d, [images, ...weights], { stride, padding, dilation, groups }, path);
    return addActivation(graph, layer.activation, sum as unknown as GraphNode, path);
  },
  describe: (layer) => withActivation(describeKernel('conv', layer), layer),
};

/** x (B, C, H, W), weight (C, O / groups, KH, KW), bias (O) → (B, O, OH, OW). */
export const convTranspose: LayerKind<ConvTransposeConfig> = {
  add({ graph }, layer, x, path) {
    const { channels } = imageShape(x, path);
    const { groups, kernel, stride, dilation } = settingsOf(layer, channels);
    const outputs = layer.convTranspose;
    requireGroups(outputs, groups, path);
    const weights = addWeights(graph, [channels, outputs / groups, ...kernel], layer, path, outputs);
    const padding = toPair(layer.padding);
    const outputPadding = toPair(layer.outputPadding);
    const attrs = { stride, padding, dilation, groups, outputPadding };
    const sum = graph.apply(convTranspose2d, [x, ...weights], attrs, path);
    return addActivation(graph, layer.activation, sum as unknown as GraphNode, path);
  },
  describe: (layer) => withActivation(describeKernel('convTranspose', layer), layer),
};

function settingsOf({ kernel, stride, dilation, groups }: ConvConfig | ConvTransposeConfig, channels: number) {
  return {
    kernel: toPair(kernel),
    stride: toPair(stride),
    dilation: toPair(dilation),
    groups: groups === 'depthwise' ? channels : groups,
  };
}

function requireGroups(channels: number, groups: number, path: string): void {
  if (channels % groups === 0) return;
  throw new ModelError(
    `${path}: expected channels that divide into ${groups} groups, got ${channels}; change one of the two`,
  );
}

/** `same` as PyTorch has it: d (k - 1) zeros in all, the odd one behind. */
function padImages(
  { graph }: Trace,
  { padding, kernel, stride, dilation }: ConvConfig,
  x: GraphNode,
  path: string,
): { images: GraphNode; padding: Pair } {
  if (padding !== 'same') return { images: x, padding: toPair(padding) };
  if (toPair(stride).some((step) => step !== 1)) {
    throw new ModelError(
      `${path}: expected stride 1 for padding same, got ${formatPair(toPair(stride))}; give the padding as a number`,
    );
  }
  const steps = toPair(dilation);
  const [down, across] = toPair(kernel).map((length, axis) => steps[axis] * (length - 1));
  const half: Pair = [Math.floor(down / 2), Math.floor(across / 2)];
  if (down % 2 === 0 && across % 2 === 0) return { images: x, padding: half };
  const pads: [number, number][] = x.shape.map(() => [0, 0]);
  pads[pads.length - 2] = [half[0], down - half[0]];
  pads[pads.length - 1] = [half[1], across - half[1]];
  return { images: graph.apply(pad, [x], { pads }, path) as unknown as GraphNode, padding: [0, 0] };
}

/** `conv 3x3 stride 2x2`. */
function describeKernel(kind: string, { kernel, stride, groups }: ConvConfig | ConvTransposeConfig): string {
  const steps = toPair(stride);
  const strided = steps.some((step) => step > 1) ? ` stride ${formatPair(steps)}` : '';
  const grouped = groups === 'depthwise' ? ' depthwise' : groups === 1 ? '' : ` groups ${groups}`;
  return `${kind} ${formatPair(toPair(kernel))}${strided}${grouped}`;
}
