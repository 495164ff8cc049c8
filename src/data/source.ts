// What every source of samples brings, before the samples are split into parts; coordinator.
import type { Augmentation } from './augment.schema.ts';

/** What a plan has to know of a dataset: how many samples, and how inputs and targets lie in memory. */
export interface DatasetSpec {
  name: string;
  samples: number;
  /** One sample's shape, `[1, 28, 28]` for MNIST; stored row-major, one sample after the other. Used as element / divisor. */
  input: InputSpec;
  /** Its training part is larger than memory and comes window by window: where a sample lies then is not its id. */
  isStreamed?: boolean;
  target: ClassTarget | { kind: 'values'; storage: 'f32'; shape: number[] };
  /** Whether each sample has a weight in the loss. */
  hasWeights?: boolean;
  /** What training does to samples that it has gathered. */
  augment?: readonly Augmentation[];
}

/** Numbers, or (`i32`) ids of tokens, 0 to classes − 1. */
export type InputSpec =
  | { shape: number[]; storage: 'u8' | 'f32'; divisor: number; channels?: ChannelScale }
  | { shape: number[]; storage: 'i32'; divisor: 1; classes: number };

/** Then, and after augmentation, of each channel (the first axis) its mean is taken off and its deviation divided by. */
export interface ChannelScale {
  mean: readonly number[];
  deviation: readonly number[];
}

/** Labels 0 to classes − 1. */
export interface ClassTarget {
  kind: 'class';
  storage: 'u8' | 'i32';
  classes: number;
  /** Of one sample's labels; one label where there is none. */
  shape?: number[];
}

/** How elements lie in memory. */
export type Storage = 'u8' | 'i32' | 'f32';

const ELEMENT_BYTES = { u8: 1, i32: 4, f32: 4 };

export type Inputs = Uint8Array | Int32Array | Float32Array;
export type Targets = Uint8Array | Int32Array | Float32Array;

/** An opened source: all that can be wrong with it was checked, but big samples are still on the disk. */
export interface Source {
  name: string;
  input: DatasetSpec['input'];
  target: DatasetSpec['target'];
  /** Samples that may be split into parts: ids 0 to splitSamples − 1. */
  splitSamples: number;
  /** Samples that the source itself keeps for testing: the ids after those; 0 where it keeps none. */
  testSamples: number;
  /** The class of a sample; absent where a sample has not exactly one. */
  labelOf?(id: number): number;
  /** The weight of each sample in the loss, of 0 or more; absent where all weigh 1. */
  weights?: ArrayLike<number>;
  /** What people call the classes; their numbers where nothing is said. */
  classNames?: readonly string[];
  /** What a split by group or time goes by, of each sample that may be split. */
  splitKeys?: readonly string[];
  /** Parts that the source makes itself, as a text does, whose test part is its end. */
  parts?: Parts;
  /** What is probably not meant, a line each. */
  warnings?: readonly string[];
  /** How many rows there were and were not taken; absent where a source has no rows to leave out. */
  leftOut?: LeftOut;
  /** How many cells of each column are missing, of those that miss any. */
  missing?: readonly { column: string; count: number }[];
  /** Where a sample comes from, such as `flowers.csv:17`. */
  sampleName?(id: number): string;
  /** Fits what is fitted, on the samples of these ids alone. Where it is there, it is called before `fill`. */
  fit?(trainIds: Uint32Array): Fit;
  /** Writes all samples in the order of their ids. The arrays have exactly the size that the fields above say. */
  fill(inputs: Inputs, targets: Targets): void;
}

/** Rows that are no samples. */
export interface LeftOut {
  rows: number;
  /** Because they do not fit (`onBadSample: skip`). */
  skipped: number;
  /** Because cells are missing (`missing: drop`). */
  dropped: number;
}

/** What a source has fitted: plain data that says how raw cells become inputs, for `preprocessing.json`. */
export interface Fit {
  preprocessing: object;
}

/** Sample ids, ascending in each part; no id is in two parts. */
export interface Parts {
  train: Uint32Array;
  validation: Uint32Array;
  test: Uint32Array;
}

/** Elements of one sample. */
export function sampleElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Elements of one sample's target. */
export function targetElements(target: DatasetSpec['target']): number {
  return sampleElements(target.shape ?? []);
}

/** A view of `byteLength` bytes of elements. */
export function storageArray(
  buffer: SharedArrayBuffer,
  storage: Storage,
  byteOffset: number,
  byteLength: number,
): Inputs {
  if (storage === 'u8') return new Uint8Array(buffer, byteOffset, byteLength);
  const elements = byteLength / ELEMENT_BYTES[storage];
  if (storage === 'i32') return new Int32Array(buffer, byteOffset, elements);
  return new Float32Array(buffer, byteOffset, elements);
}

/** Bytes of one sample's input and target as they lie in memory. */
export function sampleBytes({ input, target }: Pick<DatasetSpec, 'input' | 'target'>): {
  input: number;
  target: number;
} {
  return {
    input: sampleElements(input.shape) * ELEMENT_BYTES[input.storage],
    target: targetElements(target) * ELEMENT_BYTES[target.storage],
  };
}
