// A pooling's settings and images → the type of its result, checked, and the words of its kernels. Coordinator only.
import { countWindows, formatPair, imageShape, type Pair, requirePair, withImage } from './images.ts';
import { type Operand, words } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import type { TensorType } from './tensor-type.ts';

/** PyTorch's settings of a pooling, pairs [vertical, horizontal]; windows that would go beyond the padding are left out. */
export type PoolingAttrs = { readonly kernel: Pair; readonly stride: Pair; readonly padding: Pair };

/**
 * The type after pooling x (…, C, H, W).
 * @throws ModelError where the windows do not fit.
 */
export function pooledType(x: TensorType, { kernel, stride, padding }: PoolingAttrs, where: string): TensorType {
  requirePair('a kernel', kernel, 1, where);
  requirePair('a stride', stride, 1, where);
  requirePair('padding', padding, 0, where);
  // More would give windows that lie in the padding alone.
  if (padding.some((length, axis) => 2 * length > kernel[axis])) {
    throw new ModelError(
      `${where}: expected padding of at most half the kernel ${formatPair(kernel)}, got ${formatPair(padding)}; use less padding or a larger kernel`,
    );
  }
  const { channels, size } = imageShape(x, where);
  return withImage(x, channels, countWindows(size, { kernel, stride, padding, dilation: [1, 1] }, where));
}

/** The words of a pooling of x whose result, or the gradient of it, is `pooled`. */
export function poolingWords(
  x: TensorType,
  pooled: TensorType,
  { kernel, stride, padding }: PoolingAttrs,
  countsPadding: boolean,
): Operand {
  const windows = [...x.shape.slice(-2), ...pooled.shape.slice(-2)];
  return words([...windows, ...kernel, ...stride, ...padding, countsPadding ? 1 : 0]);
}

/** The windows in a label: `2x2 stride 2x2`. */
export function labelWindows({ kernel, stride }: PoolingAttrs): string {
  return `${formatPair(kernel)} stride ${formatPair(stride)}`;
}
