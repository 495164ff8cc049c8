// A config → how much faster several workers train it than one: whole steps of resident runs in turns, with proof of the same bits. Main thread.
import type { TrainConfig } from '../config/train-config.ts';
import { PHASE_NAMES, type PhaseMs } from '../experiment/events.ts';
import { planParallelism } from '../experiment/parallelism.ts';
import { serialFraction } from './amdahl.ts';
import { ResidentRun, type StretchFigures } from './resident-run.ts';
import { type Comparison, comparePairs, median, noiseOf, type Spread, spreadOf } from './statistics.ts';

/** A row of the report. */
export interface ScalingRow {
  workers: number;
  samplesPerSecond: Spread;
  stepMs: number;
  /** Against one worker; undefined where none was measured. */
  speedUp: Comparison | undefined;
  /** The speed-up over the workers. */
  efficiency: number | undefined;
  /** The most that the number of shards allows. */
  ceiling: number;
  phases: PhaseMs;
  /** After the first stretch, and at the end: each number of workers at the same steps. */
  hashes: { step: number; stateSha256: string }[];
}

/** All of `lockstep bench scaling`. */
export interface ScalingReport {
  name: string;
  backend: string;
  shards: number;
  batchSize: number;
  cores: number;
  rounds: number;
  stepsPerStretch: number;
  /** Ratios of a run to itself that mean nothing. */
  noise: { low: number; high: number };
  /** Of a step, by Amdahl's law with the ceilings as numbers of workers; null where no difference was found. */
  serialFraction: number | null;
  isSame: boolean;
  rows: ScalingRow[];
}

/** What is measured, and how thoroughly. */
export interface ScalingOptions {
  workerCounts: readonly number[];
  cores: number;
  baseDir: string;
  rounds: number;
  /** How long one worker trains at a time, about. */
  stretchMs: number;
  onRound?: (round: number, rounds: number) => void;
}

interface Resident {
  run: ResidentRun;
  /** Two stretches a round: once on the way there, once on the way back. */
  rounds: [StretchFigures, StretchFigures][];
  hashes: ScalingRow['hashes'];
}

const WARM_UP_STEPS = 20;

/** Opens a run a number of workers, all at the same step, and trains them in turns. */
export async function measureScaling(config: TrainConfig, options: ScalingOptions): Promise<ScalingReport> {
  const residents: Resident[] = [];
  try {
    for (const workers of options.workerCounts) {
      const run = await ResidentRun.open(config, workers, options.baseDir);
      residents.push({ run, rounds: [], hashes: [] });
    }
    const stepsPerStretch = await warmUp(residents, options.stretchMs);
    for (let round = 0; round < options.rounds; round++) {
      options.onRound?.(round + 1, options.rounds);
      await trainRound(residents, round, stepsPerStretch);
    }
    noteHashes(residents);
    return describe(config, options, residents, stepsPerStretch);
  } finally {
    for (const { run } of residents) await run.close();
  }
}

/** Compilers and caches; how many steps of the slowest make a stretch. */
async function warmUp(residents: readonly Resident[], stretchMs: number): Promise<number> {
  let slowest = 0;
  for (const { run } of residents) {
    await run.train(WARM_UP_STEPS);
    slowest = Math.max(slowest, (await run.train(WARM_UP_STEPS)).stepMs);
  }
  noteHashes(residents);
  return Math.max(1, Math.ceil(stretchMs / slowest));
}

/** There and back again, every other round the other way round: a drift of the machine meets all alike, and each is its own A/A pair. */
async function trainRound(residents: readonly Resident[], round: number, steps: number): Promise<void> {
  const there = round % 2 === 0 ? residents : [...residents].reverse();
  const first = new Map<Resident, StretchFigures>();
  for (const resident of there) first.set(resident, await resident.run.train(steps));
  for (const resident of [...there].reverse()) {
    resident.rounds.push([first.get(resident)!, await resident.run.train(steps)]);
  }
}

function noteHashes(residents: readonly Resident[]): void {
  for (const { run, hashes } of residents) hashes.push({ step: run.step, stateSha256: run.stateSha256() });
}

function describe(
  config: TrainConfig,
  { cores, rounds }: ScalingOptions,
  residents: readonly Resident[],
  stepsPerStretch: number,
): ScalingReport {
  const noise = noiseOf(residents.flatMap(({ rounds: pairs }) => pairs.map(([a, b]) => [a.stepMs, b.stepMs] as const)));
  const one = residents.find(({ run }) => run.workers === 1);
  const { batchSize, backend } = residents[0].run;
  const rows = residents.map((resident) => describeRow(resident, one, noise, config.shards, batchSize));
  const speedUps = rows.flatMap(({ ceiling, workers, speedUp }) =>
    // What is only noise has no serial part.
    workers === 1 || !speedUp?.isDifferent ? [] : [{ workers: ceiling, speedUp: speedUp.ratio.median }],
  );
  const [{ hashes: first }] = rows;
  const isSame = rows.every(({ hashes }) => hashes.every(({ stateSha256 }, i) => stateSha256 === first[i].stateSha256));
  return {
    name: config.name,
    backend,
    shards: config.shards,
    batchSize,
    cores,
    rounds,
    stepsPerStretch,
    noise,
    serialFraction: serialFraction(speedUps),
    isSame,
    rows,
  };
}

/** Ms a step of a round: the mean of the way there and the way back. */
const roundMs = ([a, b]: readonly [StretchFigures, StretchFigures]): number => (a.stepMs + b.stepMs) / 2;

function describeRow(
  { run, rounds, hashes }: Resident,
  one: Resident | undefined,
  noise: ScalingReport['noise'],
  shards: number,
  batchSize: number,
): ScalingRow {
  const { workers } = run;
  const stretches = rounds.flat();
  const pairs = rounds.map((round, i) => [roundMs(one?.rounds[i] ?? round), roundMs(round)] as const);
  const speedUp = one === undefined ? undefined : comparePairs(pairs, noise);
  const phases = PHASE_NAMES.map((name) => [name, median(stretches.map((stretch) => stretch.phases[name]))]);
  return {
    workers,
    samplesPerSecond: spreadOf(stretches.map(({ samplesPerSecond }) => samplesPerSecond)),
    stepMs: median(rounds.map(roundMs)),
    speedUp,
    efficiency: speedUp && speedUp.ratio.median / workers,
    ceiling: planParallelism(shards, workers, batchSize).ceiling,
    phases: Object.fromEntries(phases) as PhaseMs,
    hashes,
  };
}
