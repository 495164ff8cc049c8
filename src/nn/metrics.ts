// The metrics that are asked for, a loss, outputs and targets → what an evaluation has to sum for them. Coordinator only.
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode } from '../graph/op.ts';
import type { MetricSums } from '../graph/ops/evaluation-sums.ts';
import { elementCount, formatType } from '../graph/tensor-type.ts';
import type { TargetSpec } from './losses.ts';
import { topCount } from './metrics.schema.ts';
import { type LossConfig, lossOptions } from './nn.schema.ts';

// Each chunk of an evaluation has a matrix of its own: with 256 chunks these are 128 MiB.
const MOST_CLASSES = 256;

const OF_COUNTS = /^(?:precision|recall|f1|confusionMatrix)/;
const OF_VALUES = ['r2', 'mae', 'rmse'];

/**
 * The sums for metrics that fit the loss; accuracy and perplexity come from the loss's own.
 * @throws ModelError where outputs or targets do not fit a metric.
 */
export function planMetrics(
  names: readonly string[],
  loss: LossConfig,
  outputs: GraphNode,
  targets: TargetSpec,
): MetricSums[] {
  const options = lossOptions(loss);
  const isBinary = options.name === 'bceWithLogits';
  const ignored = 'ignoreIndex' in options && options.ignoreIndex !== undefined && { ignoreIndex: options.ignoreIndex };
  const columns = outputs.shape.at(-1) ?? 1;
  const sums: MetricSums[] = [];
  for (const k of [...new Set(names.flatMap((name) => topCount(name) ?? []))]) {
    if (k > columns) throw tooFewOutputs(k, outputs);
    sums.push({ kind: 'topK', k, ...ignored });
  }
  const ofCounts = names.find((name) => OF_COUNTS.test(name));
  if (ofCounts !== undefined) {
    const classes = countedClasses(ofCounts, isBinary, columns, targets);
    sums.push({ kind: 'confusion', classes, isBinary, ...ignored });
  }
  if (names.some((name) => OF_VALUES.includes(name))) {
    sums.push({ kind: 'regression', columns: elementCount(outputs.shape) });
  }
  if (names.includes('rocAuc')) {
    const isLogits = options.name === 'crossEntropy';
    // Labels of yes or no have one score each, whatever the shape.
    const width = isBinary && targets.kind === 'class' ? 1 : columns;
    sums.push({ kind: 'scores', columns: width, perSample: elementCount(outputs.shape), isLogits, ...ignored });
  }
  return sums;
}

function countedClasses(name: string, isBinary: boolean, columns: number, targets: TargetSpec): number {
  if (targets.kind !== 'class') {
    throw new ModelError(
      `evaluation.metrics: expected class labels for ${name}, got values of shape (${targets.shape.join(',')}); use accuracy or rocAuc`,
    );
  }
  const classes = isBinary ? 2 : columns;
  if (classes <= MOST_CLASSES) return classes;
  throw new ModelError(
    `evaluation.metrics: expected at most ${MOST_CLASSES} classes for ${name}, got ${classes}; use accuracy or top5`,
  );
}

function tooFewOutputs(k: number, outputs: GraphNode): ModelError {
  return new ModelError(
    `evaluation.metrics: expected at least ${k} outputs for top${k}, got ${formatType(outputs)}; ask for a smaller number`,
  );
}
