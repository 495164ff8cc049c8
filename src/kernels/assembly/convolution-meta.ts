// The words that describe a convolution, by name; ../convolution-meta.ts writes them. Read by every worker thread.
// x (C, H, W), weights (O, C / groups, KH, KW), output (OH, OW positions of O channels); pairs are vertical, horizontal.

// @ts-ignore: decorator
@inline function word(meta: usize, index: usize): usize { return load<usize>(meta + (index << 2)); }
// @ts-ignore: decorator
@inline export function channelsOf(meta: usize): usize { return word(meta, 0); }
// @ts-ignore: decorator
@inline export function heightOf(meta: usize): usize { return word(meta, 1); }
// @ts-ignore: decorator
@inline export function widthOf(meta: usize): usize { return word(meta, 2); }
// @ts-ignore: decorator
@inline export function outChannelsOf(meta: usize): usize { return word(meta, 3); }
// @ts-ignore: decorator
@inline export function outHeightOf(meta: usize): usize { return word(meta, 4); }
// @ts-ignore: decorator
@inline export function outWidthOf(meta: usize): usize { return word(meta, 5); }
// @ts-ignore: decorator
@inline export function kernelHeightOf(meta: usize): usize { return word(meta, 6); }
// @ts-ignore: decorator
@inline export function kernelWidthOf(meta: usize): usize { return word(meta, 7); }
// @ts-ignore: decorator
@inline export function strideDownOf(meta: usize): usize { return word(meta, 8); }
// @ts-ignore: decorator
@inline export function strideAcrossOf(meta: usize): usize { return word(meta, 9); }
// @ts-ignore: decorator
@inline export function paddingDownOf(meta: usize): usize { return word(meta, 10); }
// @ts-ignore: decorator
@inline export function paddingAcrossOf(meta: usize): usize { return word(meta, 11); }
// @ts-ignore: decorator
@inline export function dilationDownOf(meta: usize): usize { return word(meta, 12); }
// @ts-ignore: decorator
@inline export function dilationAcrossOf(meta: usize): usize { return word(meta, 13); }
// @ts-ignore: decorator
@inline export function groupsOf(meta: usize): usize { return word(meta, 14); }
/** Output positions in one product. */
// @ts-ignore: decorator
@inline export function columnsAtOnceOf(meta: usize): usize { return word(meta, 15); }
/** Images in one product. */
// @ts-ignore: decorator
@inline export function imagesAtOnceOf(meta: usize): usize { return word(meta, 16); }
/** Channels of x in one product of the weights' gradient. */
// @ts-ignore: decorator
@inline export function channelsAtOnceOf(meta: usize): usize { return word(meta, 17); }
/** Positions of an image that gemm would sum in one block. */
// @ts-ignore: decorator
@inline export function blockDepthOf(meta: usize): usize { return word(meta, 18); }
/** What conv2d applies to its sums, by gemm's numbers. */
// @ts-ignore: decorator
@inline export function activationOf(meta: usize): i32 { return <i32>word(meta, 19); }

// @ts-ignore: decorator
@inline export function tapsOf(meta: usize): usize { return kernelHeightOf(meta) * kernelWidthOf(meta); }
// @ts-ignore: decorator
@inline export function positionsOf(meta: usize): usize { return outHeightOf(meta) * outWidthOf(meta); }
/** Bytes of one channel of x. */
// @ts-ignore: decorator
@inline export function planeBytesOf(meta: usize): usize { return (heightOf(meta) * widthOf(meta)) << 2; }
/** Floats of a row of x with its padding. */
// @ts-ignore: decorator
@inline export function paddedWidthOf(meta: usize): usize { return widthOf(meta) + 2 * paddingAcrossOf(meta); }
