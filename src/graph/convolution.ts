// A convolution's settings and tensors → its shapes, checked, and its kernel calls. Coordinator only.

import { type ConvolutionShape, convolutionScratchBytes, convolutionWords } from '../kernels/convolution-meta.ts';
import type { KernelName } from '../kernels/kernel-set.ts';
import { requireFloats } from './elementwise.ts';
import { countWindows, formatPair, imageShape, type Pair, requirePair } from './images.ts';
import { type KernelCall, labelShape, type Operand, words } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import { formatShape, formatType, type TensorType } from './tensor-type.ts';

/** PyTorch's settings of a convolution, pairs [vertical, horizontal]. */
export type ConvolutionAttrs = {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
};

/**
 * The shapes of the convolution of images x (…, C, H, W) with weights (O, C / groups, KH, KW).
 * @throws ModelError where they do not fit.
 */
export function convolutionShape(
  x: TensorType,
  weight: TensorType,
  attrs: ConvolutionAttrs,
  where: string,
): ConvolutionShape {
  requireSettings(attrs, where);
  const { channels, size } = imageShape(x, where);
  const [outChannels, groupChannels, ...kernel] = weightAxes(weight, where);
  requireGroups(attrs.groups, { channels, 'output channels': outChannels }, where);
  if (groupChannels * attrs.groups !== channels) {
    const inGroups = attrs.groups === 1 ? '' : ` and ${attrs.groups} groups`;
    throw new ModelError(
      `${where}: expected images of ${groupChannels * attrs.groups} channels for weights ${formatShape(weight.shape)}${inGroups}, got ${formatType(x)}; change the layer before it`,
    );
  }
  const settings = { ...pickSettings(attrs), kernel: kernel as unknown as Pair };
  return { channels, size, outChannels, outSize: countWindows(size, settings, where), ...settings };
}

/** The settings alone: an op may have more of its own. */
export function pickSettings({ stride, padding, dilation, groups }: ConvolutionAttrs): ConvolutionAttrs {
  return { stride, padding, dilation, groups };
}

/**
 * The four axes of weights.
 * @throws ModelError where there are not four, or one is 0.
 */
export function weightAxes(weight: TensorType, where: string): readonly number[] {
  requireFloats(weight, where);
  if (!weight.isBatched && weight.shape.length === 4 && weight.shape.every((length) => length > 0)) return weight.shape;
  throw new ModelError(
    `${where}: expected weights of four axes (channels,channels,height,width), got ${formatType(weight)}; reshape them`,
  );
}

/** @throws ModelError where strides, padding or dilation are not what a convolution can have. */
export function requireSettings({ stride, padding, dilation, groups }: ConvolutionAttrs, where: string): void {
  requirePair('a stride', stride, 1, where);
  requirePair('padding', padding, 0, where);
  requirePair('a dilation', dilation, 1, where);
  if (Number.isInteger(groups) && groups >= 1) return;
  throw new ModelError(`${where}: expected a whole number of groups of at least 1, got ${groups}; leave it out for 1`);
}

/** @throws ModelError where some channels do not divide into groups. */
export function requireGroups(groups: number, counts: Readonly<Record<string, number>>, where: string): void {
  for (const [name, count] of Object.entries(counts)) {
    if (count % groups === 0) continue;
    throw new ModelError(
      `${where}: expected ${name} that divide into ${groups} groups, got ${count}; change one of the two`,
    );
  }
}

/** @throws ModelError where a bias is not one number a channel. */
export function requireBias(bias: TensorType | undefined, channels: number, where: string): void {
  if (bias === undefined) return;
  requireFloats(bias, where);
  if (!bias.isBatched && bias.shape.length === 1 && bias.shape[0] === channels) return;
  throw new ModelError(
    `${where}: expected a bias of shape (${channels}), one number an output channel, got ${formatType(bias)}; reshape it`,
  );
}

/** A call of one of the three kernels; `operands` are what comes before the words, `activation` what conv2d applies: 1 for ReLU. */
export function convolutionCall(
  kernel: KernelName,
  operands: readonly Operand[],
  shape: ConvolutionShape,
  detail: string,
  activation = 0,
): KernelCall {
  const bytes = convolutionScratchBytes(shape);
  const args = [
    ...operands,
    words(convolutionWords(shape, activation)),
    { of: 'scratch', bytes: () => bytes } as const,
  ];
  return { kernel, args, detail };
}

/** The images and the kernel in a label: `(rows,1,28,28) * 3x3 stride 2x2`. */
export function labelConvolution(x: TensorType, { kernel, stride, groups }: ConvolutionShape): string {
  const strided = stride.some((step) => step > 1) ? ` stride ${formatPair(stride)}` : '';
  return `${labelShape(x)} * ${formatPair(kernel)}${strided}${groups > 1 ? ` groups ${groups}` : ''}`;
}
