// What ops on images have in common: (…, C, H, W) with any axes in front, the batch axis among them. Coordinator only.
import { requireFloats } from './elementwise.ts';
import type { Operand } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import { elementCount, formatType, type TensorType } from './tensor-type.ts';

/** [vertical, horizontal]. */
export type Pair = readonly [number, number];

/**
 * The last three axes.
 * @throws ModelError where there are fewer, or no floats.
 */
export function imageShape(x: TensorType, where: string): { channels: number; size: Pair } {
  requireFloats(x, where);
  if (x.shape.length < 3) {
    const form = x.isBatched ? 'samples of shape (…,channels,height,width)' : 'a shape (…,channels,height,width)';
    throw new ModelError(`${where}: expected ${form}, got ${formatType(x)}; reshape it before this layer`);
  }
  const [channels, height, width] = x.shape.slice(-3);
  return { channels, size: [height, width] };
}

/** The type with other last three axes. */
export function withImage(x: TensorType, channels: number, size: Pair): TensorType {
  return { shape: [...x.shape.slice(0, -3), channels, ...size], isBatched: x.isBatched, element: 'f32' };
}

/** How many images a tensor has, for this micro-batch. */
export function imagesOf(x: TensorType): Operand {
  return counted(x, elementCount(x.shape.slice(0, -3)));
}

/** How many channels of images a tensor has, those of all images together. */
export function planesOf(x: TensorType): Operand {
  return counted(x, elementCount(x.shape.slice(0, -2)));
}

function counted({ isBatched }: TensorType, perSample: number): Operand {
  return isBatched ? { of: 'rows', multiplier: perSample } : perSample;
}

/** A pair in an error or a label: `3x5`. */
export function formatPair([down, across]: Pair): string {
  return `${down}x${across}`;
}

/**
 * Checks a setting that is a pair of whole numbers.
 * @throws ModelError where one is below `least` or not whole.
 */
export function requirePair(name: string, pair: Pair, least: number, where: string): void {
  if (pair.length === 2 && pair.every((value) => Number.isInteger(value) && value >= least)) return;
  throw new ModelError(
    `${where}: expected ${name} of two whole numbers of at least ${least}, got [${pair}]; give [vertical, horizontal]`,
  );
}

/**
 * How many windows of `kernel` fit in an image with its padding, as PyTorch counts them: floor((n + 2 p - d (k - 1) - 1) / s) + 1.
 * @throws ModelError where none fits.
 */
export function countWindows(
  size: Pair,
  { kernel, stride, padding, dilation }: { kernel: Pair; stride: Pair; padding: Pair; dilation: Pair },
  where: string,
): [number, number] {
  const padded = size.map((length, axis) => length + 2 * padding[axis]);
  const seen = kernel.map((length, axis) => dilation[axis] * (length - 1) + 1);
  if (seen.some((length, axis) => length > padded[axis])) {
    const dilated = dilation.some((step) => step > 1) ? ` (${formatPair(kernel)} dilated)` : '';
    throw new ModelError(
      `${where}: expected a kernel no larger than the image with its padding, ${padded.join('x')}, got ${seen.join('x')}${dilated}; use a smaller kernel or more padding`,
    );
  }
  return [0, 1].map((axis) => Math.floor((padded[axis] - seen[axis]) / stride[axis]) + 1) as [number, number];
}
