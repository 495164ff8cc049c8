// A graph that ends in a loss, and the metrics' sums → the graph that an evaluation runs, each sum with its cells. Pure; coordinator only.
import { createGraph, type Graph } from '../graph/graph.ts';
import type { NodeId } from '../graph/op.ts';
import { evaluationSums, type MetricSums, metricCells } from '../graph/ops/evaluation-sums.ts';

/** Sums with the first of their cells, which are counted from the loss's first. */
export type PlanMetric = MetricSums & { readonly first: number };

/** What an evaluation computes. */
export interface EvaluationGraph {
  readonly graph: Graph;
  readonly wanted: readonly NodeId[];
  readonly metrics: readonly PlanMetric[];
}

/** Puts the sums behind the loss, on the loss's own outputs and targets; `lossCells` of the cells are the loss's. */
export function addMetricSums(
  graph: Graph,
  loss: NodeId,
  sums: readonly MetricSums[],
  lossCells: number,
): EvaluationGraph {
  const builder = createGraph(graph);
  // Weights of samples are the loss's alone.
  const inputs = graph.nodes[loss].inputs.slice(0, 2).map((id) => graph.nodes[id]);
  const wanted = [loss];
  const metrics: PlanMetric[] = [];
  let first = lossCells;
  for (const sum of sums) {
    wanted.push(builder.apply(evaluationSums, inputs, { sums: sum, first }, 'metrics').id);
    metrics.push({ ...sum, first });
    first += metricCells(sum);
  }
  return { graph: builder, wanted, metrics };
}
