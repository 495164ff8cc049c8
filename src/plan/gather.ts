// How a dataset's samples lie in memory → the calls that gather a micro-batch of them, and change it in training. Coordinator only.

import type { Augmentation } from '../data/augment.schema.ts';
import { isMixture } from '../data/augmentation.ts';
import { type ClassTarget, type DatasetSpec, type InputSpec, targetElements } from '../data/source.ts';
import { elementsOf, type KernelCall, labelShape, type Operand, tensor } from '../graph/kernel-call.ts';
import { floatWords } from '../graph/loss-op.ts';
import type { GraphNode } from '../graph/op.ts';
import type { TargetAttrs } from '../graph/ops/target.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { augmentCall, augmentScratchBytes, mixCall, partnersCall, sharesCall } from './augment.ts';

const ROWS: Operand = { of: 'rows', multiplier: 1 };
const IDS: Operand = { of: 'ids' };

const placesOf = ({ isStreamed = false }: Pick<DatasetSpec, 'isStreamed'>): Operand => ({
  of: isStreamed ? 'places' : 'ids',
});

/** Where a node's samples are gathered to, and from where. */
interface Gathering {
  node: GraphNode;
  out: Operand;
  /** Where they lie in the dataset's arrays. */
  places: Operand;
}

/** The calls that fill the tensor of an input or target node with the samples of the micro-batch's ids. */
export function gatherCalls(node: GraphNode, spec: Omit<DatasetSpec, 'augment'>): KernelCall[] {
  const { input, target } = spec;
  const gathering = { node, out: tensor(node), places: placesOf(spec) };
  if (node.op.source === 'weight') return gatherValues(gathering, 'weights');
  if (node.op.source !== 'input') return gatherTargets(gathering, target);
  return [...gatherInputs(gathering, input), ...standardizeCalls(node, input)];
}

/** The same for training, which changes what it gathers. */
export function trainingGatherCalls(node: GraphNode, spec: DatasetSpec): KernelCall[] {
  const { augment = [], input, target } = spec;
  const index = augment.findIndex(isMixture);
  const mixture = augment.find(isMixture);
  const { of } = node.attrs as Partial<TargetAttrs>;
  const partners = partnerScratch(input);
  if (node.op.source !== 'input') {
    if (mixture === undefined || of === undefined) return gatherCalls(node, spec);
    if (of === 'share') return [sharesCall(mixture, index, tensor(node), input)];
    return [
      partnersCall(index, partners.ids),
      ...gatherTargets({ node, out: tensor(node), places: partners.ids }, target),
    ];
  }
  const own = changedInputs({ node, out: tensor(node), places: placesOf(spec) }, IDS, input, augment);
  if (mixture === undefined) return [...own, ...standardizeCalls(node, input)];
  return [
    ...own,
    partnersCall(index, partners.ids),
    ...changedInputs({ node, out: partners.rows, places: partners.ids }, partners.ids, input, augment),
    mixCall(mixture, index, tensor(node), partners.rows, input),
    ...standardizeCalls(node, input),
  ];
}

function standardizeCalls(node: GraphNode, input: InputSpec): KernelCall[] {
  if (!('channels' in input) || input.channels === undefined) return [];
  const { mean, deviation } = input.channels;
  const [channels, ...extents] = input.shape;
  const args = [tensor(node), ROWS, channels, elementCount(extents), floatWords(mean), floatWords(deviation)];
  return [{ kernel: 'standardizeChannels', args, detail: 'standardize channels' }];
}

/** Partners are gathered into scratch memory, behind what the kernels themselves use there: their ids, then their rows. */
function partnerScratch(input: InputSpec): { ids: Operand; rows: Operand } {
  const elements = elementCount(input.shape);
  const idsAt = augmentScratchBytes(input);
  const rowsAt = (rows: number): number => idsAt + Math.ceil(rows / 16) * 64;
  return {
    ids: { of: 'scratch', from: () => idsAt, bytes: rowsAt },
    rows: { of: 'scratch', from: rowsAt, bytes: (rows) => rowsAt(rows) + rows * elements * 4 },
  };
}

/** Draws depend on who a sample is, `ids`. */
function changedInputs(
  gathering: Gathering,
  ids: Operand,
  input: InputSpec,
  augment: readonly Augmentation[],
): KernelCall[] {
  const { out } = gathering;
  const changes = augment.flatMap((one, i) => (isMixture(one) ? [] : [augmentCall(one, i, out, ids, input)]));
  return [...gatherInputs(gathering, input), ...changes];
}

function gatherInputs(gathering: Gathering, { storage, divisor }: InputSpec): KernelCall[] {
  const { node, out, places } = gathering;
  if (storage !== 'u8') {
    const calls = gatherValues(gathering, 'inputs');
    if (divisor === 1) return calls;
    return [...calls, { kernel: 'scale', args: [out, out, 1 / divisor, elementsOf(node)], detail: `by 1/${divisor}` }];
  }
  const args = [out, { of: 'inputs' } as const, places, ROWS, elementCount(node.shape), divisor];
  return [{ kernel: 'gatherBytes', args, detail: `${labelShape(node)} u8 / ${divisor}` }];
}

function gatherTargets(gathering: Gathering, target: DatasetSpec['target']): KernelCall[] {
  return target.kind === 'class' ? gatherLabels(gathering, target) : gatherValues(gathering, 'targets');
}

function gatherLabels({ node, out, places }: Gathering, target: ClassTarget): KernelCall[] {
  const { storage } = target;
  const perSample = targetElements(target);
  if (perSample !== 1) {
    const args = [out, { of: 'targets' } as const, places, ROWS, perSample, storage === 'u8' ? 1 : 4];
    return [{ kernel: 'gatherLabelRows', args, detail: `${labelShape(node)} ${storage} labels` }];
  }
  const args = [out, { of: 'targets' } as const, places, ROWS];
  const kernel = storage === 'u8' ? 'gatherByteLabels' : 'gatherIntLabels';
  return [{ kernel, args, detail: `(rows) ${storage} labels` }];
}

/** Words of four bytes, numbers or token ids. */
function gatherValues({ node, out, places }: Gathering, from: 'inputs' | 'targets' | 'weights'): KernelCall[] {
  const args = [out, { of: from }, places, ROWS, elementCount(node.shape)];
  return [{ kernel: 'gatherFloats', args, detail: `${labelShape(node)} ${node.element}` }];
}
