// The classes of a dataset and what a config asks for → weights a class, and positions a class for balanced sampling. Coordinator; pure.
import { type ClassPositions, positionsByClass } from '../data/balanced-order.ts';
import { DataError } from '../data/data-error.ts';
import type { Dataset } from '../data/dataset.ts';
import { type LossConfig, lossOptions } from '../nn/nn.schema.ts';

type Labelled = Pick<Dataset, 'spec' | 'parts' | 'labelOf' | 'classNames' | 'stream'>;

/**
 * The loss with its `classWeights` as a list of one number a class. `balanced` gives n / (k n[c]) to a class of which n[c] of the n training
 * samples are (scikit-learn's rule), so that the mean weight of a training sample is 1, and 1 to a class without any; a mapping gives 1 to the classes that it does not name.
 *
 * @throws DataError where classes have no single label a sample to count, or a name is none of theirs
 */
export function resolveClassWeights(loss: LossConfig, dataset: Labelled): LossConfig {
  const options = lossOptions(loss);
  if (!('classWeights' in options) || options.classWeights === undefined) return loss;
  const { classWeights } = options;
  if (isList(classWeights)) return loss;
  const weights = classWeights === 'balanced' ? balancedWeights(dataset) : namedWeights(classWeights, dataset);
  return { ...options, classWeights: weights };
}

/** The training samples' positions by class where the config samples them in balance; undefined where it does not. */
export function balancedClasses(sampling: 'balanced' | undefined, dataset: Labelled): ClassPositions | undefined {
  if (sampling === undefined) return undefined;
  return positionsByClass(trainingLabels(dataset, 'data.sampling'));
}

const isList = (weights: unknown): weights is readonly number[] => Array.isArray(weights);

function balancedWeights(dataset: Labelled): number[] {
  const labels = trainingLabels(dataset, 'loss.classWeights');
  const counts = new Array<number>(classCount(dataset)).fill(0);
  for (const label of labels) counts[label]++;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 1 : labels.length / (present * count)));
}

function namedWeights(weights: Readonly<Record<string, number>>, dataset: Labelled): number[] {
  const classes = classCount(dataset);
  const names = Array.from({ length: classes }, (_, c) => dataset.classNames?.[c] ?? `${c}`);
  for (const name of Object.keys(weights)) {
    if (names.includes(name)) continue;
    const known = `${names.slice(0, 12).join(', ')}${classes > 12 ? ', …' : ''}`;
    throw new DataError(
      'loss.classWeights',
      `classes of the data (${known})`,
      JSON.stringify(name),
      'correct the name',
    );
  }
  const list = names.map((name) => weights[name] ?? 1);
  if (list.some((weight) => weight > 0)) return list;
  throw new DataError('loss.classWeights', 'a class whose weight is above 0', 'none', 'raise one');
}

function trainingLabels({ labelOf, parts, stream }: Labelled, key: string): Uint32Array {
  if (labelOf !== undefined) return parts.train.map(labelOf);
  if (stream !== undefined) {
    const advice = 'name a weight a class, as in { malignant: 2 }';
    throw new DataError(key, 'samples in memory, whose classes are counted, for balanced', 'a stream', advice);
  }
  throw new DataError(key, 'samples with a class each for balanced', 'samples without', 'remove it');
}

function classCount({ spec: { target } }: Labelled): number {
  if (target.kind === 'class') return target.classes;
  throw new DataError('loss.classWeights', 'targets that are classes', 'values', 'remove it, or use another target');
}
