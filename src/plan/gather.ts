// How a dataset's samples lie in memory → the calls that gather a micro-batch of them. Coordinator only.
import { type ClassTarget, type DatasetSpec, targetElements } from '../data/source.ts';
import { elementsOf, type KernelCall, labelShape, type Operand, tensor } from '../graph/kernel-call.ts';
import type { GraphNode } from '../graph/op.ts';
import { elementCount } from '../graph/tensor-type.ts';

const ROWS: Operand = { of: 'rows', multiplier: 1 };
/** The calls that fill the tensor of an input or target node with the samples of the micro-batch's ids. */
export function gatherCalls(node: GraphNode, { input, target, isStreamed = false }: DatasetSpec): KernelCall[] {
  const ids: Operand = { of: isStreamed ? 'places' : 'ids' };
  if (node.op.source === 'input') return gatherInputs(node, input, ids);
  return target.kind === 'class' ? gatherLabels(node, target, ids) : gatherValues(node, 'targets', ids);
}

function gatherInputs(node: GraphNode, { storage, divisor }: DatasetSpec['input'], ids: Operand): KernelCall[] {
  if (storage !== 'u8') {
    const calls = gatherValues(node, 'inputs', ids);
    if (divisor === 1) return calls;
    const args = [tensor(node), tensor(node), 1 / divisor, elementsOf(node)];
    return [...calls, { kernel: 'scale', args, detail: `by 1/${divisor}` }];
  }
  const args = [tensor(node), { of: 'inputs' } as const, ids, ROWS, elementCount(node.shape), divisor];
  return [{ kernel: 'gatherBytes', args, detail: `${labelShape(node)} u8 / ${divisor}` }];
}

function gatherLabels(node: GraphNode, target: ClassTarget, ids: Operand): KernelCall[] {
  const { storage } = target;
  const perSample = targetElements(target);
  if (perSample !== 1) {
    const args = [tensor(node), { of: 'targets' } as const, ids, ROWS, perSample, storage === 'u8' ? 1 : 4];
    return [{ kernel: 'gatherLabelRows', args, detail: `${labelShape(node)} ${storage} labels` }];
  }
  const args = [tensor(node), { of: 'targets' } as const, ids, ROWS];
  const kernel = storage === 'u8' ? 'gatherByteLabels' : 'gatherIntLabels';
  return [{ kernel, args, detail: `(rows) ${storage} labels` }];
}

/** Words of four bytes, numbers or token ids. */
function gatherValues(node: GraphNode, from: 'inputs' | 'targets', ids: Operand): KernelCall[] {
  const args = [tensor(node), { of: from }, ids, ROWS, elementCount(node.shape)];
  return [{ kernel: 'gatherFloats', args, detail: `${labelShape(node)} ${node.element}` }];
}
