// A convolution's shapes → the words its kernels read and the scratch memory they may write; pure, run by the planner.
import { gemmBlockDepth, gemmScratchBytes } from './gemm-scratch.ts';

/** The shapes of one image's convolution; pairs are [vertical, horizontal]. */
export interface ConvolutionShape {
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly outChannels: number;
  readonly outSize: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** Patches of an image are copied into a matrix of about so many floats at once: 256 KiB stay in L2. */
const MATRIX_FLOATS = 65_536;
/** Below so many columns packing the weights anew for each product costs more than a tenth of it. */
const FEW_COLUMNS = 64;
const MOST_COLUMNS = 512;

/**
 * The words of `conv2d`, `conv2dInput` and `conv2dWeight`, in the order of assembly/convolution-meta.ts. Words 15 to 17
 * say how much goes through one product; they change no bit of the result. `activation` is what conv2d applies to its sums, as gemm counts:
 * 0 for nothing, 1 for ReLU, which it cannot where there are groups.
 */
export function convolutionWords(shape: ConvolutionShape, activation = 0): number[] {
  const { channels, size, outChannels, outSize, kernel, stride, padding, dilation, groups } = shape;
  const pairs = [...kernel, ...stride, ...padding, ...dilation];
  const { columns, images, channelsAtOnce } = cutProducts(shape);
  const cuts = [columns, images, channelsAtOnce, gemmBlockDepth(outSize[0] * outSize[1])];
  return [channels, ...size, outChannels, ...outSize, ...pairs, groups, ...cuts, activation];
}

interface ProductCuts {
  /** Output positions in a product of `conv2d` and `conv2dInput`. */
  columns: number;
  /** Images in such a product: more than 1 only where all positions of one are few. */
  images: number;
  /** Channels of x in a product of `conv2dWeight`. */
  channelsAtOnce: number;
}

function cutProducts(shape: ConvolutionShape): ProductCuts {
  const { terms, taps, positions, groupChannels } = extents(shape);
  // Multiples of 8: a whole number of gemm's panels.
  const fitting = Math.floor(MATRIX_FLOATS / terms / 8) * 8;
  const columns = Math.min(MOST_COLUMNS, Math.max(FEW_COLUMNS, fitting));
  const images = positions < FEW_COLUMNS ? Math.max(1, Math.floor(columns / Math.max(1, positions))) : 1;
  const inBlock = Math.floor(MATRIX_FLOATS / (taps * gemmBlockDepth(positions)));
  return { columns, images, channelsAtOnce: Math.max(1, Math.min(groupChannels, inBlock)) };
}

/** Bytes of scratch that each of the three kernels may write; 4-byte alignment is enough. */
export function convolutionScratchBytes(shape: ConvolutionShape): number {
  const { terms, taps, positions, groupOutputs } = extents(shape);
  const { columns, images, channelsAtOnce } = cutProducts(shape);
  const { size, padding } = shape;
  const most = images > 1 ? images * positions : Math.min(columns, positions);
  const depth = gemmBlockDepth(positions);
  const matrix = Math.max(terms * most, channelsAtOnce * taps * depth);
  // 4 floats behind it may be read, never used.
  const plane = (size[0] + 2 * padding[0]) * (size[1] + 2 * padding[1]) + 4;
  const gathered = images > 1 ? groupOutputs * most : 0;
  const gemm = Math.max(
    gemmScratchBytes(groupOutputs, most, terms),
    gemmScratchBytes(terms, most, groupOutputs),
    gemmScratchBytes(groupOutputs, channelsAtOnce * taps, Math.min(depth, positions)),
    // A convolution without patches multiplies all positions at once.
    gemmScratchBytes(groupOutputs, terms, positions),
  );
  return 16 + 4 * (matrix + plane + gathered) + gemm;
}

function extents({ channels, outChannels, outSize, kernel, groups }: ConvolutionShape) {
  const groupChannels = channels / groups;
  const taps = kernel[0] * kernel[1];
  return {
    groupChannels,
    groupOutputs: outChannels / groups,
    taps,
    /** Products that are summed for one output. */
    terms: groupChannels * taps,
    positions: outSize[0] * outSize[1],
  };
}
