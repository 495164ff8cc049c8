// Convolutions of images (C, H, W) with weights (O, C / groups, KH, KW), and both their gradients; every worker thread runs them.
// The three are closed under gradients, and conv2dInput is the forward pass of a transposed convolution.
//
// An image's patches are the columns of a matrix (`patches.ts`) and go through gemm, so that an output is summed in gemm's order: over
// channels, rows and columns of the kernel in blocks, whatever images and positions go through together. With a BLAS large products are
// its (`product.ts`): its order depends on the shape, so the bits are the same for the same number of images a call.
import {
  activationOf,
  blockDepthOf,
  channelsAtOnceOf,
  channelsOf,
  columnsAtOnceOf,
  groupsOf,
  heightOf,
  imagesAtOnceOf,
  outChannelsOf,
  paddedWidthOf,
  paddingAcrossOf,
  paddingDownOf,
  planeBytesOf,
  positionsOf,
  strideAcrossOf,
  strideDownOf,
  tapsOf,
} from './convolution-meta';
import { depthwiseForward, depthwiseInput, depthwiseWeight, isDepthwise } from './depthwise';
import { copyRow, fillRow } from './image-rows';
import { gatherPatches, scatterPatches } from './patches';
import { product } from './product';

/** Whether x is its own matrix of patches: 1 x 1, every position once. */
function isPointwise(meta: usize): bool {
  return (tapsOf(meta) | strideDownOf(meta) | strideAcrossOf(meta)) == 1 && (paddingDownOf(meta) | paddingAcrossOf(meta)) == 0;
}

/** Floats of a padded channel, and 4 that may be read behind it. */
// @ts-ignore: decorator
@inline
function spareFloats(meta: usize): usize {
  return (heightOf(meta) + 2 * paddingDownOf(meta)) * paddedWidthOf(meta) + 4;
}

/** rows of n floats each, `rowBytes` apart, filled with their bias, or 0. */
function fillRows(to: usize, rowBytes: usize, rows: usize, n: usize, bias: usize): void {
  for (let r: usize = 0; r < rows; ++r) {
    fillRow(to, bias ? load<f32>(bias + (r << 2)) : 0, n);
    to += rowBytes;
  }
}

/** (rows, n) floats from rows `fromBytes` apart to rows `toBytes` apart. */
function copyRows(to: usize, toBytes: usize, from: usize, fromBytes: usize, rows: usize, n: usize): void {
  for (let r: usize = 0; r < rows; ++r) {
    copyRow(to, from, n, 1);
    to += toBytes;
    from += fromBytes;
  }
}

/** [C = bias, then] C (m, n) += weights (m, k) · B (k, n), then the activation. */
// @ts-ignore: decorator
@inline
function multiply(
  c: usize, ldc: usize, w: usize, b: usize, ldb: usize, m: usize, n: usize, k: usize, bias: usize,
  activation: i32, scratch: usize,
): void {
  if (bias) fillRows(c, ldc << 2, m, n, bias);
  product(0, 0, m, n, k, w, k, b, ldb, c, ldc, bias ? 1 : 0, activation, scratch);
}

/** out (images, O, OH, OW) = x (images, C, H, W) * w [+ bias (O), from which each sum then starts], or ReLU of it; bias 0 for none. */
export function conv2d(out: usize, x: usize, w: usize, bias: usize, images: usize, meta: usize, scratch: usize): void {
  scratch = (scratch + 15) & ~15;
  if (isDepthwise(meta)) return depthwiseForward(out, x, w, bias, images, meta, scratch);
  const groups = groupsOf(meta), positions = positionsOf(meta), planeBytes = planeBytesOf(meta);
  const channels = channelsOf(meta) / groups, outputs = outChannelsOf(meta) / groups;
  const terms = channels * tapsOf(meta), most = imagesAtOnceOf(meta);
  const imageBytes = planeBytes * channelsOf(meta), outBytes = (positions * outChannelsOf(meta)) << 2;
  for (let n: usize = 0; n < images; n += most) {
    const together = min(most, images - n);
    for (let g: usize = 0; g < groups; ++g) {
      const from = x + n * imageBytes + g * channels * planeBytes;
      const to = out + n * outBytes + ((g * outputs * positions) << 2);
      const weights = w + ((g * outputs * terms) << 2);
      const biasHere = bias ? bias + ((g * outputs) << 2) : 0;
      if (together > 1) {
        forwardTogether(to, from, weights, biasHere, together, outBytes, imageBytes, channels, outputs, meta, scratch);
      } else if (isPointwise(meta)) {
        multiply(to, positions, weights, from, positions, outputs, positions, terms, biasHere, activationOf(meta), scratch);
      } else {
        forwardOne(to, from, weights, biasHere, channels, outputs, meta, scratch);
      }
    }
  }
}

/** One group of one image, some positions after the other. */
function forwardOne(
  out: usize, x: usize, w: usize, bias: usize, channels: usize, outputs: usize, meta: usize, matrix: usize,
): void {
  const positions = positionsOf(meta), terms = channels * tapsOf(meta);
  const most = min(columnsAtOnceOf(meta), positions);
  const spare = matrix + ((terms * most) << 2);
  const rest = spare + (spareFloats(meta) << 2);
  for (let p: usize = 0; p < positions; p += most) {
    const n = min(most, positions - p);
    gatherPatches(matrix, n << 2, x, channels, p, n, meta, spare);
    multiply(out + (p << 2), positions, w, matrix, n, outputs, n, terms, bias, activationOf(meta), rest);
  }
}

/** One group of several small images in one product, whose result lies in another order than they do. */
function forwardTogether(
  out: usize, x: usize, w: usize, bias: usize, images: usize, outBytes: usize, imageBytes: usize,
  channels: usize, outputs: usize, meta: usize, matrix: usize,
): void {
  const positions = positionsOf(meta), terms = channels * tapsOf(meta);
  const n = images * positions;
  const spare = matrix + ((terms * n) << 2);
  const product = spare + (spareFloats(meta) << 2);
  for (let i: usize = 0; i < images; ++i) {
    gatherPatches(matrix + ((i * positions) << 2), n << 2, x + i * imageBytes, channels, 0, positions, meta, spare);
  }
  multiply(product, n, w, matrix, n, outputs, n, terms, bias, activationOf(meta), product + ((outputs * n) << 2));
  for (let i: usize = 0; i < images; ++i) {
    copyRows(out + i * outBytes, positions << 2, product + ((i * positions) << 2), n << 2, outputs, positions);
  }
}

/**
 * dx (images, C, H, W) = the transposed convolution of dOut (images, O, OH, OW) with w [+ bias (C)]: the gradient of conv2d by x.
 * An element is its bias plus the products of its group's O channels, summed in gemm's order, in the order of output positions.
 */
export function conv2dInput(dx: usize, dOut: usize, w: usize, bias: usize, images: usize, meta: usize, scratch: usize): void {
  scratch = (scratch + 15) & ~15;
  if (isDepthwise(meta)) return depthwiseInput(dx, dOut, w, bias, images, meta, scratch);
  const groups = groupsOf(meta), positions = positionsOf(meta), planeBytes = planeBytesOf(meta);
  const channels = channelsOf(meta) / groups, outputs = outChannelsOf(meta) / groups;
  const terms = channels * tapsOf(meta), most = imagesAtOnceOf(meta);
  const imageBytes = planeBytes * channelsOf(meta), outBytes = (positions * outChannelsOf(meta)) << 2;
  for (let n: usize = 0; n < images; n += most) {
    const together = min(most, images - n);
    for (let g: usize = 0; g < groups; ++g) {
      const to = dx + n * imageBytes + g * channels * planeBytes;
      const from = dOut + n * outBytes + ((g * outputs * positions) << 2);
      const weights = w + ((g * outputs * terms) << 2);
      const biasHere = bias ? bias + ((g * channels) << 2) : 0;
      if (isPointwise(meta) && together == 1 && !bias) {
        product(1, 0, terms, positions, outputs, weights, terms, from, positions, to, positions, 0, 0, scratch);
        continue;
      }
      for (let i: usize = 0; i < together; ++i) fillRows(to + i * imageBytes, planeBytes, channels, planeBytes >> 2, biasHere);
      if (together == 1) inputOne(to, from, weights, channels, outputs, meta, scratch);
      else inputTogether(to, from, weights, together, outBytes, imageBytes, channels, outputs, meta, scratch);
    }
  }
}

/** One group of one image, some positions after the other. */
function inputOne(dx: usize, dOut: usize, w: usize, channels: usize, outputs: usize, meta: usize, matrix: usize): void {
  const positions = positionsOf(meta), terms = channels * tapsOf(meta);
  const most = min(columnsAtOnceOf(meta), positions);
  const rest = matrix + ((terms * most) << 2);
  for (let p: usize = 0; p < positions; p += most) {
    const n = min(most, positions - p);
    product(1, 0, terms, n, outputs, w, terms, dOut + (p << 2), positions, matrix, n, 0, 0, rest);
    scatterPatches(dx, matrix, n << 2, channels, p, n, meta);
  }
}

/** One group of several small images in one product. */
function inputTogether(
  dx: usize, dOut: usize, w: usize, images: usize, outBytes: usize, imageBytes: usize,
  channels: usize, outputs: usize, meta: usize, matrix: usize,
): void {
  const positions = positionsOf(meta), terms = channels * tapsOf(meta);
  const n = images * positions;
  const gathered = matrix + ((terms * n) << 2);
  const rest = gathered + ((outputs * n) << 2);
  for (let i: usize = 0; i < images; ++i) {
    copyRows(gathered + ((i * positions) << 2), n << 2, dOut + i * outBytes, positions << 2, outputs, positions);
  }
  product(1, 0, terms, n, outputs, w, terms, gathered, n, matrix, n, 0, 0, rest);
  for (let i: usize = 0; i < images; ++i) {
    scatterPatches(dx + i * imageBytes, matrix + ((i * positions) << 2), n << 2, channels, 0, positions, meta);
  }
}

/**
 * dw (O, C / groups, KH, KW) = [dw +] the gradient of conv2d by its weights. An image's sum over positions is one of gemm's; images are
 * added in their order, so that cutting them into calls changes no bit.
 */
export function conv2dWeight(
  dw: usize, x: usize, dOut: usize, accumulate: i32, images: usize, meta: usize, scratch: usize,
): void {
  scratch = (scratch + 15) & ~15;
  const groups = groupsOf(meta), positions = positionsOf(meta), planeBytes = planeBytesOf(meta);
  const channels = channelsOf(meta) / groups, outputs = outChannelsOf(meta) / groups;
  const terms = channels * tapsOf(meta);
  if (images == 0 && !accumulate) fillRow(dw, 0, outChannelsOf(meta) * terms);
  for (let n: usize = 0; n < images; ++n) {
    for (let g: usize = 0; g < groups; ++g) {
      const to = dw + ((g * outputs * terms) << 2);
      if (isDepthwise(meta)) depthwiseWeight(to, x, dOut, accumulate, meta, scratch);
      else if (isPointwise(meta)) {
        product(0, 1, outputs, terms, positions, dOut, positions, x, positions, to, terms, accumulate, 0, scratch);
      } else weightOne(to, x, dOut, accumulate, channels, outputs, meta, scratch);
      x += channels * planeBytes;
      dOut += (outputs * positions) << 2;
    }
    accumulate = 1;
  }
}

/** One group of one image: some channels after the other, and positions by the blocks in which gemm would sum all of them. */
function weightOne(
  dw: usize, x: usize, dOut: usize, accumulate: i32, channels: usize, outputs: usize, meta: usize, matrix: usize,
): void {
  const positions = positionsOf(meta), taps = tapsOf(meta), terms = channels * taps;
  const depth = blockDepthOf(meta), most = channelsAtOnceOf(meta);
  const spare = matrix + ((most * taps * depth) << 2);
  const rest = spare + (spareFloats(meta) << 2);
  for (let c: usize = 0; c < channels; c += most) {
    const some = min(most, channels - c);
    for (let p: usize = 0; p < positions; p += depth) {
      const n = min(depth, positions - p);
      gatherPatches(matrix, n << 2, x + c * planeBytesOf(meta), some, p, n, meta, spare);
      const to = dw + ((c * taps) << 2);
      product(0, 1, outputs, some * taps, n, dOut + (p << 2), positions, matrix, n, to, terms, accumulate | (p ? 1 : 0), 0, rest);
    }
  }
}
