// A graph's parameters → their places, the same in weights, gradients and optimizer state. Pure; coordinator only.
import type { Graph } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { type ParameterAttrs, parameter } from '../graph/ops/parameter.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { PARAMETER_ALIGNMENT_ELEMENTS, type PlanParameter } from './plan.ts';

/** The parameters in the order of the graph, and the elements of all of them with their padding. */
export interface ParameterPlaces {
  readonly parameters: readonly PlanParameter[];
  readonly byNode: ReadonlyMap<NodeId, PlanParameter>;
  readonly elements: number;
}

// Kernels count in 32 bits.
const MOST_ELEMENTS = 2 ** 31 - 1;

/**
 * Lays parameters one after the other, each padded to a cache line.
 * @throws ModelError where there are none, or more than fit, or two of one name.
 */
export function placeParameters({ nodes }: Graph): ParameterPlaces {
  const byNode = new Map<NodeId, PlanParameter>();
  const names = new Set<string>();
  let elementOffset = 0;
  for (const node of nodes) {
    if (!isParameter(node)) continue;
    const placed = placeParameter(node, elementOffset);
    if (names.has(placed.name)) {
      throw new ModelError(
        `${node.layer}: expected parameters of different names, got ${placed.name} twice; rename one`,
      );
    }
    names.add(placed.name);
    byNode.set(node.id, placed);
    elementOffset += alignedElements(placed.elements);
  }
  checkTotal(elementOffset);
  return { parameters: [...byNode.values()], byNode, elements: elementOffset };
}

function isParameter(node: GraphNode): node is GraphNode<ParameterAttrs> {
  return node.op.name === parameter.name;
}

function placeParameter({ layer, shape, attrs }: GraphNode<ParameterAttrs>, elementOffset: number): PlanParameter {
  const { name, initializer } = attrs;
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

function alignedElements(elements: number): number {
  return Math.ceil(elements / PARAMETER_ALIGNMENT_ELEMENTS) * PARAMETER_ALIGNMENT_ELEMENTS;
}

function checkTotal(elements: number): void {
  if (elements > 0 && elements <= MOST_ELEMENTS) return;
  const advice = elements === 0 ? 'add a layer with parameters' : 'use smaller layers';
  throw new ModelError(`model: expected 1 to ${MOST_ELEMENTS} parameters, got ${elements}; ${advice}`);
}
