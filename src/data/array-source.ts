// Arrays of inputs and of targets, in files or in memory → a source of samples; coordinator.

import { DataError } from './data-error.ts';
import { classTarget } from './labels.ts';
import { elementName, isWholeType, type SampleArray } from './sample-array.ts';
import { type DatasetSpec, type InputSpec, type Source, sampleElements, type Targets } from './source.ts';

/** What to make of the arrays; defaults are the config's. */
export interface ArrayOptions {
  /** Elements are divided by it. */
  divisor: number;
  /** Of one sample, in place of what the array says. */
  shape?: readonly number[];
  /** `auto`: whole numbers and truth values are classes, others values. */
  task: 'auto' | 'classification' | 'regression';
  /** One more than the highest label where nothing is said. */
  classes?: number;
  /** Inputs are ids of tokens, 0 to tokens − 1. */
  tokens?: number;
}

/** Inputs and targets of the same samples. */
export interface ArrayPair {
  inputs: SampleArray;
  targets: SampleArray;
}

/**
 * Opens one or two pairs of arrays; the samples of the second, which are the test part, follow the others in the one space of ids.
 *
 * Inputs (samples × …): bytes and truth values are kept as such, tokens as int32, all else as float32. Targets: a class each (samples), or
 * several (samples × labels); or values (samples × …), of one (samples).
 *
 * @throws DataError for arrays that do not belong together, labels that are none, inputs that cannot be what the options say
 */
export function openArrays(name: string, pairs: readonly ArrayPair[], options: ArrayOptions): Source {
  for (const pair of pairs) checkPair(pair, pairs[0]);
  const [first, test] = pairs;
  const input = inputSpec(first.inputs, options);
  const isClass = options.task === 'auto' ? pairs.every(hasWholeTargets) : options.task === 'classification';
  const targets = isClass ? openLabels(pairs, options) : openValues(pairs);
  const splitSamples = first.inputs.shape[0];
  return {
    name,
    input,
    ...targets,
    splitSamples,
    testSamples: test === undefined ? 0 : test.inputs.shape[0],
    sampleName: (id) =>
      id < splitSamples ? `${first.inputs.where}[${id}]` : `${test.inputs.where}[${id - splitSamples}]`,
    fill(inputs, out) {
      let start = 0;
      for (const pair of pairs) {
        const end = start + sampleElements(pair.inputs.shape);
        pair.inputs.read(inputs.subarray(start, end));
        start = end;
      }
      if (input.storage === 'i32') checkTokens(pairs, inputs, input.classes);
      targets.fillTargets(out);
    },
  };
}

function checkPair(pair: ArrayPair, first: ArrayPair): void {
  const { inputs, targets } = pair;
  const [samples, labelled] = [inputs.shape[0], targets.shape[0]];
  if (samples !== labelled) {
    const expected = `${samples} targets, one for each sample of ${inputs.where}`;
    throw new DataError(targets.where, expected, `${labelled}`, 'name two arrays that belong together');
  }
  for (const key of ['inputs', 'targets'] as const) {
    const [got, expected] = [pair, first].map((one) => perSample(one[key]).join(', '));
    if (got === expected) continue;
    const what = `samples of shape (${expected}), as in ${first[key].where}`;
    throw new DataError(pair[key].where, what, `(${got})`, 'name arrays of one dataset');
  }
}

function perSample({ shape }: SampleArray): readonly number[] {
  return shape.length === 1 ? [1] : shape.slice(1);
}

function hasWholeTargets({ targets }: ArrayPair): boolean {
  return isWholeType(targets.type);
}

function inputSpec(inputs: SampleArray, { shape: said, divisor, tokens }: ArrayOptions): InputSpec {
  const own = perSample(inputs);
  const shape = [...(said ?? own)];
  if (sampleElements(shape) !== sampleElements(own)) {
    const expected = `as many elements as a sample of ${inputs.where} has, (${own.join(', ')})`;
    throw new DataError('data.shape', expected, `(${shape.join(', ')})`, 'correct or remove data.shape');
  }
  if (tokens === undefined) {
    const isBytes = inputs.type === 'u1' || inputs.type === 'b1';
    return { shape, storage: isBytes ? 'u8' : 'f32', divisor };
  }
  if (!isWholeType(inputs.type))
    throw new DataError(inputs.where, 'whole numbers, as data.tokens is set', inputs.type, 'remove data.tokens');
  return { shape, storage: 'i32', divisor: 1, classes: tokens };
}

function checkTokens(pairs: readonly ArrayPair[], ids: ArrayLike<number>, tokens: number): void {
  let start = 0;
  for (const { inputs } of pairs) {
    const elements = sampleElements(inputs.shape);
    for (let i = 0; i < elements; i++) {
      const id = ids[start + i];
      if (id >= 0 && id < tokens) continue;
      const where = elementName(inputs.where, inputs.shape, i);
      throw new DataError(where, `a token from 0 to ${tokens - 1}`, `${id}`, 'correct it, or raise data.tokens');
    }
    start += elements;
  }
}

type OpenTargets = Pick<Source, 'target' | 'labelOf'> & { fillTargets(out: Targets): void };

/** Labels are read at once: they are small, and the classes depend on them. */
function openLabels(pairs: readonly ArrayPair[], { classes }: ArrayOptions): OpenTargets {
  const [{ targets: first }] = pairs;
  const perSampleLabels = sampleElements(perSample(first));
  const labels = new Int32Array(pairs.reduce((sum, { targets }) => sum + sampleElements(targets.shape), 0));
  const starts: number[] = [];
  let start = 0;
  for (const { targets } of pairs) {
    starts.push(start);
    const end = start + sampleElements(targets.shape);
    targets.read(labels.subarray(start, end));
    start = end;
  }
  const where = (at: number) => {
    const pair = starts.length > 1 && at >= starts[1] ? 1 : 0;
    return elementName(pairs[pair].targets.where, pairs[pair].targets.shape, at - starts[pair]);
  };
  const negative = labels.findIndex((label) => label < 0);
  if (negative >= 0)
    throw new DataError(where(negative), 'a label of 0 or more', `${labels[negative]}`, 'correct it, or set data.task');
  const target: DatasetSpec['target'] = classTarget(labels, where, classes);
  if (perSampleLabels > 1) target.shape = [...perSample(first)];
  return {
    target,
    ...(perSampleLabels === 1 && { labelOf: (id: number) => labels[id] }),
    fillTargets: (out) => out.set(labels),
  };
}

function openValues(pairs: readonly ArrayPair[]): OpenTargets {
  return {
    target: { kind: 'values', storage: 'f32', shape: [...perSample(pairs[0].targets)] },
    fillTargets(out) {
      let start = 0;
      for (const { targets } of pairs) {
        const end = start + sampleElements(targets.shape);
        targets.read(out.subarray(start, end));
        start = end;
      }
    },
  };
}
