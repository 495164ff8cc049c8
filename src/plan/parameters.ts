// A graph's parameters and running statistics → their places, the same in weights, gradients and optimizer state. Pure; coordinator only.
import type { Graph } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import type { ParameterAttrs } from '../graph/ops/parameter.ts';
import type { StatisticAttrs } from '../graph/ops/statistic.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { PARAMETER_ALIGNMENT_ELEMENTS, type PlanParameter, type PlanStatistic } from './plan.ts';

/** The parameters in the order of the graph, the statistics behind them, and the elements of all with their padding. */
export interface ParameterPlaces {
  readonly parameters: readonly PlanParameter[];
  readonly statistics: readonly PlanStatistic[];
  /** Where the array of a parameter or statistic begins. */
  readonly elementOffsets: ReadonlyMap<NodeId, number>;
  readonly elements: number;
}

// Kernels count in 32 bits.
const MOST_ELEMENTS = 2 ** 31 - 1;

/**
 * Lays arrays one after the other, each padded to a cache line.
 * @throws ModelError where there are no parameters, or more than fit, or two of one name.
 */
export function placeParameters({ nodes }: Graph): ParameterPlaces {
  const elementOffsets = new Map<NodeId, number>();
  let elements = 0;
  const place = (node: GraphNode): number => {
    const elementOffset = elements;
    elementOffsets.set(node.id, elementOffset);
    elements += alignedElements(elementCount(node.shape));
    return elementOffset;
  };
  const ofSource = (source: GraphNode['op']['source']) => nodes.filter(({ op }) => op.source === source);
  const parameters = ofSource('parameter').map((node) => describeParameter(node as never, place(node)));
  const trained = elements;
  const statistics = ofSource('statistic').map((node) => describeStatistic(node as never, place(node)));
  refuseEqualNames([...parameters, ...statistics]);
  checkTotal(trained, elements);
  return { parameters, statistics, elementOffsets, elements };
}

function describeParameter(
  { layer, shape, attrs: { name, initializer } }: GraphNode<ParameterAttrs>,
  elementOffset: number,
): PlanParameter {
  const elements = elementCount(shape);
  return {
    name: `${layer}.${name}`,
    layer,
    shape: [...shape],
    elementOffset,
    elements,
    initializer: { ...initializer },
  };
}

function describeStatistic(
  { layer, shape, attrs: { name, initialValue, momentum } }: GraphNode<StatisticAttrs>,
  elementOffset: number,
): PlanStatistic {
  const elements = elementCount(shape);
  return { name: `${layer}.${name}`, layer, shape: [...shape], elementOffset, elements, initialValue, momentum };
}

function refuseEqualNames(arrays: readonly { name: string; layer: string }[]): void {
  const names = new Set<string>();
  for (const { name, layer } of arrays) {
    if (names.has(name)) {
      throw new ModelError(`${layer}: expected parameters of different names, got ${name} twice; rename one`);
    }
    names.add(name);
  }
}

function alignedElements(elements: number): number {
  return Math.ceil(elements / PARAMETER_ALIGNMENT_ELEMENTS) * PARAMETER_ALIGNMENT_ELEMENTS;
}

function checkTotal(trained: number, elements: number): void {
  if (trained > 0 && elements <= MOST_ELEMENTS) return;
  const advice = trained === 0 ? 'add a layer with parameters' : 'use smaller layers';
  throw new ModelError(`model: expected 1 to ${MOST_ELEMENTS} parameters, got ${elements}; ${advice}`);
}
