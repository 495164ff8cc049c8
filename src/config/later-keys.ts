// The keys, names and layers of parts that lockstep does not have yet → refusals that say so. Coordinator only; changes the tree.
import { OPTIMIZER_PHRASE } from '../optim/optim.schema.ts';
import type { ConfigIssue } from './config-error.ts';
import { type ConfigNode, childOf, nodeAt, type Path } from './config-node.ts';
import { showNode } from './show-value.ts';

/** A key is taken out of here when its part is built. */
const LATER_KEYS: Record<string, string> = {
  initialWeights: 'starting from given weights is',
  machines: 'training on several machines is',
  'logging.tensorboard': 'TensorBoard logging is',
};

const LATER_OPTIMIZERS = ['adadelta', 'adamax', 'lars', 'lbfgs', 'muon'];

const LATER_LAYERS = ['conv1d', 'conv3d', 'gru', 'lstm', 'rnn'];

/** The keys of layers under which other layers stand. */
const LAYER_LISTS = ['residual', 'shortcut', 'sequential', 'layers'];

/** Refuses what comes later by name, and takes such keys out, so that they are not refused again as unknown. */
export function refuseLaterKeys(root: ConfigNode): ConfigIssue[] {
  return [...refuseKeys(root), ...refuseOptimizer(root), ...refuseModel(root)];
}

function refuseKeys(root: ConfigNode): ConfigIssue[] {
  return Object.entries(LATER_KEYS).flatMap(([name, parts]) => {
    const path = name.split('.');
    const outer = nodeAt(root, path.slice(0, -1));
    const node = nodeAt(root, path);
    if (node === undefined || !(outer?.content instanceof Map)) return [];
    outer.content.delete(path[path.length - 1]);
    const origin = node.keyOrigin ?? node.origin;
    return [
      { origin, path, expected: 'no such key', got: showNode(node), advice: `${parts} not built yet: remove the key` },
    ];
  });
}

function refuseOptimizer(root: ConfigNode): ConfigIssue[] {
  const path = ['optimizer', 'name'];
  const node = nodeAt(root, path);
  if (node === undefined || !LATER_OPTIMIZERS.includes(String(node.content).toLowerCase())) return [];
  const advice = `${node.content} is not built yet`;
  return [{ origin: node.origin, path, expected: OPTIMIZER_PHRASE, got: showNode(node), advice }];
}

function refuseModel(root: ConfigNode): ConfigIssue[] {
  return refuseLayers(nodeAt(root, ['model']), ['model']);
}

function refuseLayers(list: ConfigNode | undefined, path: Path): ConfigIssue[] {
  if (!Array.isArray(list?.content)) return [];
  return list.content.flatMap((layer, i) => {
    const inner = LAYER_LISTS.flatMap((key) => refuseLayers(childOf(layer, key), [...path, i, key]));
    return [...refuseLayer(layer, [...path, i]), ...inner];
  });
}

function refuseLayer({ content }: ConfigNode, path: Path): ConfigIssue[] {
  if (!(content instanceof Map)) return [];
  return LATER_LAYERS.filter((kind) => content.has(kind)).map((kind) => {
    const { origin, keyOrigin = origin } = content.get(kind)!;
    const advice = `${kind} is not built yet`;
    return { origin: keyOrigin, path, expected: 'a layer such as { dense: 10 }', got: kind, advice };
  });
}
