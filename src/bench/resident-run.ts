// A config and a number of workers → a training that stays in memory between measurements: its threads park meanwhile. Main thread.
import type { TrainConfig } from '../config/train-config.ts';
import { createPool } from '../engine/pool.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import { PHASE_NAMES, type PhaseMs } from '../experiment/events.ts';
import { loadModel } from '../experiment/load-model.ts';
import { type PreparedRun, prepareRun } from '../experiment/prepare.ts';
import { openSession, type Session } from '../experiment/session.ts';

/** Some steps, by the workers' own clocks. */
export interface StretchFigures {
  steps: number;
  samplesPerSecond: number;
  stepMs: number;
  phases: PhaseMs;
}

// Schedules end with the run; a bench has no end that it knows.
const ENDLESS_STEPS = 10_000_000;

interface Sums {
  steps: number;
  samples: number;
  ms: number;
  phases: Float64Array;
}

/** One training whose workers stand at the gate. */
export class ResidentRun {
  readonly workers: number;
  readonly backend: string;
  readonly batchSize: number;
  readonly #session: Session;
  readonly #sums: Sums;

  private constructor(workers: number, run: PreparedRun, session: Session, sums: Sums) {
    this.workers = workers;
    this.backend = run.numerics.identity;
    this.batchSize = run.batchSize;
    this.#session = session;
    this.#sums = sums;
  }

  static async open(config: TrainConfig, workers: number, baseDir: string): Promise<ResidentRun> {
    const pool = createPool(workers);
    try {
      const { epochs: _epochs, until: _until, ...rest } = config;
      const endless: TrainConfig = { ...rest, workers, maxWorkers: 'auto', steps: ENDLESS_STEPS };
      const run = prepareRun(endless, { baseDir, model: await loadModel(config, baseDir) });
      const sums = { steps: 0, samples: 0, ms: 0, phases: new Float64Array(PHASE_NAMES.length) };
      const onStep = ({ samples, stepMs, phaseMs }: CommittedStep): void => {
        sums.steps++;
        sums.samples += samples;
        sums.ms += stepMs;
        for (let i = 0; i < sums.phases.length; i++) sums.phases[i] += phaseMs[i];
      };
      const session = openSession(run, { pool, onStep });
      await session.engine.start();
      return new ResidentRun(workers, run, session, sums);
    } catch (error) {
      await pool.destroy();
      throw error;
    }
  }

  /** Trains so many steps more. */
  async train(steps: number): Promise<StretchFigures> {
    const sums = this.#sums;
    Object.assign(sums, { steps: 0, samples: 0, ms: 0 });
    sums.phases.fill(0);
    const { engine } = this.#session;
    await engine.runTo(engine.step + steps);
    const phases = PHASE_NAMES.map((name, i) => [name, sums.phases[i] / sums.steps]);
    return {
      steps: sums.steps,
      samplesPerSecond: (1000 * sums.samples) / sums.ms,
      stepMs: sums.ms / sums.steps,
      phases: Object.fromEntries(phases) as PhaseMs,
    };
  }

  /** Of the committed state: the proof that numbers of workers give the same bits. */
  stateSha256(): string {
    return this.#session.hashes().stateSha256;
  }

  get step(): number {
    return this.#session.engine.step;
  }

  async close(): Promise<void> {
    await this.#session.engine.stop();
  }
}
