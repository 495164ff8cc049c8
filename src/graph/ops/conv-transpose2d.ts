// The transposed convolution: images spread out by a kernel, as a convolution's gradient is. Coordinator only.
import {
  type ConvolutionAttrs,
  convolutionCall,
  convolutionShape,
  labelConvolution,
  pickSettings,
  requireBias,
  requireGroups,
  requireSettings,
  weightAxes,
} from '../convolution.ts';
import { formatPair, imageShape, imagesOf, type Pair, requirePair, withImage } from '../images.ts';
import { tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatShape, formatType, type TensorType } from '../tensor-type.ts';
import { channelSum } from './channel-sum.ts';
import { biasOperand, conv2d, conv2dWeight, kernelOf, withBias } from './conv2d.ts';

/** A convolution's settings, and how many rows and columns more its images have than the least that give this layer's input. */
export type ConvTransposeAttrs = ConvolutionAttrs & { readonly outputPadding: Pair };

/**
 * Inputs x (…, C, H, W), weight (C, O / groups, KH, KW) and, if there is one, bias (O) → (…, O, OH, OW), as PyTorch's ConvTranspose2d:
 * OH = (H - 1) stride - 2 padding + dilation (KH - 1) + outputPadding + 1. Unlike there, outputPadding must be less than the stride, so
 * that a convolution of the result has the size of x.
 */
export const convTranspose2d: Op<ConvTransposeAttrs> = {
  name: 'convTranspose2d',
  infer([x, weight, bias], attrs, where) {
    const type = spreadType(x, weight, attrs, where);
    requireBias(bias, type.shape.at(-3) as number, where);
    return type;
  },
  gradient({ node, inputs: [x, weight], dOut, apply }, input) {
    const attrs = pickSettings(node.attrs);
    if (input === 0) return apply(conv2d, [dOut, weight], attrs);
    if (input === 1) return apply(conv2dWeight, [dOut, x], { ...attrs, kernel: kernelOf(weight) });
    return apply(channelSum, [dOut], {});
  },
  lower({ node, inputs: [x, weight, bias], out }) {
    // The convolution of the result whose output this layer's input would be.
    const shape = convolutionShape(node, weight, pickSettings(node.attrs), node.layer);
    const operands = [out, tensor(x), tensor(weight), biasOperand(bias), imagesOf(x)];
    const detail = `${labelConvolution(x, shape)} transposed`;
    return [convolutionCall('conv2dInput', operands, shape, withBias(detail, bias))];
  },
};

function spreadType(x: TensorType, weight: TensorType, attrs: ConvTransposeAttrs, where: string): TensorType {
  const { stride, padding, dilation, outputPadding, groups } = attrs;
  requireSettings(attrs, where);
  requirePair('outputPadding', outputPadding, 0, where);
  if (outputPadding.some((more, axis) => more >= stride[axis])) {
    throw new ModelError(
      `${where}: expected outputPadding less than the stride ${formatPair(stride)}, got ${formatPair(outputPadding)}; use less or pad the result`,
    );
  }
  const { channels, size } = imageShape(x, where);
  const [inChannels, groupOutputs, ...kernel] = weightAxes(weight, where);
  requireGroups(groups, { channels: inChannels }, where);
  if (inChannels !== channels) {
    throw new ModelError(
      `${where}: expected images of ${inChannels} channels for weights ${formatShape(weight.shape)}, got ${formatType(x)}; change the layer before it`,
    );
  }
  const outSize = size.map(
    (length, axis) =>
      (length - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (kernel[axis] - 1) + outputPadding[axis] + 1,
  ) as [number, number];
  if (outSize.some((length) => length < 1)) {
    throw new ModelError(
      `${where}: expected padding that leaves something of the result, got ${formatPair(padding)}, which leaves ${formatPair(outSize)}; use less padding`,
    );
  }
  return withImage(x, groupOutputs * groups, outSize);
}
