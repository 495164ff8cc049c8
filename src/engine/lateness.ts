// A shard that another worker has claimed → how soon it is late enough for a backup copy. Worker; decides no bit.
import { currentWord64 } from './atomics.ts';
import type { WorkerJob } from './job.ts';
import { SEAT_CELLS } from './memory-map.ts';
import { clockMs } from './phase-clock.ts';
import { claimSeat } from './protocol-words.ts';
import { RunningMedian } from './running-median.ts';
import type { SharedViews } from './shared-views.ts';

const SHARDS_KEPT = 15;
const FEWEST_SHARDS = 3;
/** Late is what takes so many times the median. Where there are more workers than cores they take turns, and a copy takes one from its owner. */
const LATE_TIMES = 1.5;
const LATE_TIMES_IN_TURNS = 3;
/** A copy of less would not be worth waking up for. */
const LEAST_LATE_MS = 1;

/** What one worker knows of how long shards take: its own, or everybody's while it has had too few. */
export class Lateness {
  readonly #views: SharedViews;
  readonly #claims: number;
  readonly #seats: readonly Float64Array[];
  readonly #times: number;
  readonly #own = new RunningMedian(SHARDS_KEPT);

  constructor({ map, spinTurns }: WorkerJob, views: SharedViews) {
    this.#views = views;
    this.#claims = map.words.claims;
    this.#seats = Array.from({ length: map.maxWorkers }, (_, seat) => views.seatCells(seat));
    this.#times = spinTurns > 0 ? LATE_TIMES : LATE_TIMES_IN_TURNS;
  }

  addShard(ms: number): void {
    this.#own.add(ms);
  }

  /** Ms until shard `index` of `step` is late, 0 or less where it is; Infinity where that is not known. */
  ofShard(step: number, index: number): number {
    const cells = this.#seats[claimSeat(currentWord64(this.#views.words64, this.#claims + index))];
    // Its owner writes them when it begins; a moment before, and when it is done, they are of something else.
    if (cells === undefined || cells[SEAT_CELLS.step] !== step || cells[SEAT_CELLS.index] !== index) return Infinity;
    const median = this.#own.count >= FEWEST_SHARDS ? this.#own.median! : this.#meanOfAll();
    return Math.max(LEAST_LATE_MS, this.#times * median) - (clockMs() - cells[SEAT_CELLS.beganAt]);
  }

  #meanOfAll(): number {
    const sum = (cell: number): number => this.#seats.reduce((total, cells) => total + cells[cell], 0);
    const shards = sum(SEAT_CELLS.shards);
    return shards < FEWEST_SHARDS ? Infinity : sum(SEAT_CELLS.shardMs) / shards;
  }
}
