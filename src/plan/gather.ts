// How a dataset's samples lie in memory → the calls that gather a micro-batch of them. Coordinator only.
import { type ClassTarget, type DatasetSpec, targetElements } from '../data/source.ts';
import { elementsOf, type KernelCall, labelShape, type Operand, tensor } from '../graph/kernel-call.ts';
import type { GraphNode } from '../graph/op.ts';
import { elementCount } from '../graph/tensor-type.ts';

const ROWS: Operand = { of: 'rows', multiplier: 1 };
const IDS: Operand = { of: 'ids' };

/** The calls that fill the tensor of an input or target node with the samples of the micro-batch's ids. */
export function gatherCalls(node: GraphNode, { input, target }: DatasetSpec): KernelCall[] {
  if (node.op.source === 'input') return gatherInputs(node, input);
  if (node.op.source === 'weight') return gatherValues(node, 'weights');
  return target.kind === 'class' ? gatherLabels(node, target) : gatherValues(node, 'targets');
}

function gatherInputs(node: GraphNode, { storage, divisor }: DatasetSpec['input']): KernelCall[] {
  if (storage !== 'u8') {
    const calls = gatherValues(node, 'inputs');
    if (divisor === 1) return calls;
    const args = [tensor(node), tensor(node), 1 / divisor, elementsOf(node)];
    return [...calls, { kernel: 'scale', args, detail: `by 1/${divisor}` }];
  }
  const args = [tensor(node), { of: 'inputs' } as const, IDS, ROWS, elementCount(node.shape), divisor];
  return [{ kernel: 'gatherBytes', args, detail: `${labelShape(node)} u8 / ${divisor}` }];
}

function gatherLabels(node: GraphNode, target: ClassTarget): KernelCall[] {
  const { storage } = target;
  const perSample = targetElements(target);
  if (perSample !== 1) {
    const args = [tensor(node), { of: 'targets' } as const, IDS, ROWS, perSample, storage === 'u8' ? 1 : 4];
    return [{ kernel: 'gatherLabelRows', args, detail: `${labelShape(node)} ${storage} labels` }];
  }
  const args = [tensor(node), { of: 'targets' } as const, IDS, ROWS];
  const kernel = storage === 'u8' ? 'gatherByteLabels' : 'gatherIntLabels';
  return [{ kernel, args, detail: `(rows) ${storage} labels` }];
}

/** Words of four bytes, numbers or token ids. */
function gatherValues(node: GraphNode, from: 'inputs' | 'targets' | 'weights'): KernelCall[] {
  const args = [tensor(node), { of: from }, IDS, ROWS, elementCount(node.shape)];
  return [{ kernel: 'gatherFloats', args, detail: `${labelShape(node)} ${node.element}` }];
}
