// The kernels of augmentation → what they are measured on: 64 images of 28 × 28, every one of them changed. Pure.
import type { Arena } from './arena.ts';
import { type KernelCase, sizeText } from './kernel-case.ts';

const [IMAGES, SIDE] = [64, 28];
const PIXELS = IMAGES * SIDE * SIDE;
const size = sizeText(IMAGES, SIDE, SIDE);
const CLASSES = 16;
const ALWAYS = 2 ** 32;
const ids = Array.from({ length: IMAGES }, (_, i) => (i * 37) % 1000);
/** Epoch, purpose, the seed's halves. */
const DRAWS = [3, 8, 1, 0];

/** Images that are changed in place, and who they are. */
const head = (a: Arena): number[] => [a.update(PIXELS), a.ints(ids), IMAGES, 1, SIDE, SIDE, ...DRAWS, ALWAYS];
/** Even shares: quantiles as words of floats. */
const table = (a: Arena): number => a.floats(1025, 0, 1);

/** Their cases. */
export const AUGMENTATION_CASES: KernelCase[] = [
  { kernel: 'augmentFlip', size, flops: 0, args: (a) => [...head(a), 1] },
  { kernel: 'augmentShift', size, flops: 0, args: (a) => [...head(a), 2, 2, 0, a.room(4 * SIDE * SIDE)] },
  {
    kernel: 'augmentTurn',
    size,
    flops: 20 * PIXELS,
    args: (a) => [...head(a), 10 / 360, 0.9, 1.1, a.room(4 * (SIDE + 3) * (SIDE + 3))],
  },
  { kernel: 'augmentCutout', size, flops: 0, args: (a) => [...head(a), 8, 8] },
  { kernel: 'augmentNoise', size, flops: 40 * PIXELS, args: (a) => [...head(a), 0.1, -9, 9, a.room(64)] },
  { kernel: 'augmentTone', size, flops: 4 * PIXELS, args: (a) => [...head(a), 0.2, 1, -9, 9] },
  {
    kernel: 'mixPartners',
    size: sizeText(IMAGES),
    flops: 0,
    args: (a) => [a.ints(ids), a.ints(ids), IMAGES, a.ints(ids), IMAGES, ...DRAWS],
  },
  {
    kernel: 'mixShares',
    size: sizeText(IMAGES),
    flops: 0,
    args: (a) => [a.floats(IMAGES), a.ints(ids), IMAGES, SIDE, SIDE, ...DRAWS, ALWAYS, table(a), 0],
  },
  {
    kernel: 'mixRows',
    size,
    flops: 3 * PIXELS,
    args: (a) => {
      const images = [a.update(PIXELS), a.ints(ids), IMAGES, a.floats(PIXELS), 1, SIDE, SIDE];
      return [...images, ...DRAWS, ALWAYS, table(a), 0];
    },
  },
  {
    kernel: 'standardizeChannels',
    size: sizeText(IMAGES, SIDE, SIDE),
    flops: 2 * PIXELS,
    args: (a) => [a.update(PIXELS), IMAGES, 1, SIDE * SIDE, a.floats(1), a.positive(1)],
  },
  {
    kernel: 'mixedCrossEntropy',
    size: sizeText(1024, CLASSES),
    flops: 6 * 1024 * CLASSES,
    args: (a) => {
      const n = 1024 * CLASSES;
      const labels = [a.labels(1024, CLASSES), a.labels(1024, CLASSES)];
      return [a.floats(n), a.floats(n), ...labels, a.floats(1024, 0, 1), 1024, CLASSES, a.room(24), 0, 0];
    },
  },
];
