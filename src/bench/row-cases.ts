// The kernels that go row by row: losses, softmax, metrics, gathering, parts of arrays → what they are measured on. Pure.
import { WEIGHTED_LOSSES } from '../kernels/weighted-losses.ts';
import { type KernelCase, ELEMENTS as N, sizeText } from './kernel-case.ts';

const [ROWS, COLS] = [64, 256];
const size = sizeText(ROWS, COLS);
/** Rows of class scores, as a loss sees them. */
const [ITEMS, CLASSES] = [1024, 16];
const scores = sizeText(ITEMS, CLASSES);
/** Cells of f64 sums: more than any of these kernels writes. */
const SUM_BYTES = 8 * CLASSES * CLASSES;
/** Samples to gather from. */
const [SAMPLES, PIXELS, BATCH] = [1000, 784, 64];
const ids = Array.from({ length: BATCH }, (_, i) => (i * 37) % SAMPLES);
/** A matrix turned round: extents, then strides. */
const TRANSPOSED = [COLS, ROWS, 1, COLS];
/** Row sums: the last axis has the stride 0. */
const REDUCED = [ROWS, COLS, 1, 0];
/** The middle half of each row. */
const PART = [ROWS, COLS / 2, COLS, 1];
const [TABLE, WIDTH, TOKENS] = [128, 128, 128];

/** Their cases. */
export const ROW_CASES: KernelCase[] = [
  {
    kernel: 'softmaxCrossEntropy',
    size: scores,
    flops: 5 * N,
    args: (a) => [a.floats(N), a.floats(N), a.labels(ITEMS, CLASSES), ITEMS, CLASSES, a.room(SUM_BYTES), 0],
  },
  {
    kernel: 'weightedCrossEntropy',
    size: scores,
    flops: 7 * N,
    args: (a) => {
      const head = [a.floats(N), a.floats(N), a.labels(ITEMS, CLASSES), ITEMS, CLASSES, a.room(SUM_BYTES), 0];
      return [...head, a.positive(CLASSES), 0.1, -100];
    },
  },
  {
    kernel: 'negativeLogLikelihood',
    size: scores,
    flops: ITEMS,
    args: (a) => {
      const head = [a.floats(N), a.floats(N), a.labels(ITEMS, CLASSES), ITEMS, CLASSES, a.room(SUM_BYTES), 0];
      return [...head, 0, -100];
    },
  },
  {
    kernel: 'meanSquaredError',
    size,
    flops: 4 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N), ROWS, COLS, a.room(SUM_BYTES), 0],
  },
  {
    kernel: 'weightedLoss',
    size: scores,
    flops: 6 * N,
    args: (a) => {
      const tensors = [a.floats(N), a.floats(N), a.labels(ITEMS, CLASSES)];
      const sums = [a.room(SUM_BYTES), 0, a.positive(ITEMS), a.room(SUM_BYTES)];
      return [WEIGHTED_LOSSES.indexOf('softmaxCrossEntropy'), ...tensors, ITEMS, 1, CLASSES, ...sums, 0, 0, 0];
    },
  },
  {
    kernel: 'absoluteError',
    size: sizeText(N),
    flops: 5 * N,
    args: (a) => [a.floats(N), a.floats(N), a.positive(N), N, a.room(SUM_BYTES), 0, 0.4, 1, 0.4],
  },
  {
    kernel: 'logisticLoss',
    size,
    flops: 8 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N, 0, 1), ROWS, COLS, a.room(SUM_BYTES), 0, 0, 0],
  },
  {
    kernel: 'klDivergence',
    size: sizeText(N),
    flops: 4 * N,
    args: (a) => [a.floats(N), a.floats(N, -3, -1), a.floats(N, 0.1, 1), N, ROWS, a.room(SUM_BYTES), 0],
  },
  { kernel: 'softmax', size, flops: 5 * N, args: (a) => [a.floats(N), a.floats(N), ROWS, COLS, 1] },
  { kernel: 'logSoftmax', size, flops: 5 * N, args: (a) => [a.floats(N), a.floats(N), ROWS, COLS, 1] },
  {
    kernel: 'softmaxBackward',
    size,
    flops: 4 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N, 0, 1), ROWS, COLS, 1],
  },
  {
    kernel: 'logSoftmaxBackward',
    size,
    flops: 4 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N, -3, -1), ROWS, COLS, 1],
  },
  {
    kernel: 'topScores',
    size: scores,
    flops: 2 * N,
    args: (a) => [a.floats(N), a.labels(ITEMS, CLASSES), ITEMS, CLASSES, 5, a.room(SUM_BYTES), 0, -100],
  },
  {
    kernel: 'confusionCounts',
    size: scores,
    flops: N,
    args: (a) => [a.floats(N), a.labels(ITEMS, CLASSES), ITEMS, CLASSES, a.room(SUM_BYTES), 0, -100, 0],
  },
  {
    kernel: 'regressionSums',
    size: scores,
    flops: 7 * N,
    args: (a) => [a.floats(N), a.floats(N), ITEMS, CLASSES, a.room(SUM_BYTES), 0],
  },
  { kernel: 'logProbabilities', size: scores, flops: 5 * N, args: (a) => [a.floats(N), a.floats(N), ITEMS, CLASSES] },
  { kernel: 'sumRows', size, flops: N, args: (a) => [a.floats(COLS), a.floats(N), ROWS, COLS, 0] },
  {
    kernel: 'gatherBytes',
    size: sizeText(BATCH, PIXELS),
    flops: BATCH * PIXELS,
    args: (a) => {
      a.countRead(BATCH * PIXELS);
      return [a.floats(BATCH * PIXELS), a.room(SAMPLES * PIXELS), a.ints(ids), BATCH, PIXELS, 255];
    },
  },
  {
    kernel: 'gatherFloats',
    size: sizeText(BATCH, PIXELS),
    flops: 0,
    args: (a) => {
      a.countRead(4 * BATCH * PIXELS);
      return [a.floats(BATCH * PIXELS), a.room(4 * SAMPLES * PIXELS), a.ints(ids), BATCH, PIXELS];
    },
  },
  {
    kernel: 'gatherByteLabels',
    size: sizeText(BATCH),
    flops: 0,
    args: (a) => [a.floats(BATCH), a.room(SAMPLES), a.ints(ids), BATCH],
  },
  {
    kernel: 'gatherIntLabels',
    size: sizeText(BATCH),
    flops: 0,
    args: (a) => [a.floats(BATCH), a.room(4 * SAMPLES), a.ints(ids), BATCH],
  },
  {
    kernel: 'gatherLabelRows',
    size: sizeText(BATCH, 64),
    flops: 0,
    args: (a) => {
      a.countRead(4 * BATCH * 64);
      return [a.floats(BATCH * 64), a.room(4 * SAMPLES * 64), a.ints(ids), BATCH, 64, 4];
    },
  },
  {
    kernel: 'copyStrided',
    size: `${size} turned`,
    flops: 0,
    args: (a) => [a.floats(N), a.floats(N), 1, N, 2, a.ints(TRANSPOSED)],
  },
  {
    kernel: 'sumStrided',
    size: `${size} to rows`,
    flops: N,
    args: (a) => [a.update(ROWS), a.floats(N), 1, ROWS, 2, a.ints(REDUCED), 0, ROWS],
  },
  {
    kernel: 'copyFromView',
    size: `half of ${size}`,
    flops: 0,
    args: (a) => {
      a.countRead(2 * N);
      return [a.floats(N / 2), a.room(4 * N), COLS / 4, 1, N, 2, a.ints(PART)];
    },
  },
  {
    kernel: 'copyToView',
    size: `half of ${size}`,
    flops: 0,
    args: (a) => {
      a.countRead(2 * N);
      return [a.room(4 * N), COLS / 4, a.floats(N / 2), 1, N, 2, a.ints(PART)];
    },
  },
  {
    kernel: 'takeRows',
    size: sizeText(TOKENS, WIDTH),
    flops: 0,
    args: (a) => {
      const table = a.floats(TABLE * WIDTH);
      return [a.floats(TOKENS * WIDTH), a.labels(TOKENS, TABLE), table, 1, 0, 0, TOKENS, TABLE, WIDTH];
    },
  },
  {
    kernel: 'sumTakenRows',
    size: sizeText(TOKENS, WIDTH),
    flops: TOKENS * WIDTH,
    args: (a) => {
      const sums = a.update(TABLE * WIDTH);
      const tail = [1, 0, 0, TOKENS, TABLE, WIDTH, 0, TABLE * WIDTH];
      return [sums, a.labels(TOKENS, TABLE), a.floats(TOKENS * WIDTH), ...tail];
    },
  },
  {
    kernel: 'extreme',
    size: `${size} to rows`,
    flops: N,
    args: (a) => [a.floats(ROWS), a.floats(N), 0, 1, ROWS, 2, a.ints(REDUCED), ROWS],
  },
  {
    kernel: 'extremeBackward',
    size: `${size} from rows`,
    flops: N,
    args: (a) => {
      const arrays = [a.floats(N), a.floats(ROWS), a.floats(ROWS), a.floats(N)];
      return [...arrays, 1, ROWS, 2, a.ints(REDUCED), ROWS, a.room(4 * ROWS)];
    },
  },
];
