// The convolution of images with a kernel, and both its gradients: three ops closed under gradients. Coordinator only.
import {
  type ConvolutionAttrs,
  convolutionCall,
  convolutionShape,
  labelConvolution,
  pickSettings,
  requireBias,
  weightAxes,
} from '../convolution.ts';
import { imageShape, imagesOf, type Pair, withImage } from '../images.ts';
import { tensor } from '../kernel-call.ts';
import type { GradientContext, GraphNode, Op } from '../op.ts';
import type { TensorType } from '../tensor-type.ts';
import { channelSum } from './channel-sum.ts';
import { reluBackward } from './relu.ts';

/** What is applied to the sums: ReLU, where there is one group; nothing unless said. */
export type Conv2dAttrs = ConvolutionAttrs & { readonly activation?: 'relu' };

/** The gradient by the images needs their size: several sizes give the same output. */
export type ConvolutionInputAttrs = ConvolutionAttrs & { readonly size: Pair };

/** The gradient by the weights needs the kernel's size. */
export type ConvolutionWeightAttrs = ConvolutionAttrs & { readonly kernel: Pair };

/** Inputs x (…, C, H, W), weight (O, C / groups, KH, KW) and, if there is one, bias (O) → (…, O, OH, OW), as PyTorch's Conv2d. */
export const conv2d: Op<Conv2dAttrs> = {
  name: 'conv2d',
  infer([x, weight, bias], attrs, where) {
    const { outChannels, outSize } = convolutionShape(x, weight, attrs, where);
    requireBias(bias, outChannels, where);
    return withImage(x, outChannels, outSize);
  },
  gradient(context, input) {
    const { node, inputs, apply } = context;
    const [x, weight] = inputs;
    const attrs = pickSettings(node.attrs);
    const dSum = gradientOfSum(context);
    if (input === 0) return apply(conv2dInput, [dSum, weight], { ...attrs, size: imageShape(x, node.layer).size });
    if (input === 1) return apply(conv2dWeight, [x, dSum], { ...attrs, kernel: kernelOf(weight) });
    return apply(channelSum, [dSum], {});
  },
  lower({ node, inputs: [x, weight, bias], out }) {
    const shape = convolutionShape(x, weight, node.attrs, node.layer);
    const { activation } = node.attrs;
    const operands = [out, tensor(x), tensor(weight), biasOperand(bias), imagesOf(x)];
    const detail = `${withBias(labelConvolution(x, shape), bias)}${activation === undefined ? '' : ` ${activation}`}`;
    return [convolutionCall('conv2d', operands, shape, detail, activation === 'relu' ? 1 : 0)];
  },
};

/** Inputs dOut (…, O, OH, OW), weight (O, C / groups, KH, KW) and, if there is one, bias (C) → dx (…, C, H, W): each output spread over what it saw. */
export const conv2dInput: Op<ConvolutionInputAttrs> = {
  name: 'conv2dInput',
  infer: ([dOut, weight], attrs) => imagesSeen(dOut, weight, attrs),
  gradient({ node, inputs: [dOut, weight], dOut: g, apply }, input) {
    const attrs = pickSettings(node.attrs);
    if (input === 0) return apply(conv2d, [g, weight], attrs);
    if (input === 1) return apply(conv2dWeight, [g, dOut], { ...attrs, kernel: kernelOf(weight) });
    return apply(channelSum, [g], {});
  },
  lower({ node, inputs: [dOut, weight, bias], out }) {
    const shape = convolutionShape(node, weight, node.attrs, node.layer);
    const operands = [out, tensor(dOut), tensor(weight), biasOperand(bias), imagesOf(dOut)];
    return [convolutionCall('conv2dInput', operands, shape, `${labelConvolution(node, shape)}, its input`)];
  },
};

/** Inputs x (…, C, H, W) and dOut (…, O, OH, OW) → dw (O, C / groups, KH, KW), summed over all images, samples included. */
export const conv2dWeight: Op<ConvolutionWeightAttrs> = {
  name: 'conv2dWeight',
  accumulates: true,
  infer: ([x, dOut], attrs, where) => weightsFor(x, dOut, attrs, where),
  gradient({ node, inputs: [x, dOut], dOut: g, apply }, input) {
    const attrs = pickSettings(node.attrs);
    if (input === 0) return apply(conv2dInput, [dOut, g], { ...attrs, size: imageShape(x, node.layer).size });
    return apply(conv2d, [x, g], attrs);
  },
  lower({ node, inputs: [x, dOut], out, accumulate }) {
    const shape = convolutionShape(x, node, node.attrs, node.layer);
    const operands = [out, tensor(x), tensor(dOut), accumulate, imagesOf(x)];
    return [convolutionCall('conv2dWeight', operands, shape, `${labelConvolution(x, shape)}, its weights`)];
  },
};

/** The gradient in front of the activation, which its result tells. */
function gradientOfSum({ node, dOut, apply }: GradientContext<Conv2dAttrs>): GraphNode {
  return node.attrs.activation === undefined ? dOut : apply(reluBackward, [dOut, node as unknown as GraphNode], {});
}

/** The type of the images that a convolution's output comes from. */
export function imagesSeen(dOut: TensorType, weight: TensorType, { groups, size }: ConvolutionInputAttrs): TensorType {
  return withImage(dOut, weight.shape[1] * groups, size);
}

/** KH and KW of weights. */
export function kernelOf(weight: TensorType): Pair {
  const [, , height, width] = weight.shape;
  return [height, width];
}

/** A bias as an operand, 0 for none. */
export function biasOperand(bias: GraphNode | undefined) {
  return bias === undefined ? 0 : tensor(bias);
}

/** A label with its bias. */
export function withBias(detail: string, bias: GraphNode | undefined): string {
  return bias === undefined ? detail : `${detail} +bias`;
}

function weightsFor(x: TensorType, dOut: TensorType, attrs: ConvolutionWeightAttrs, where: string): TensorType {
  const { channels } = imageShape(x, where);
  const outChannels = imageShape(dOut, where).channels;
  const shape = [outChannels, channels / attrs.groups, ...attrs.kernel];
  const type = { shape, isBatched: false, element: 'f32' } as const;
  weightAxes(type, where);
  return type;
}
