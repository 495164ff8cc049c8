// Methods on images (…, C, H, W) with PyTorch's options and defaults: convolutions, pooling, enlarging. The caller's thread.
import { avgPool2d } from '../graph/ops/avg-pool2d.ts';
import { convTranspose2d } from '../graph/ops/conv-transpose2d.ts';
import { conv2d } from '../graph/ops/conv2d.ts';
import { maxPool2d } from '../graph/ops/max-pool2d.ts';
import { type UpsampleAttrs, upsample } from '../graph/ops/upsample.ts';
import { applyOp, type Expression } from './expression.ts';
import { fillOptions, optionalTensor, type PairOption, pairOf, requireTensor } from './method-options.ts';

/** A convolution's options. */
export interface ConvolutionOptions {
  /** 1. */
  readonly stride?: PairOption;
  /** Zeros on every side: 0. */
  readonly padding?: PairOption;
  /** 1. */
  readonly dilation?: PairOption;
  /** 1. */
  readonly groups?: number;
}

/** A transposed convolution's options. */
export interface ConvTransposeOptions extends ConvolutionOptions {
  /** Rows and columns more at the end, less than the stride: 0. */
  readonly outputPadding?: PairOption;
}

/** A pooling's options. */
export interface PoolingOptions {
  /** The kernel. */
  readonly stride?: PairOption;
  /** On every side, at most half the kernel: 0. */
  readonly padding?: PairOption;
}

/** A mean pooling's options. */
export interface AvgPoolOptions extends PoolingOptions {
  /** Whether the zeros of the padding count in the means: true. */
  readonly countIncludePad?: boolean;
}

/** An enlargement's options. */
export interface UpsampleOptions {
  /** 'nearest', or 'bilinear' as PyTorch without aligned corners. */
  readonly mode?: UpsampleAttrs['mode'];
}

const CONVOLUTION = { stride: 1, padding: 0, dilation: 1, groups: 1 };

/** The convolution with weights and, where it is given, a bias. */
export function convolve(
  x: Expression,
  weight: Expression,
  bias?: Expression | null,
  options?: ConvolutionOptions,
): Expression {
  const attrs = convolutionAttrs(fillOptions(options, CONVOLUTION, 'conv2d'));
  return applyOp(conv2d, [x, requireTensor(weight, 'conv2d'), ...optionalTensor(bias, 'conv2d')], attrs);
}

/** The transposed convolution with weights and, where it is given, a bias. */
export function convolveTransposed(
  x: Expression,
  weight: Expression,
  bias?: Expression | null,
  options?: ConvTransposeOptions,
): Expression {
  const filled = fillOptions(options, { ...CONVOLUTION, outputPadding: 0 }, 'convTranspose2d');
  const attrs = { ...convolutionAttrs(filled), outputPadding: pairOf(filled.outputPadding) };
  const arrays = [requireTensor(weight, 'convTranspose2d'), ...optionalTensor(bias, 'convTranspose2d')];
  return applyOp(convTranspose2d, [x, ...arrays], attrs);
}

/** The largest of each window. */
export function poolMaxima(x: Expression, kernel: PairOption, options?: PoolingOptions): Expression {
  const { stride, padding } = fillOptions(options, { stride: kernel, padding: 0 }, 'maxPool2d');
  return applyOp(maxPool2d, [x], { kernel: pairOf(kernel), stride: pairOf(stride), padding: pairOf(padding) });
}

/** The mean of each window. */
export function poolMeans(x: Expression, kernel: PairOption, options?: AvgPoolOptions): Expression {
  const defaults = { stride: kernel, padding: 0, countIncludePad: true };
  const { stride, padding, countIncludePad } = fillOptions(options, defaults, 'avgPool2d');
  const pairs = { kernel: pairOf(kernel), stride: pairOf(stride), padding: pairOf(padding) };
  return applyOp(avgPool2d, [x], { ...pairs, countIncludePad });
}

/** Enlarged by whole numbers. */
export function enlarge(x: Expression, scale: PairOption, options?: UpsampleOptions): Expression {
  const { mode } = fillOptions(options, { mode: 'nearest' }, 'upsample');
  return applyOp(upsample, [x], { scale: pairOf(scale), mode });
}

function convolutionAttrs({ stride, padding, dilation, groups }: Required<ConvolutionOptions>) {
  return { stride: pairOf(stride), padding: pairOf(padding), dilation: pairOf(dilation), groups };
}
