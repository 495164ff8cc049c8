// Kernel calls that name tensors, and the tensors' places → kernel calls with addresses. Coordinator only.
import type { Graph } from '../graph/graph.ts';
import { type Operand, tensor } from '../graph/kernel-call.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { elementCount } from '../graph/tensor-type.ts';
import type { ConstantPool } from './constants.ts';
import type { Placement } from './placement.ts';
import { type Arg, type Call, type CallOutput, ENV } from './plan.ts';
import type { Program, ProgramCall } from './program.ts';
import type { TensorNames } from './tensor-names.ts';

/** What addresses depend on beside the program. */
export interface ResolveContext {
  readonly elementOffsets: ReadonlyMap<NodeId, number>;
  readonly constants: ConstantPool;
  readonly names: TensorNames;
  /** Of the micro-batch: scratch memory is made for it. */
  readonly rows: number;
}

/** The calls of a program, and the scratch memory that the most demanding of them needs. */
export interface ResolvedProgram {
  readonly calls: readonly Call[];
  readonly scratchBytes: number;
}

/** Gives every argument its address. */
export function resolveProgram(
  graph: Graph,
  program: Program,
  placement: Placement,
  context: ResolveContext,
): ResolvedProgram {
  const resolve = createResolver(graph, program, placement, context);
  const calls = program.calls.map((item, index) => {
    // Before its node's last call a tensor is not whole: what else lies there may be of another tensor.
    const isWhole = program.calls[index + 1]?.node !== item.node && program.places.has(item.node.id);
    return {
      kernel: item.call.kernel,
      args: item.call.args.map(resolve),
      label: labelCall(item, program, context.names),
      out: isWhole ? describeOutput(item.node, resolve(tensor(item.node))) : null,
    };
  });
  return { calls, scratchBytes: mostScratchBytes(program, context.rows) };
}

/** No spread of a list: chains of the eager API and repeated layers have more calls than a stack holds arguments. */
function mostScratchBytes({ calls }: Program, rows: number): number {
  let most = 0;
  for (const { call } of calls) {
    for (const operand of call.args) most = Math.max(most, scratchBytes(operand, rows));
  }
  return most;
}

function describeOutput({ layer, shape, isBatched, element }: GraphNode, at: Arg): CallOutput | null {
  return element === 'f32' ? { layer, at, elements: elementCount(shape), isBatched } : null;
}

function createResolver(
  graph: Graph,
  { places }: Program,
  { byteOffsets }: Placement,
  { elementOffsets, constants, rows }: ResolveContext,
): (operand: Operand) => Arg {
  const parameterBytes = (node: NodeId): number => elementOffsets.get(node)! * 4;

  function resolveTensor(node: NodeId): Arg {
    const place = places.get(node);
    switch (place?.in) {
      case 'parameters':
        return [ENV.parameters, 1, parameterBytes(place.node)];
      case 'gradients':
        return [ENV.gradients, 1, parameterBytes(place.parameter)];
      case 'constants':
        return [ENV.constants, 1, placeConstant(constants, graph.nodes[place.node])];
      case 'buffer':
        return [ENV.activations, 1, byteOffsets[place.buffer]];
      case undefined:
        throw new Error(`plan: node ${node} is read but lies nowhere; this is a fault in lockstep`);
    }
  }

  return (operand) => {
    if (typeof operand === 'number') return [ENV.zero, 0, operand];
    switch (operand.of) {
      case 'tensor':
        return resolveTensor(operand.node);
      case 'gradient':
        return [ENV.gradients, 1, parameterBytes(operand.parameter)];
      case 'rows':
        return [ENV.rows, operand.multiplier, 0];
      case 'words':
        return [ENV.constants, 1, constants.placeWords(operand.words)];
      case 'scratch':
        return [ENV.scratch, 1, operand.from?.(rows) ?? 0];
      case 'cells':
        return [ENV.sums, 1, operand.first * 8];
      default:
        return [ENV[operand.of], 1, 0];
    }
  };
}

function placeConstant(constants: ConstantPool, { attrs, element }: GraphNode): number {
  const values = attrs.values as readonly number[];
  return element === 'i32' ? constants.placeWords(values) : constants.placeFloats(values);
}

function scratchBytes(operand: Operand, rows: number): number {
  return typeof operand === 'object' && operand.of === 'scratch' ? operand.bytes(rows) : 0;
}

/** Layer and shapes; behind an arrow what is computed, where the layer does not say it. */
function labelCall({ node, call }: ProgramCall, { places }: Program, names: TensorNames): string {
  const name = names.get(node.id) ?? '';
  const isNamed = places.has(node.id) && name !== node.layer && name.startsWith('d ');
  return `${node.layer} ${call.detail}${isNamed ? ` → ${name}` : ''}`;
}
