// A dataset → figures that say what is in it: parts, classes, ranges, copies; coordinator, `lockstep data inspect`.

import type { Dataset } from './dataset.ts';
import { checkReadable, readStream } from './read-stream.ts';
import { countDuplicates } from './shared-samples.ts';
import { type Inputs, type Parts, sampleBytes, sampleElements, type Targets, targetElements } from './source.ts';
import { columnWidth, inputNames, type TablePreprocessing } from './table-preprocessing.ts';

/** The range of one input, or of all, over all samples, as the network sees it. */
export interface ValueRange {
  name: string;
  min: number;
  max: number;
  mean: number;
  deviation: number;
}

/** What `lockstep data inspect` tells. */
export interface Inspection {
  source: string;
  samples: Record<keyof Parts, number>;
  inputShape: number[];
  inputStorage: string;
  /** Of each class the samples (of sequences: the labels) in each part; null where targets are values. */
  classes: { name: string; counts: Record<keyof Parts, number> }[] | null;
  /** Where targets are values. */
  targetRange: ValueRange | null;
  /** One a column of a table, else one of all inputs; none of tokens. */
  ranges: ValueRange[];
  missing: readonly { column: string; count: number }[];
  /** Samples with the input of a sample before them. */
  duplicates: number;
}

/** All samples in memory of their own. */
export interface FilledDataset {
  inputs: Inputs;
  targets: Targets;
}

const ARRAYS = { u8: Uint8Array, i32: Int32Array, f32: Float32Array };

/** Reads all samples. @throws DataError as `fill` does */
export function readSamples(dataset: Dataset): FilledDataset {
  const { spec } = dataset;
  checkReadable(dataset);
  const inputs = new ARRAYS[spec.input.storage](spec.samples * sampleElements(spec.input.shape));
  const targets = new ARRAYS[spec.target.storage](spec.samples * targetElements(spec.target));
  readStream(dataset, inputs, targets);
  return { inputs, targets };
}

/** Takes the figures. */
export function inspectDataset(dataset: Dataset, { inputs, targets }: FilledDataset): Inspection {
  const { spec, parts, missing = [] } = dataset;
  const bytes = new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength);
  const samples = { bytes, bytesPerSample: sampleBytes(spec).input };
  const isValues = spec.target.kind === 'values';
  return {
    source: spec.name,
    samples: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    inputShape: spec.input.shape,
    inputStorage: spec.input.storage,
    classes: isValues ? null : countClasses(dataset, targets),
    targetRange: isValues ? rangeOf('target', targets, 0, 1, 1) : null,
    ranges: inputRanges(dataset, inputs),
    missing,
    duplicates: countDuplicates(samples, spec.samples),
  };
}

function countClasses({ spec, parts, classNames, preprocessing }: Dataset, targets: Targets): Inspection['classes'] {
  if (spec.target.kind === 'values') return null;
  const { classes } = spec.target;
  const perSample = targetElements(spec.target);
  const count = (ids: Uint32Array) => {
    const counts = new Uint32Array(classes);
    for (const id of ids) for (let i = 0; i < perSample; i++) counts[targets[id * perSample + i]]++;
    return counts;
  };
  const [train, validation, test] = [count(parts.train), count(parts.validation), count(parts.test)];
  const { vocabulary } = preprocessing as { vocabulary?: string[] };
  const nameOf = (c: number) => classNames?.[c] ?? (vocabulary === undefined ? `${c}` : JSON.stringify(vocabulary[c]));
  return Array.from({ length: classes }, (_, c) => ({
    name: nameOf(c),
    counts: { train: train[c], validation: validation[c], test: test[c] },
  }));
}

function inputRanges({ spec, preprocessing }: Dataset, inputs: Inputs): ValueRange[] {
  const { input } = spec;
  if (input.storage === 'i32') return [];
  const table = preprocessing as Partial<TablePreprocessing>;
  if (table.kind !== 'table' || table.inputs === undefined) {
    const name = input.channels === undefined ? 'input' : 'input, before mean and std';
    return [rangeOf(name, inputs, 0, 1, input.divisor)];
  }
  const width = table.inputs.reduce((sum, column) => sum + columnWidth(column), 0);
  return table.inputs.flatMap(inputNames).map((name, at) => rangeOf(name, inputs, at, width, 1));
}

/** Of the elements `at`, `at + step`, …, each over `divisor`. */
function rangeOf(name: string, values: Inputs, at: number, step: number, divisor: number): ValueRange {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  const count = Math.ceil((values.length - at) / step);
  for (let i = at; i < values.length; i += step) {
    min = Math.min(min, values[i]);
    max = Math.max(max, values[i]);
    sum += values[i];
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = at; i < values.length; i += step) squares += (values[i] - mean) * (values[i] - mean);
  const deviation = Math.sqrt(squares / count);
  return { name, min: min / divisor, max: max / divisor, mean: mean / divisor, deviation: deviation / divisor };
}
