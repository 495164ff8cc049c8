// The shapes of a convolution with ReLU and 2 x 2 maxima behind it → the words its kernels read and the scratch memory they may write; pure, run by the planner.

/** Shapes for one image; pairs are [vertical, horizontal]. Strides and dilation are 1, there is one group. */
export interface PooledConvolutionShape {
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly outChannels: number;
  /** Windows of 2 x 2 in the convolution's result; a last odd row or column is in none. */
  readonly windows: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** The gradient by the weights goes through an image by bands of windows that see about so many floats: 64 KiB stay in L2. */
const BAND_FLOATS = 16_384;
/** Channels of the result that go through a tile. */
const TILE_CHANNELS = 8;
/** Channels on both sides from which Winograd's way is taken: a whole tile. */
const LEAST_WINOGRAD = 8;
const ALIGNMENT_BYTES = 16;
/** A row of the kernel is read by whole vectors: 3 floats beyond the last image, and 1 to keep the sum even. */
const SPARE_FLOATS = 4;

/** The words of the four kernels, in the order of assembly/pooled-convolution-meta.ts. */
export function pooledConvolutionWords(shape: PooledConvolutionShape): number[] {
  const { channels, size, outChannels, windows, kernel, padding } = shape;
  return [
    channels,
    ...size,
    outChannels,
    ...windows,
    ...kernel,
    ...padding,
    bandRows(shape),
    usesWinograd(shape) ? 1 : 0,
  ];
}

/**
 * Whether the forward pass of a 3 x 3 kernel goes by Winograd's F(2 x 2, 3 x 3): it rounds otherwise, so shapes alone decide. With few
 * channels its transforms cost what its products save.
 */
export function usesWinograd({ channels, outChannels, kernel }: PooledConvolutionShape): boolean {
  return kernel[0] === 3 && kernel[1] === 3 && channels >= LEAST_WINOGRAD && outChannels >= LEAST_WINOGRAD;
}

/** Rows of windows in a band: part of the mathematics, as a band's sum is added to the others' as a whole. */
export function bandRows({ channels, size, windows, padding }: PooledConvolutionShape): number {
  const windowRowFloats = 2 * (size[1] + 2 * padding[1]) * channels;
  return Math.max(1, Math.min(windows[0], Math.floor(BAND_FLOATS / windowRowFloats)));
}

/** Words of an image's index bytes, one for each window and channel. */
export function indexWords({ outChannels, windows }: Pick<PooledConvolutionShape, 'outChannels' | 'windows'>): number {
  return Math.ceil((outChannels * windows[0] * windows[1]) / 4);
}

/** Bytes of scratch that each of the kernels may write; 4-byte alignment is enough. */
export function pooledConvolutionScratchBytes(shape: PooledConvolutionShape): number {
  const { channels, size, outChannels, windows, kernel, padding } = shape;
  const image = (size[0] + 2 * padding[0]) * (size[1] + 2 * padding[1]) * channels + SPARE_FLOATS;
  const outputs = Math.ceil(outChannels / TILE_CHANNELS) * TILE_CHANNELS;
  const packed = outputs * (kernel[0] * kernel[1] * channels + 1);
  // One row of windows, 8 channels wide: values and index bytes.
  const row = windows[1] * (TILE_CHANNELS + TILE_CHANNELS / 4);
  const byRows = outChannels * kernel[0] * Math.ceil((kernel[1] * channels) / 4) * 4;
  // Entries of two words: a band's windows, or a window's channels by position, and where each of their lists ends.
  const list = 2 * Math.max(bandRows(shape) * windows[1], 5 * outChannels + 4);
  const groups = Math.ceil(windows[1] / 4);
  // Weights and pixels with 16 numbers for 9 and 4, sums of 4 windows, a row of windows; 16 may be read behind the image.
  const winograd = outputs * (16 * channels + 1) + groups * (64 * channels + 40) + 512 + 16;
  const floats = Math.max(packed + row, byRows + list, usesWinograd(shape) ? winograd : 0);
  return ALIGNMENT_BYTES * 4 + 4 * (image + floats + 8);
}
