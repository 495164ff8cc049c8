// What metrics need of an evaluation beside the loss: counts, sums, scores. Coordinator only.
import {
  ACCUMULATE,
  elementsOf,
  type KernelCall,
  labelMatrix,
  matrixColumns,
  matrixRows,
  tensor,
} from '../kernel-call.ts';
import { ignoredLabel } from '../loss-op.ts';
import type { GraphNode, Op } from '../op.ts';

/** What is summed, or kept, of outputs and targets. */
export type MetricSums =
  /** Labels among the k largest scores; labels. */
  | { readonly kind: 'topK'; readonly k: number; readonly ignoreIndex?: number }
  /** A cell a label and prediction; `isBinary`: one score a row, above 0 for class 1. */
  | { readonly kind: 'confusion'; readonly classes: number; readonly isBinary: boolean; readonly ignoreIndex?: number }
  /** Rows; sums of t, t², (x - t)² and |x - t| for each of the columns. */
  | { readonly kind: 'regression'; readonly columns: number }
  /** Every score of every sample, in the scores' own region; logits of classes as log-probabilities. */
  | {
      readonly kind: 'scores';
      readonly columns: number;
      readonly perSample: number;
      readonly isLogits: boolean;
      readonly ignoreIndex?: number;
    };

/** The sums and the first of their f64 cells, behind those of the loss. */
export type EvaluationSumsAttrs = { readonly sums: MetricSums; readonly first: number };

/** How many f64 cells the sums take. */
export function metricCells(sums: MetricSums): number {
  if (sums.kind === 'topK') return 2;
  if (sums.kind === 'confusion') return sums.classes * sums.classes;
  return sums.kind === 'regression' ? 1 + 4 * sums.columns : 0;
}

/** Outputs and targets, as the loss has them → nothing but sums: nobody may read its tensor. */
export const evaluationSums: Op<EvaluationSumsAttrs> = {
  name: 'evaluationSums',
  infer: () => ({ shape: [], isBatched: false, element: 'f32' }),
  lower({ node: { attrs }, inputs: [x, target] }) {
    return [lowerSums(attrs, x, target)];
  },
};

function lowerSums({ sums, first }: EvaluationSumsAttrs, x: GraphNode, target: GraphNode): KernelCall {
  const cells = { of: 'cells', first } as const;
  const [rows, columns] = [matrixRows(x), matrixColumns(x)];
  const inputs = [tensor(x), tensor(target)];
  const shape = labelMatrix(x);
  switch (sums.kind) {
    case 'topK': {
      const args = [...inputs, rows, columns, sums.k, cells, ACCUMULATE, ignoredLabel(sums)];
      return { kernel: 'topScores', args, detail: `top ${sums.k} of ${shape}` };
    }
    case 'confusion': {
      const settings = [sums.classes, cells, ACCUMULATE, ignoredLabel(sums), sums.isBinary ? 1 : 0];
      const args = [...inputs, sums.isBinary ? elementsOf(x) : rows, ...settings];
      return { kernel: 'confusionCounts', args, detail: `confusion ${shape}` };
    }
    case 'regression': {
      const samples = { of: 'rows', multiplier: 1 } as const;
      return {
        kernel: 'regressionSums',
        args: [...inputs, samples, sums.columns, cells, ACCUMULATE],
        detail: `regression ${shape}`,
      };
    }
    case 'scores': {
      const out = { of: 'scores' } as const;
      if (!sums.isLogits) return { kernel: 'copy', args: [out, tensor(x), elementsOf(x)], detail: `scores ${shape}` };
      return { kernel: 'logProbabilities', args: [out, tensor(x), rows, columns], detail: `scores ${shape}` };
    }
  }
}
