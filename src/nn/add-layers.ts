// Layers of a config and the tensor before them → their nodes, those of layers inside layers included. Coordinator only.
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode } from '../graph/op.ts';
import { add } from '../graph/ops/add.ts';
import { formatType, isSameType } from '../graph/tensor-type.ts';
import { nameLayers, RESERVED_NAMES } from './layer-names.ts';
import type { ContainerConfig, LayerConfig } from './layers.schema.ts';
import { addLayer, layerKind } from './layers.ts';
import { addRow, type Trace } from './trace.ts';

/** Where a list of layers stands. */
export interface Level {
  /** The names around it; empty for the model itself. */
  readonly path: string;
  /** How a config says it: `model`, `model[2].residual`. */
  readonly where: string;
}

/**
 * Adds layers behind `x`, one after the other, and their rows to the model table.
 * @throws ModelError, with the layer's path in front, where the shapes do not fit.
 */
export function addLayers(trace: Trace, layers: readonly LayerConfig[], x: GraphNode, level: Level): GraphNode {
  const reserved = level.path === '' ? RESERVED_NAMES : [SHORTCUT];
  const names = nameLayers(layers.map(toUnnamed), level.where, reserved);
  return layers.reduce((output, layer, i) => {
    const inner = { path: joinPath(level.path, names[i]), where: `${level.where}[${i}]` };
    return addNamedLayer(trace, layer, output, inner);
  }, x);
}

const SHORTCUT = 'shortcut';

/** One layer whose path is known. */
export function addNamedLayer(trace: Trace, layer: LayerConfig, x: GraphNode, { path, where }: Level): GraphNode {
  if ('residual' in layer) return addResidual(trace, layer, x, { path, where });
  if ('sequential' in layer) return addLayers(trace, layer.sequential, x, { path, where: `${where}.sequential` });
  if ('repeat' in layer) return addRepeated(trace, layer, x, { path, where });
  const firstNode = trace.graph.nodes.length;
  const output = addLayer(trace, layer, x, path);
  addRow(trace, path, layerKind(layer), firstNode, output);
  return output;
}

/** What a layer without a name is called after: the first word of its kind. */
export function kindWord(layer: LayerConfig): string {
  if ('residual' in layer) return 'residual';
  if ('sequential' in layer) return 'sequential';
  return 'repeat' in layer ? 'repeat' : layerKind(layer).split(' ')[0];
}

/** @see He et al. 2016, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, equations 1 and 2 */
function addResidual(
  trace: Trace,
  layer: Extract<ContainerConfig, { residual: unknown }>,
  x: GraphNode,
  { path, where }: Level,
): GraphNode {
  const inner = addLayers(trace, layer.residual, x, { path, where: `${where}.residual` });
  const shortcut =
    layer.shortcut === undefined
      ? x
      : addLayers(trace, layer.shortcut, x, { path: joinPath(path, SHORTCUT), where: `${where}.shortcut` });
  if (!isSameType(inner, shortcut)) {
    const advice =
      layer.shortcut === undefined ? 'add a shortcut with layers that give it too' : 'change one of the two';
    throw new ModelError(
      `${path}: expected layers that give the shape of what is added to them, ${formatType(shortcut)}, got ${formatType(inner)}; ${advice}`,
    );
  }
  const output = trace.graph.apply(add, [inner, shortcut], {}, path);
  addRow(trace, path, 'residual', trace.graph.nodes.length, output);
  return output;
}

/** Repetitions are counted from 1, as unnamed layers are: `repeat1.1.dense1`, `repeat1.2.dense1`. */
function addRepeated(
  trace: Trace,
  { repeat, layers }: Extract<ContainerConfig, { repeat: number }>,
  x: GraphNode,
  { path, where }: Level,
): GraphNode {
  let output = x;
  for (let i = 1; i <= repeat; i++) {
    output = addLayers(trace, layers, output, { path: joinPath(path, `${i}`), where: `${where}.layers` });
  }
  return output;
}

function toUnnamed(layer: LayerConfig): { kind: string; name?: string } {
  return { kind: kindWord(layer), name: layer.name };
}

function joinPath(outer: string, name: string): string {
  return outer === '' ? name : `${outer}.${name}`;
}
