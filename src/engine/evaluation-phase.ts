// A chunk of a part's samples → the sums of loss and metrics over it, in the chunk's cells; scores. Worker, under the chunk's claim.
import { shardRange } from '../data/sampler.ts';
import type { KernelSet } from '../kernels/kernel-set.ts';
import { describeStates } from '../optim/states.ts';
import { createInterpreter, type Interpreter } from '../plan/interpreter.ts';
import { ENV, type Plan } from '../plan/plan.ts';
import type { TrainingSpec } from './job.ts';
import type { MemoryMap } from './memory-map.ts';
import { PHASE } from './protocol-words.ts';
import { createEnv } from './shard-phase.ts';
import type { SharedViews } from './shared-views.ts';

/** Evaluates chunks of the validation or test part, with the committed weights (their average, where there is one) or with the best ones. */
export class EvaluationPhase {
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #training: TrainingSpec;
  readonly #rows: number;
  readonly #evaluatedArray: number;
  readonly #env: Float64Array;
  readonly #gather: Interpreter;
  readonly #forward: Interpreter;

  constructor(
    plan: Plan,
    kernels: KernelSet,
    map: MemoryMap,
    views: SharedViews,
    training: TrainingSpec,
    seat: number,
  ) {
    this.#map = map;
    this.#views = views;
    this.#training = training;
    this.#rows = plan.rows;
    this.#evaluatedArray = describeStates(training.optimizer, training.averaging).averageArray ?? 0;
    this.#env = createEnv(map, seat, training.sampler.seed);
    this.#gather = createInterpreter(plan.evaluate.gather, kernels, this.#env);
    this.#forward = createInterpreter(plan.evaluate.forward, kernels, this.#env);
  }

  /** Assigns the cells of chunk `chunk`; a part with fewer samples than chunks leaves the last chunks at 0. `giveSign`: it is alive. */
  run(step: number, phase: number, chunk: number, giveSign: () => void = () => {}): void {
    const map = this.#map;
    const isTest = phase !== PHASE.validate;
    const samples = isTest ? this.#training.testSamples : this.#training.validationSamples;
    const ids = isTest ? map.testIds : map.validationIds;
    const range = shardRange(samples, map.chunks, chunk);
    const firstCell = chunk * map.evaluationCells;
    this.#views.chunkCells.fill(0, firstCell, firstCell + map.evaluationCells);
    const committed = map.generations[step & 1] + this.#evaluatedArray * map.arrayBytes;
    this.#env[ENV.parameters] = phase === PHASE.testBest ? map.best : committed;
    this.#env[ENV.sums] = map.chunkCells + firstCell * 8;
    const isAlive = (): boolean => {
      giveSign();
      return false;
    };
    for (let done = 0; done < range.count; done += this.#rows) {
      this.#env[ENV.rows] = Math.min(this.#rows, range.count - done);
      this.#env[ENV.accumulate] = done === 0 ? 0 : 1;
      this.#env[ENV.scores] = map.scores + (range.start + done) * map.sampleScores * 4;
      this.#env[ENV.ids] = ids + (range.start + done) * 4;
      this.#env[ENV.places] = this.#env[ENV.ids];
      this.#gather.run();
      this.#forward.run(isAlive);
    }
  }

  /** The label of the kernel call that is under way, or that threw. */
  current(): string {
    return this.#forward.current();
  }
}
