// Turns the sizes of a run into places in the one shared memory: region by region, allocated once. Pure; read by every thread.
import { type DatasetSpec, sampleBytes } from '../data/source.ts';
import { treeSumScratchBytes } from '../kernels/gemm-scratch.ts';
import { evaluationCells, type Plan, scoresPerSample } from '../plan/plan.ts';
import { layOutWords, type Words } from './protocol-words.ts';
import { planRanges, type RangePlan } from './ranges.ts';

/** WebAssembly addresses are 32 bits. */
export const MAX_MEMORY_BYTES = 2 ** 32;
const WASM_PAGE_BYTES = 65_536;
/** The kernels' constants lie below the map. */
const FIRST_BYTE = WASM_PAGE_BYTES;
/** Every region begins on a cache line; what one worker alone writes begins on a page. */
const LINE_BYTES = 64;
const OS_PAGE_BYTES = 4096;

/**
 * f64 cells of a seat, written by its worker alone: ms in each of `TIMED_PHASES`, when it last did a range, what it is doing (`index` is
 * -1 between two pieces of work) and since when, how often a test wanted it killed, the ms and the number of its shards, the ms that it
 * waited for samples of a stream. Rounded up to whole cache lines.
 */
export const SEAT_CELLS = {
  times: 0,
  doneAt: 8,
  phase: 9,
  step: 10,
  index: 11,
  beganAt: 12,
  killAsked: 13,
  shardMs: 14,
  shards: 15,
  sampleWaitMs: 16,
} as const;
export const SEAT_CELL_COUNT = 24;

/**
 * When the stretch of steps began that is under way; 1 where it is an evaluation, which is no step's time; what evaluations have made of
 * the learning rate (`reduceOnPlateau`), 1 before the first.
 */
export const STRETCH_CELLS = { startMs: 0, isEvaluation: 1, lrFactor: 2 } as const;
export const STRETCH_CELL_COUNT = 3;

/**
 * f64 cells of a step's record; behind them one cell a range (sum of squares of the gradient as the optimizer saw it, unclipped), then
 * `HASH_CELLS` of each range.
 */
export const RECORD_CELLS = {
  step: 0,
  time: 1,
  lossNumerator: 2,
  denominator: 3,
  correct: 4,
  samples: 5,
  lr: 6,
  isSkipped: 7,
  counted: 8,
  /** The least training loss so far, and the steps since then: what `until.plateau` looks at. */
  leastLoss: 9,
  stepsSinceLeastLoss: 10,
  /** Shards that the estimate of the gradient noise scale is from, and their samples; 0 shards where the step has no estimate. */
  noiseShards: 11,
  noiseSamples: 12,
} as const;
const RECORD_CELL_COUNT = 13;

/**
 * u64 cells of a range in the record of a step that the ledger has: hashes of the reduced gradient (assigned in NORM, where there is one,
 * else in UPDATE), of the new weights and of the new states (in UPDATE), by the range's owner. The whole arrays' hashes are their sums.
 */
export const HASH_CELLS = { gradient: 0, weights: 1, state: 2 } as const;
export const HASH_CELL_COUNT = 3;
// The ring lets workers run ahead of a coordinator that is busy; 1,024 records are 10 ms of the shortest steps.
const MOST_RECORDS = 1024;
const LEAST_RECORDS = 16;
const RING_BYTES = 1 << 22;

// Orders of several epochs lie ready, so that the gate is rare where an epoch is a few short steps.
const LEAST_ORDERS = 2;
const MOST_ORDERS = 256;
const ORDER_BYTES = 1 << 20;

/** The loss's fourth sum, where it has one: labels that count. */
export const COUNTED_CELL = 3;

/** A row of the memory table. `residentBytes` counts what a run with the given workers touches. */
export interface RegionRow {
  region: string;
  allocatedBytes: number;
  residentBytes: number;
}

/** Byte offsets of everything; plain data, sent once to every worker. */
export interface MemoryMap {
  shards: number;
  maxWorkers: number;
  words: Words;
  ranges: RangePlan;
  records: number;
  recordCells: number;
  /** Of a record: behind the ranges' cells, two more a range where the run estimates its noise scale: Σ n ‖g/d‖² over the shards, and ‖G‖². */
  noiseCells: number;
  /** Evaluation chunks a part, and the loss's f64 sums. */
  chunks: number;
  sumCells: number;
  /** f64 cells of a chunk: the loss's sums and those of metrics. */
  evaluationCells: number;
  stateCount: number;
  words64: number;
  words32: number;
  seatCells: number;
  /** f64 cells, the coordinator's, written at the gate before anybody is let go: `STRETCH_CELLS`. */
  stretch: number;
  recordRing: number;
  chunkCells: number;
  constants: number;
  generations: readonly [number, number];
  /** Bytes of one array of parameters; a generation is parameters, then the optimizer's states, then the average. */
  arrayBytes: number;
  best: number;
  /** False without a validation part: nothing is reserved at `best` then. */
  hasBest: boolean;
  /** The reduced gradient between NORM and UPDATE; 0 bytes where there is no clipping. */
  reduced: number;
  /** V + maxWorkers gradient buffers: the gradient, then the shard's f64 sums and its sample count. */
  gradients: number;
  gradientStride: number;
  gradientTail: number;
  /** One a seat: activations, GEMM scratch, one range's gradient, slot addresses, tree scratch. */
  seats: number;
  seatStride: number;
  seatScratch: number;
  seatRange: number;
  seatSlots: number;
  seatTree: number;
  inputs: number;
  targets: number;
  /** One f32 a sample, where samples have weights. */
  weights: number;
  /** What metrics keep of each sample of the part that is evaluated, `sampleScores` f32 a sample: written by who holds its chunk. */
  scores: number;
  sampleScores: number;
  /**
   * Sample ids in epoch order: `orderCount` arrays of `orderBytes`, epoch e's at e mod orderCount, written by the coordinator before the
   * epoch. Of a stream: step s's at s mod orderCount, written by the loader before it raises `samplesReady`.
   */
  orders: number;
  orderBytes: number;
  orderCount: number;
  /** Null where all samples are in memory. */
  stream: StreamPlaces | null;
  validationIds: number;
  testIds: number;
  byteLength: number;
  rows: RegionRow[];
}

/**
 * Where the samples of a stream lie: window g of the run at the places from (g mod windows) · windowSamples on, written by the loader when
 * the last step with samples of window g − windows is committed; behind all windows the validation part, then the test part.
 */
export interface StreamPlaces {
  windows: number;
  windowSamples: number;
  /** From a step's ids to its places, in its part of `orders`. */
  placesOffset: number;
}

/** What a stream needs of memory. */
export interface StreamShape {
  windows: number;
  windowSamples: number;
  batchSize: number;
}

export interface MemoryShape {
  plan: Plan;
  dataset: DatasetSpec;
  parts: { train: number; validation: number; test: number };
  shards: number;
  workers: number;
  maxWorkers: number;
  stateCount: number;
  hasNorm: boolean;
  /** Ranges of whole parameters, for an optimizer that needs them whole. */
  hasWholeRanges?: boolean;
  /** Whether records have cells for the gradient noise scale. */
  hasNoiseScale?: boolean;
  /** Where the training part is a stream. */
  stream?: StreamShape;
}

/** A run that does not fit: the message carries the table and what would fit. */
export class MemoryError extends Error {
  readonly exitCode = 2;
}

const align = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** Evaluation is cut into at most 256 chunks a part: enough for balance among 64 workers, few enough words to look at. */
const MOST_CHUNKS = 256;
export const evaluationChunks = (samples: number, rows: number): number =>
  Math.min(MOST_CHUNKS, Math.ceil(samples / rows));

/**
 * Places everything.
 * @throws MemoryError where it does not fit in 4 GiB, with the table and a smaller setting.
 */
export function mapMemory(shape: MemoryShape): MemoryMap {
  const map = placeRegions(shape);
  if (!fits(map)) throw new MemoryError(describeTooLarge(shape, map));
  return map;
}

const fits = ({ byteLength }: MemoryMap): boolean => byteLength <= MAX_MEMORY_BYTES;

function placeRegions(shape: MemoryShape): MemoryMap {
  const { plan, dataset, parts, shards, workers, maxWorkers, stateCount, hasNorm } = shape;
  const rows: RegionRow[] = [];
  let at = FIRST_BYTE;
  /** Reserves `bytes`; `touched` of them will be resident. */
  const reserve = (region: string, bytes: number, touched = bytes, alignment = LINE_BYTES): number => {
    const offset = align(at, alignment);
    at = offset + bytes;
    const row = rows.find((existing) => existing.region === region);
    if (row === undefined) rows.push({ region, allocatedBytes: bytes, residentBytes: touched });
    else {
      row.allocatedBytes += bytes;
      row.residentBytes += touched;
    }
    return offset;
  };

  const boundaries = shape.hasWholeRanges ? plan.parameters.map(({ elementOffset }) => elementOffset) : undefined;
  const ranges = planRanges(plan.parameterElements, boundaries);
  const chunks = Math.max(evaluationChunks(parts.validation, plan.rows), evaluationChunks(parts.test, plan.rows));
  const words = layOutWords({ shards, ranges: ranges.count, chunks, seats: maxWorkers, hasNorm });
  const sumCells = plan.sums.length;
  const chunkCellCount = evaluationCells(plan);
  const perSample = scoresPerSample(plan);
  const noiseCells = RECORD_CELL_COUNT + ranges.count * (1 + HASH_CELL_COUNT);
  const recordCells = noiseCells + (shape.hasNoiseScale ? 2 * ranges.count : 0);
  const records = Math.max(LEAST_RECORDS, Math.min(MOST_RECORDS, Math.floor(RING_BYTES / (recordCells * 8))));
  const arrayBytes = plan.parameterElements * 4;
  const generationBytes = arrayBytes * (1 + stateCount);
  const gradientTail = align(arrayBytes, 8);
  const gradientStride = align(gradientTail + (sumCells + 1) * 8, LINE_BYTES);
  const seatScratch = align(plan.activationBytes, LINE_BYTES);
  const seatRange = align(seatScratch + plan.scratchBytes, LINE_BYTES);
  const seatSlots = align(seatRange + ranges.elements * 4, LINE_BYTES);
  const seatTree = align(seatSlots + shards * 4, LINE_BYTES);
  const seatStride = align(seatTree + treeSumScratchBytes(shards), OS_PAGE_BYTES);
  const sample = sampleBytes(dataset);
  const samples = shape.stream === undefined ? dataset.samples : residentSamples(shape.stream, parts);
  const { orderBytes, orderCount } = shape.stream === undefined ? epochOrders(parts.train) : stepOrders(shape.stream);

  const map = {
    shards,
    maxWorkers,
    words,
    ranges,
    records,
    recordCells,
    noiseCells,
    chunks,
    sumCells,
    evaluationCells: chunkCellCount,
    stateCount,
    arrayBytes,
    gradientStride,
    gradientTail,
    seatStride,
    seatScratch,
    seatRange,
    seatSlots,
    seatTree,
    orderBytes,
    orderCount,
    stream: shape.stream === undefined ? null : streamPlaces(shape.stream),
    words64: reserve('control', words.count64 * 8),
    words32: reserve('control', words.count32 * 4),
    seatCells: reserve('control', maxWorkers * SEAT_CELL_COUNT * 8, undefined, OS_PAGE_BYTES),
    stretch: reserve('control', STRETCH_CELL_COUNT * 8),
    recordRing: reserve('control', records * recordCells * 8),
    chunkCells: reserve('control', chunks * chunkCellCount * 8),
    constants: reserve('control', plan.constants.length * 4),
    generations: [
      reserve('weights and optimizer, two generations', generationBytes, undefined, OS_PAGE_BYTES),
      reserve('weights and optimizer, two generations', generationBytes, undefined, OS_PAGE_BYTES),
    ] as const,
    hasBest: parts.validation > 0,
    best: reserve('best weights', parts.validation > 0 ? arrayBytes : 0),
    reduced: reserve('reduced gradient', hasNorm ? arrayBytes : 0),
    gradients: reserve(
      'gradient slots',
      (shards + maxWorkers) * gradientStride,
      (shards + workers) * gradientStride,
      OS_PAGE_BYTES,
    ),
    seats: reserve('activations', maxWorkers * seatStride, workers * seatStride, OS_PAGE_BYTES),
    inputs: reserve('samples', samples * sample.input, undefined, OS_PAGE_BYTES),
    targets: reserve('samples', samples * sample.target),
    weights: dataset.hasWeights ? reserve('samples', samples * 4) : 0,
    orders: reserve('order of samples', orderCount * orderBytes),
    validationIds: reserve('order of samples', parts.validation * 4),
    testIds: reserve('order of samples', parts.test * 4),
    sampleScores: perSample,
    scores: perSample === 0 ? 0 : reserve('scores', Math.max(parts.validation, parts.test) * perSample * 4),
    byteLength: 0,
    rows,
  };
  map.byteLength = align(at, WASM_PAGE_BYTES);
  addRest(rows, map.byteLength);
  return map;
}

function epochOrders(trainSamples: number): Pick<MemoryMap, 'orderBytes' | 'orderCount'> {
  const orderBytes = trainSamples * 4;
  return {
    orderBytes,
    orderCount: Math.max(LEAST_ORDERS, Math.min(MOST_ORDERS, Math.floor(ORDER_BYTES / orderBytes))),
  };
}

/** Ids and places of as many steps as the windows hold; more would only wait. */
function stepOrders({ windows, windowSamples, batchSize }: StreamShape): Pick<MemoryMap, 'orderBytes' | 'orderCount'> {
  return { orderBytes: 2 * batchSize * 4, orderCount: Math.ceil((windows * windowSamples) / batchSize) + 2 };
}

function streamPlaces({ windows, windowSamples, batchSize }: StreamShape): StreamPlaces {
  return { windows, windowSamples, placesOffset: batchSize * 4 };
}

/** Samples of a stream that are in memory at once. */
function residentSamples({ windows, windowSamples }: StreamShape, { validation, test }: MemoryShape['parts']): number {
  return windows * windowSamples + validation + test;
}

/** What lies below the map and between the regions is allocated too: the table's sum is the memory's size. */
function addRest(rows: RegionRow[], byteLength: number): void {
  const placed = rows.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
  const control = rows.find(({ region }) => region === 'control')!;
  control.allocatedBytes += byteLength - placed;
}

function describeTooLarge(shape: MemoryShape, map: MemoryMap): string {
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  const table = map.rows.map(({ region, allocatedBytes }) => `${region} ${mib(allocatedBytes)}`).join(', ');
  return (
    `memory: expected at most ${mib(MAX_MEMORY_BYTES)} of shared memory, got ${mib(map.byteLength)} (${table}); ` +
    suggestSmaller(shape)
  );
}

/** The one setting that would fit, tried in the order of what costs least: seats that nobody uses, shards, samples. */
function suggestSmaller(shape: MemoryShape): string {
  const { shards, workers, maxWorkers, dataset } = shape;
  const seats = largestFitting(workers, maxWorkers, (count) => ({ ...shape, maxWorkers: count }));
  if (seats !== undefined) return `maxWorkers: ${seats} would fit`;
  const fewerShards = largestFitting(1, shards, (count) => withShards(shape, count));
  if (fewerShards !== undefined) return `shards: ${fewerShards} would fit`;
  if (shape.stream !== undefined) return 'lower data.window, data.block, data.prefetch, data.validation or data.test';
  const samples = largestFitting(1, dataset.samples, (count) => withSamples(shape, count));
  if (samples === undefined) return 'use a smaller model';
  // A little less: the split rounds the parts one by one, and a round lot is easier to take.
  return `a dataset of ${Math.max(1, Math.floor(samples * 0.999))} samples would fit`;
}

/** The largest count from `least` to `most` that was seen to fit, tried in steps of an eighth and then halved to the last. */
function largestFitting(least: number, most: number, shapeOf: (count: number) => MemoryShape): number | undefined {
  const fitsWith = (count: number): boolean => fits(placeRegions(shapeOf(count)));
  let tooMany = most;
  let count = most;
  while (!fitsWith(count)) {
    if (count === least) return undefined;
    tooMany = count;
    count = Math.max(least, Math.min(count - 1, Math.floor((count * 7) / 8)));
  }
  while (tooMany - count > 1) {
    const middle = Math.floor((count + tooMany) / 2);
    if (fitsWith(middle)) count = middle;
    else tooMany = middle;
  }
  return count;
}

/** Fewer shards have more rows each: the activations may grow by as much. */
function withShards(shape: MemoryShape, shards: number): MemoryShape {
  const { plan } = shape;
  const growth = Math.ceil(shape.shards / shards);
  const activationBytes = plan.activationBytes * growth;
  return { ...shape, shards, plan: { ...plan, activationBytes, scratchBytes: plan.scratchBytes * growth } };
}

/** The parts shrink alike. */
function withSamples(shape: MemoryShape, samples: number): MemoryShape {
  const share = samples / shape.dataset.samples;
  const { train, validation, test } = shape.parts;
  const parts = {
    train: Math.ceil(train * share),
    validation: Math.ceil(validation * share),
    test: Math.ceil(test * share),
  };
  return { ...shape, parts, dataset: { ...shape.dataset, samples } };
}
