// maxPool2d(relu(conv2d(x))) with windows of 2 x 2 in one kernel call, and its gradients: what plan/fuse.ts makes of the three. Coordinator only.
import {
  indexWords,
  type PooledConvolutionShape,
  pooledConvolutionScratchBytes,
  pooledConvolutionWords,
} from '../../kernels/pooled-convolution-meta.ts';
import { convolutionShape, requireBias } from '../convolution.ts';
import { imageShape, imagesOf, type Pair, withImage } from '../images.ts';
import { labelShape, type Operand, tensor, words } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatType, type TensorType } from '../tensor-type.ts';
import { biasOperand, kernelOf } from './conv2d.ts';

/** Stride and dilation are 1, there is one group, windows lie side by side without padding. */
export type ConvReluPoolAttrs = { readonly padding: Pair };
/** The gradient by the images needs their size, that by the weights the kernel's. */
type InputAttrs = ConvReluPoolAttrs & { readonly size: Pair };
type WeightAttrs = ConvReluPoolAttrs & { readonly kernel: Pair };

/**
 * Inputs x (…, C, H, W), weight (O, C, KH, KW) → words that hold one byte for each maximum: which of its window's four positions it is
 * (0 to 3), or 255 where ReLU lets nothing through. It is memory that `convReluPool` fills, which has it among its inputs: one call
 * gives both tensors, and each lives as long as it is read.
 */
export const poolIndices: Op<ConvReluPoolAttrs> = {
  name: 'poolIndices',
  infer([x, weight], attrs, where) {
    const shape = pooledShape(x, weight, attrs, where);
    return { shape: [...x.shape.slice(0, -3), indexWords(shape)], isBatched: x.isBatched, element: 'i32' };
  },
  lower: () => [],
};

/** Inputs x (…, C, H, W), weight (O, C, KH, KW), the memory of `poolIndices` and, if there is one, bias (O) → (…, O, PH, PW). */
export const convReluPool: Op<ConvReluPoolAttrs> = {
  name: 'convReluPool',
  infer([x, weight, index, bias], attrs, where) {
    const { outChannels, windows, ...shape } = pooledShape(x, weight, attrs, where);
    requireBias(bias, outChannels, where);
    const images = elementCount(x.shape.slice(0, -3));
    const isFitting = index.element === 'i32' && index.isBatched === x.isBatched;
    if (!isFitting || elementCount(index.shape) !== images * indexWords({ ...shape, outChannels, windows })) {
      throw new ModelError(
        `${where}: expected the indices of ${formatType(x)}, got ${formatType(index)}; make them by poolIndices`,
      );
    }
    return withImage(x, outChannels, windows);
  },
  gradient({ node, inputs: [x, weight, index], dOut, apply }, input) {
    const { padding } = node.attrs;
    if (input === 0) {
      return apply(convReluPoolInput, [dOut, index, weight], { padding, size: imageShape(x, node.layer).size });
    }
    if (input === 1) return apply(convReluPoolWeight, [x, dOut, index], { padding, kernel: kernelOf(weight) });
    if (input === 3) return apply(convReluPoolBias, [dOut, index], {});
    return undefined;
  },
  lower({ node, inputs: [x, weight, index, bias], out }) {
    const shape = pooledShape(x, weight, node.attrs, node.layer);
    const arrays = [out, tensor(index), tensor(x), tensor(weight), biasOperand(bias)];
    const detail = `${labelShape(x)} * ${shape.kernel.join('x')}${bias === undefined ? '' : ' +bias'} relu maxPool2d`;
    return [{ kernel: 'convReluPool', args: [...arrays, imagesOf(x), ...settings(shape)], detail }];
  },
};

/** (dOut (…, O, PH, PW), indices, weight) → dx (…, C, H, W). */
export const convReluPoolInput: Op<InputAttrs> = {
  name: 'convReluPoolInput',
  infer: ([dOut, , weight], { size }) => withImage(dOut, weight.shape[1], size),
  lower({ node, inputs: [dOut, index, weight], out }) {
    const shape = pooledShape(node, weight, node.attrs, node.layer);
    const args = [out, tensor(dOut), tensor(index), tensor(weight), imagesOf(node), ...settings(shape)];
    const detail = `${labelShape(node)} * ${shape.kernel.join('x')} relu maxPool2d, its input`;
    return [{ kernel: 'convReluPoolInput', args, detail }];
  },
};

/** (x (…, C, H, W), dOut (…, O, PH, PW), indices) → dw (O, C, KH, KW), summed over all images, samples included. */
export const convReluPoolWeight: Op<WeightAttrs> = {
  name: 'convReluPoolWeight',
  accumulates: true,
  infer([x, dOut], { kernel }, where) {
    const shape = [imageShape(dOut, where).channels, imageShape(x, where).channels, ...kernel];
    return { shape, isBatched: false, element: 'f32' };
  },
  lower({ node, inputs: [x, dOut, index], out, accumulate }) {
    const shape = pooledShape(x, node, node.attrs, node.layer);
    const arrays = [out, tensor(x), tensor(dOut), tensor(index)];
    const detail = `${labelShape(x)} * ${shape.kernel.join('x')} relu maxPool2d, its weights`;
    return [{ kernel: 'convReluPoolWeight', args: [...arrays, accumulate, imagesOf(x), ...settings(shape)], detail }];
  },
};

/** (dOut (…, O, PH, PW), indices) → db (O), the sum over all windows of all images that ReLU lets through. */
export const convReluPoolBias: Op<Readonly<Record<string, never>>> = {
  name: 'convReluPoolBias',
  accumulates: true,
  infer: ([dOut], _attrs, where) => ({ shape: [imageShape(dOut, where).channels], isBatched: false, element: 'f32' }),
  lower({ node, inputs: [dOut, index], out, accumulate }) {
    const { channels, size } = imageShape(dOut, node.layer);
    const args = [out, tensor(dOut), tensor(index), accumulate, imagesOf(dOut), channels, size[0] * size[1]];
    return [{ kernel: 'convReluPoolBias', args, detail: `sum ${labelShape(dOut)} to ${labelShape(node)}` }];
  },
};

/** Words and scratch memory of a call. */
function settings(shape: PooledConvolutionShape): Operand[] {
  const bytes = pooledConvolutionScratchBytes(shape);
  return [words(pooledConvolutionWords(shape)), { of: 'scratch', bytes: () => bytes }];
}

/** @throws ModelError where they do not fit, or no window does. */
function pooledShape(
  x: TensorType,
  weight: TensorType,
  { padding }: ConvReluPoolAttrs,
  where: string,
): PooledConvolutionShape {
  const attrs = { padding, stride: [1, 1], dilation: [1, 1], groups: 1 } as const;
  const { outSize, channels, size, outChannels, kernel } = convolutionShape(x, weight, attrs, where);
  const windows: Pair = [outSize[0] >> 1, outSize[1] >> 1];
  if (windows[0] === 0 || windows[1] === 0) {
    throw new ModelError(`${where}: expected images of at least 2x2 to pool, got ${outSize.join('x')}; pool less`);
  }
  return { channels, size, outChannels, windows, kernel, padding };
}
