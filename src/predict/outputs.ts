// A loss and how targets were prepared → what the model's outputs say of a sample: a class and probabilities, or values. Pure.
import { exp } from '../kernels/scalar.ts';
import type { LossConfig, LossName } from '../nn/nn.schema.ts';
import { lossOptions } from '../nn/nn.schema.ts';

/** What is predicted of one sample. */
export interface Prediction {
  /** The name of the most probable class, or a value; a list where a sample has several values. */
  prediction: string | number | number[];
  /** One a class, in the order of `classes`; absent for values. */
  probabilities?: number[];
}

/** What outputs are read with. */
export interface OutputMeaning {
  /** Names of the classes; null for values. */
  classes: readonly string[] | null;
  /** The outputs of one sample → what they say. */
  read(outputs: Float32Array): Prediction;
}

/** How targets were made of raw data, as far as it is known. */
export interface TargetMeaning {
  /** Of a class target; null for values. */
  classNames: readonly string[] | null;
  /** How many classes there are where they have no names. */
  classes?: number;
  /** Values were standardised by these; 0 and 1 where not. */
  mean: number;
  deviation: number;
}

/** The meaning of `outputs` numbers a sample under a loss. */
export function outputMeaning(loss: LossConfig, target: TargetMeaning, outputs: number): OutputMeaning {
  const { name } = lossOptions(loss);
  if (!isOfClasses(name, target)) {
    const { mean, deviation } = target;
    return {
      classes: null,
      read: (values) => readValues(Array.from(values, VALUE_OF[name] ?? plain), mean, deviation),
    };
  }
  const isBinary = name === 'bceWithLogits';
  const count = isBinary ? 2 : outputs;
  const names = Array.from({ length: count }, (_, c) => target.classNames?.[c] ?? `${c}`);
  const probabilitiesOf: (values: Float32Array) => number[] = isBinary
    ? ofOneLogit
    : name === 'nll'
      ? ofLogProbabilities
      : softmax;
  return {
    classes: names,
    read(values) {
      const probabilities = probabilitiesOf(values);
      // Of equal ones the first, and of two classes at one half the first: as accuracy counts.
      const best = probabilities.reduce((most, p, c) => (p > probabilities[most] ? c : most), 0);
      return { prediction: names[best], probabilities };
    },
  };
}

function isOfClasses(name: LossName, { classNames, classes }: TargetMeaning): boolean {
  const hasClasses = classNames !== null || classes !== undefined;
  return hasClasses && (name === 'crossEntropy' || name === 'nll' || name === 'bceWithLogits');
}

const plain = (value: number): number => value;
/** Of losses whose outputs are not the values themselves. */
const VALUE_OF: Partial<Record<LossName, (value: number) => number>> = { bceWithLogits: sigmoid, kl: exp };

function readValues(values: number[], mean: number, deviation: number): Prediction {
  const raw = values.map((value) => value * deviation + mean);
  return { prediction: raw.length === 1 ? raw[0] : raw };
}

/** 1 / (1 + e^-x), in float64. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/** e^x over their sum, in float64. */
export function softmax(scores: ArrayLike<number>): number[] {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) most = Math.max(most, scores[i]);
  const powers = Array.from(scores, (score) => exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function ofOneLogit([logit]: Float32Array): number[] {
  const probability = sigmoid(logit);
  return [1 - probability, probability];
}

function ofLogProbabilities(values: ArrayLike<number>): number[] {
  return Array.from(values, exp);
}
