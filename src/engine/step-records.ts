// The ring of step records and the workers' clocks → one record after the other, with its duration. Coordinator.
import { hasLedgerRow, type LedgerSpec } from './job.ts';
import { HASH_CELLS, type MemoryMap, RECORD_CELLS, SEAT_CELLS, STRETCH_CELLS } from './memory-map.ts';
import { TIMED_PHASES } from './phase-clock.ts';
import { REFUSED } from './range-hashes.ts';
import { hashCellsOf, RECORD_RANGES, type SharedViews } from './shared-views.ts';
import { treeTotal } from './tree.ts';

/** Sums of squares over all that is trained. */
export interface NoiseSums {
  /** With samples that count, two at least. */
  shards: number;
  /** Of these shards. */
  samples: number;
  /** Σ n ‖m‖² over the shards, n a shard's samples and m its mean gradient. */
  shardSquares: number;
  /** ‖G‖² of the mean gradient of the global batch, before any clipping. */
  squares: number;
}

/** Hashes of whole arrays as 16 hexadecimal digits; null where a value was not finite. */
export interface StepHashes {
  /** Reduced and scaled, before clipping by the norm. */
  gradient: string | null;
  /** Parameters and running statistics after the step. */
  weights: string | null;
  /** The optimizer's states and the average after the step, where the ledger has them. */
  state?: string | null;
}

/** A committed step, as the coordinator reports it. The object is used again for the next one. */
export interface CommittedStep {
  step: number;
  samples: number;
  lossNumerator: number;
  denominator: number;
  correct: number;
  /** Labels that count. */
  counted: number;
  lr: number;
  /** Of the scaled, reduced gradient, before clipping. */
  gradNorm: number;
  isSkipped: boolean;
  /** What the step tells of the gradient noise scale; `shards` is 0 where it tells nothing. */
  noise: NoiseSums;
  /** Of the steps that the ledger has; else null. */
  hashes: StepHashes | null;
  /** From the end of the step before, or from when the stretch of steps was let go. */
  stepMs: number;
  /** Ms in each of `TIMED_PHASES`, a mean over the workers that train and over the records read at once. */
  phaseMs: Float64Array;
  /** Of them, ms of waiting for samples of a stream; 0 where all samples are in memory. */
  sampleWaitMs: number;
}

/**
 * Reads the ring. A record's time is the begin of its UPDATE phase; the last step of a stretch ends when its last range is
 * done, so that the durations of a stretch's steps sum to its own.
 */
export class StepRecords {
  /** Steps read so far: the next one's number. */
  next: number;
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #seats: readonly Float64Array[];
  readonly #timesRead = new Float64Array(TIMED_PHASES.length);
  readonly #record: CommittedStep;
  readonly #ledger: LedgerSpec | undefined;
  #lastMs = 0;
  #waitRead = 0;
  /** Workers that train: means are over them. */
  running: number;

  constructor(map: MemoryMap, views: SharedViews, workers: number, firstStep: number, ledger?: LedgerSpec) {
    this.#ledger = ledger;
    this.#map = map;
    this.#views = views;
    // Of all seats: whoever leaves one or joins has worked as well.
    this.#seats = Array.from({ length: map.maxWorkers }, (_, seat) => views.seatCells(seat));
    this.next = firstStep;
    this.running = workers;
    this.#record = {
      step: 0,
      samples: 0,
      lossNumerator: 0,
      denominator: 0,
      correct: 0,
      counted: 0,
      lr: 0,
      gradNorm: 0,
      isSkipped: false,
      noise: { shards: 0, samples: 0, shardSquares: 0, squares: 0 },
      hashes: null,
      stepMs: 0,
      phaseMs: new Float64Array(TIMED_PHASES.length),
      sampleWaitMs: 0,
    };
  }

  /** A stretch of steps begins now, for `running` of the workers: the others' time is nobody's. */
  beginStretch(startMs: number, running = this.running): void {
    this.#lastMs = startMs;
    this.running = running;
    this.#views.stretch[STRETCH_CELLS.startMs] = startMs;
    this.#views.stretch[STRETCH_CELLS.isEvaluation] = 0;
  }

  /** What comes now is an evaluation. */
  beginEvaluation(): void {
    this.#views.stretch[STRETCH_CELLS.isEvaluation] = 1;
  }

  /** Hands on the records of the steps before `end`; `isStretchOver` says that step end − 1 is the last of its stretch. */
  read(end: number, isStretchOver: boolean, onStep: (record: CommittedStep) => void): void {
    if (this.next >= end) return;
    this.#readPhases(end - this.next);
    for (; this.next < end; this.next++) {
      const isLast = isStretchOver && this.next === end - 1;
      onStep(this.#readRecord(this.next, isLast ? this.#lastDoneMs() : undefined));
    }
  }

  #lastDoneMs(): number {
    return this.#seats.reduce((latest, cells) => Math.max(latest, cells[SEAT_CELLS.doneAt]), 0);
  }

  #readPhases(steps: number): void {
    for (let phase = 0; phase < TIMED_PHASES.length; phase++) {
      const total = this.#seats.reduce((sum, cells) => sum + cells[SEAT_CELLS.times + phase], 0);
      this.#record.phaseMs[phase] = (total - this.#timesRead[phase]) / (steps * this.running);
      this.#timesRead[phase] = total;
    }
    const waited = this.#seats.reduce((sum, cells) => sum + cells[SEAT_CELLS.sampleWaitMs], 0);
    this.#record.sampleWaitMs = (waited - this.#waitRead) / (steps * this.running);
    this.#waitRead = waited;
  }

  #readHashes(record: number): StepHashes {
    const sum = (cell: number) => sumOfCells(this.#map, this.#views, record, cell);
    const hashes = { gradient: sum(HASH_CELLS.gradient), weights: sum(HASH_CELLS.weights) };
    return this.#ledger?.hasState ? { ...hashes, state: sum(HASH_CELLS.state) } : hashes;
  }

  #readRecord(step: number, endMs?: number): CommittedStep {
    const { records } = this.#views;
    const at = this.#views.recordAt(step);
    const record = this.#record;
    const ms = endMs ?? records[at + RECORD_CELLS.time];
    record.step = step;
    record.samples = records[at + RECORD_CELLS.samples];
    record.lossNumerator = records[at + RECORD_CELLS.lossNumerator];
    record.denominator = records[at + RECORD_CELLS.denominator];
    record.correct = records[at + RECORD_CELLS.correct];
    record.counted = records[at + RECORD_CELLS.counted];
    record.lr = records[at + RECORD_CELLS.lr];
    record.isSkipped = records[at + RECORD_CELLS.isSkipped] === 1;
    record.hashes = hasLedgerRow(this.#ledger, step) ? this.#readHashes(at) : null;
    record.gradNorm = Math.sqrt(treeTotal(this.#map.ranges.count, (r) => records[at + RECORD_RANGES + r]));
    this.#readNoise(at);
    record.stepMs = ms - this.#lastMs;
    this.#lastMs = ms;
    return record;
  }

  #readNoise(at: number): void {
    const { records } = this.#views;
    const { noiseCells, ranges } = this.#map;
    const { noise } = this.#record;
    noise.shards = records[at + RECORD_CELLS.noiseShards];
    if (noise.shards === 0) return;
    noise.samples = records[at + RECORD_CELLS.noiseSamples];
    noise.shardSquares = treeTotal(ranges.count, (r) => records[at + noiseCells + r]);
    noise.squares = treeTotal(ranges.count, (r) => records[at + noiseCells + ranges.count + r]);
  }
}

/** The sum of the ranges' cells mod 2^64, in doubles. */
function sumOfCells(map: MemoryMap, { recordWords }: SharedViews, record: number, cell: number): string | null {
  let low = 0;
  let high = 0;
  for (let r = 0; r < map.ranges.count; r++) {
    const at = (record + hashCellsOf(map, r) + cell) * 2;
    if (recordWords[at] === REFUSED && recordWords[at + 1] === REFUSED) return null;
    low += recordWords[at];
    high += recordWords[at + 1];
  }
  const carried = high + Math.floor(low / 2 ** 32);
  return hexWord(carried) + hexWord(low);
}

function hexWord(sum: number): string {
  return (sum % 2 ** 32).toString(16).padStart(8, '0');
}
