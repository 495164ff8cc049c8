// The words that describe a convolution with ReLU and 2 x 2 maxima behind it, by name; ../pooled-convolution-meta.ts writes them. Read by
// every worker thread. x (C, H, W), weights (O, C, KH, KW), result (O, PH, PW); pairs are vertical, horizontal.

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
@inline export function windowsDownOf(meta: usize): usize { return word(meta, 4); }
// @ts-ignore: decorator
@inline export function windowsAcrossOf(meta: usize): usize { return word(meta, 5); }
// @ts-ignore: decorator
@inline export function kernelHeightOf(meta: usize): usize { return word(meta, 6); }
// @ts-ignore: decorator
@inline export function kernelWidthOf(meta: usize): usize { return word(meta, 7); }
// @ts-ignore: decorator
@inline export function paddingDownOf(meta: usize): usize { return word(meta, 8); }
// @ts-ignore: decorator
@inline export function paddingAcrossOf(meta: usize): usize { return word(meta, 9); }
/** Rows of windows that the gradient by the weights takes at once. */
// @ts-ignore: decorator
@inline export function bandRowsOf(meta: usize): usize { return word(meta, 10); }
/** Whether the forward pass is Winograd's. */
// @ts-ignore: decorator
@inline export function usesWinograd(meta: usize): bool { return word(meta, 11) != 0; }

/** Windows of a channel. */
// @ts-ignore: decorator
@inline export function windowsOf(meta: usize): usize { return windowsDownOf(meta) * windowsAcrossOf(meta); }
/** Floats of an image of x. */
// @ts-ignore: decorator
@inline export function imageFloatsOf(meta: usize): usize { return channelsOf(meta) * heightOf(meta) * widthOf(meta); }
/** Bytes of a pixel of an image whose channels lie together. */
// @ts-ignore: decorator
@inline export function pixelBytesOf(meta: usize): usize { return channelsOf(meta) << 2; }
/** Bytes of a row of such an image with its border. */
// @ts-ignore: decorator
@inline export function borderedRowBytesOf(meta: usize): usize { return (widthOf(meta) + 2 * paddingAcrossOf(meta)) * pixelBytesOf(meta); }
/** Floats of such an image with its border, and 4 that may be read behind it. */
// @ts-ignore: decorator
@inline export function borderedFloatsOf(meta: usize): usize {
  return (heightOf(meta) + 2 * paddingDownOf(meta)) * (borderedRowBytesOf(meta) >> 2) + 4;
}
/** Floats of a row of the kernel. */
// @ts-ignore: decorator
@inline export function kernelRowFloatsOf(meta: usize): usize { return kernelWidthOf(meta) * channelsOf(meta); }
/** Bytes of an image's index bytes, a multiple of 4. */
// @ts-ignore: decorator
@inline export function indexBytesOf(meta: usize): usize { return (outChannelsOf(meta) * windowsOf(meta) + 3) & ~3; }
