// A run folder → a model that predicts: weights and plan as they were saved, inputs prepared as training prepared them. Coordinator.
import { availableParallelism } from 'node:os';
import type { PreparedTable } from '../data/prepared-table.ts';
import { tableSchema, textSchema, tokenizedTextSchema } from '../data/preprocessing.schema.ts';
import { createRowEncoder } from '../data/table-preprocessing.ts';
import { Inference } from '../engine/inference.ts';
import { BLOCKS } from '../engine/inference-map.ts';
import {
  type CheckpointChoice,
  checkPreprocessing,
  openStoredRun,
  type StoredRun,
  StoredRunError,
} from '../experiment/stored-run.ts';
import { resolveNumerics } from '../kernels/numerics.ts';
import type { PlanOutput } from '../plan/plan.ts';
import { type GeneratedText, type GenerateOptions, generate } from './generate.ts';
import { type OutputMeaning, outputMeaning, type Prediction, type TargetMeaning } from './outputs.ts';
import type { SampleSource } from './sample-source.ts';
import { characterCodec, type TextCodec, tokenizerCodec } from './text-codec.ts';

/** Which weights, and how many threads. */
export interface LoadOptions {
  /** `last` where nothing is said. */
  checkpoint?: CheckpointChoice;
  /** The most threads that compute; as many as there are cores where nothing is said. They change no bit. */
  workers?: number | 'auto';
}

/** Cells by the names of a table's columns; others are passed over. */
export type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Predictions of some samples, and the cells that tell these apart. */
export interface PredictedBlock {
  cells: string[][];
  predictions: Prediction[];
}

/**
 * Loads the model of a run, to predict with it. No module is imported: the compiled model is in the checkpoint. No thread is started before
 * there is more to compute than one does in a moment; `close` ends them.
 *
 *     const model = await loadModel('runs/iris');
 *     const [{ prediction, probabilities }] = await model.predict([{ sepal_length: 5.1, … }]);
 *     await model.close();
 *
 * @throws errors with `exitCode` 2 where the folder has no run that can predict
 */
export async function loadModel(
  folder: string,
  { checkpoint, workers = 'auto' }: LoadOptions = {},
): Promise<TrainedModel> {
  const run = openStoredRun(folder, checkpoint);
  return new TrainedModel(run, workers === 'auto' ? availableParallelism() : workers);
}

/** A model as a run has trained it. */
export class TrainedModel {
  readonly run: StoredRun;
  /** Of a table; null for other data. */
  readonly table: PreparedTable | null;
  /** Of a text; null for other data. */
  readonly text: TextCodec | null;
  readonly #inference: Inference;
  readonly #meaning: OutputMeaning;
  /** What is under way: the memory is for one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(run: StoredRun, workers: number) {
    const { checkpoint, preprocessing, path, weights } = run;
    const { plan, config, about } = checkpoint;
    const stored = `${path}/preprocessing.json`;
    this.run = run;
    this.table = preprocessing.kind === 'table' ? checkPreprocessing(tableSchema, preprocessing, stored) : null;
    this.text = textCodec(preprocessing, stored);
    const output = outputOf(run);
    const numerics = resolveNumerics(about.numerics);
    if (numerics.notice !== undefined) run.warnings.push(numerics.notice);
    this.#inference = new Inference({
      plan,
      output,
      input: preprocessing.input,
      parameters: weights,
      numerics,
      workers,
    });
    this.#meaning = outputMeaning(config.loss, targetOf(run, this.table), this.#inference.map.outputElements);
  }

  /** Names of the classes; null where values are predicted. */
  get classes(): readonly string[] | null {
    return this.#meaning.classes;
  }

  /**
   * Predicts for rows of a table, or for inputs as they are before training divides them (`ArrayLike<number>`, a sample each).
   * @throws DataError for cells that training would have refused, with the index of the row
   */
  async predict(samples: readonly (Row | ArrayLike<number>)[]): Promise<Prediction[]> {
    const predictions: Prediction[] = [];
    for await (const block of this.predictAll(this.#inMemory(samples))) predictions.push(...block.predictions);
    return predictions;
  }

  /** Predicts for all samples of a source, block by block: the next one is read while one is computed. */
  async *predictAll(source: SampleSource): AsyncGenerator<PredictedBlock> {
    const release = await this.#take();
    try {
      let pending: { block: number; cells: string[][]; done: Promise<void> } | undefined;
      for (let block = 0; ; block = (block + 1) % BLOCKS) {
        const cells = await source.read(this.#inference.inputs(block), this.#inference.map.blockRows);
        const before = pending;
        if (before !== undefined) await before.done;
        pending = undefined;
        if (cells.length > 0) {
          const done = this.#inference.run(block, cells.length);
          // What fails is told where it is awaited.
          done.catch(() => {});
          pending = { block, cells, done };
        }
        if (before !== undefined)
          yield { cells: before.cells, predictions: this.#read(before.block, before.cells.length) };
        if (cells.length === 0) return;
      }
    } finally {
      release();
    }
  }

  /** Texts of a language model, one after the other in `onText`, token by token. @throws StoredRunError where the run is on no text */
  async generate(options: GenerateOptions = {}): Promise<GeneratedText[]> {
    const { text, run } = this;
    if (text === null) {
      throw new StoredRunError(
        `${run.path}: expected a run on a text to generate more of it, got one on ${run.preprocessing.source}; give it inputs`,
      );
    }
    const release = await this.#take();
    try {
      return await generate(this.#inference, text, options);
    } finally {
      release();
    }
  }

  /** Ends the threads, if there are any. */
  async close(): Promise<void> {
    await this.#last;
    await this.#inference.close();
  }

  #read(block: number, count: number): Prediction[] {
    const { outputElements } = this.#inference.map;
    const outputs = this.#inference.outputs(block, count);
    return Array.from({ length: count }, (_, i) =>
      this.#meaning.read(outputs.subarray(i * outputElements, (i + 1) * outputElements)),
    );
  }

  #inMemory(samples: readonly (Row | ArrayLike<number>)[]): SampleSource {
    const { inputElements } = this.#inference.map;
    const write = this.table === null ? this.#numberWriter() : this.#rowWriter(this.table);
    let next = 0;
    return {
      titles: [],
      read: async (into, most) => {
        const start = next;
        next = Math.min(samples.length, start + most);
        for (let i = start; i < next; i++) write(samples[i], i, into as Float32Array, (i - start) * inputElements);
        return Array.from({ length: next - start }, () => []);
      },
    };
  }

  #rowWriter(
    table: PreparedTable,
  ): (sample: Row | ArrayLike<number>, index: number, into: Float32Array, at: number) => void {
    const encoder = createRowEncoder(table);
    return (sample, index, into, at) => {
      const row = sample as Row;
      const cellAt = (i: number): string => {
        const { name } = table.inputs[i];
        if (!Object.hasOwn(row, name)) {
          throw new StoredRunError(
            `row ${index}: expected the column ${JSON.stringify(name)}, got none; give it, or null where it is missing`,
          );
        }
        return `${row[name] ?? ''}`;
      };
      encoder.encode(cellAt, () => `row ${index}`, into, at);
    };
  }

  #numberWriter(): (sample: Row | ArrayLike<number>, index: number, into: Float32Array, at: number) => void {
    const { inputElements } = this.#inference.map;
    return (sample, index, into, at) => {
      const values = sample as ArrayLike<number>;
      if (values.length !== inputElements) {
        throw new StoredRunError(
          `sample ${index}: expected ${inputElements} numbers, got ${values.length}; give as many as an input of the run has`,
        );
      }
      into.set(values, at);
    };
  }

  /** Waits until nobody else uses the memory; what it gives lets the next one in. */
  async #take(): Promise<() => void> {
    const before = this.#last;
    let release = (): void => {};
    this.#last = new Promise<void>((done) => {
      release = done;
    });
    await before;
    return release;
  }
}

function outputOf({ checkpoint: { plan }, path }: StoredRun): PlanOutput {
  if (plan.output !== undefined) return plan.output;
  throw new StoredRunError(
    `${path}: expected a plan that says where outputs lie, got one of an earlier lockstep; train it again to predict with it`,
  );
}

function targetOf({ preprocessing }: StoredRun, table: PreparedTable | null): TargetMeaning {
  const { target, classNames = null } = preprocessing;
  if (table === null) return { classNames, classes: target?.classes, mean: 0, deviation: 1 };
  if (table.target.type === 'class') return { classNames: table.target.labels, mean: 0, deviation: 1 };
  const { mean, deviation } = table.target;
  return { classNames: null, mean, deviation };
}

function textCodec(preprocessing: StoredRun['preprocessing'], stored: string): TextCodec | null {
  if (preprocessing.kind === 'text') return characterCodec(checkPreprocessing(textSchema, preprocessing, stored));
  if (preprocessing.kind !== 'tokenizedText') return null;
  return tokenizerCodec(checkPreprocessing(tokenizedTextSchema, preprocessing, stored), stored);
}
