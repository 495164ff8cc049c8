// The second argument of a custom model: every kind of layer as a function of a tensor, and parameters of one's own. Coordinator only.
import type { z } from 'zod';
import { ModelError } from '../graph/model-error.ts';
import { parameter } from '../graph/ops/parameter.ts';
import { formatShape } from '../graph/tensor-type.ts';
import { addNamedLayer, kindWord } from './add-layers.ts';
import { matrixInitSchema } from './initializers.schema.ts';
import { resolveInitializer } from './initializers.ts';
import { RESERVED_NAMES } from './layer-names.ts';
import { LAYER_KINDS, type LayerConfig, layerSchemaOf } from './layers.schema.ts';
import { describeValue, ModelTensor } from './model-tensor.ts';
import { addRow, type Trace } from './trace.ts';

/** A layer as a function: what its key in a config would say, and the other keys. */
export type LayerFunction = (x: ModelTensor, value?: unknown, options?: Record<string, unknown>) => ModelTensor;

/** What `nn` offers to a custom model. */
export type ModelLayers = Readonly<Record<string, LayerFunction | ParameterFunction>>;

/** An array that training changes; `init` as in a layer's options: `'kaimingUniform'`, `{ name: 'normal', std: 0.02 }`. */
export type ParameterFunction = (name: string, shape: readonly number[], init?: unknown) => ModelTensor;

const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*$/;

/** The functions of one trace; they name layers as those of a config are named. */
export function createModelLayers(trace: Trace): ModelLayers {
  const counts = new Map<string, number>();
  const names = new Set<string>(RESERVED_NAMES);

  function takeName(layer: { kind: string; name?: string }): string {
    const count = (counts.get(layer.kind) ?? 0) + 1;
    counts.set(layer.kind, count);
    const name = layer.name ?? `${layer.kind}${count}`;
    if (names.has(name)) {
      throw new ModelError(`model: expected a layer name of its own, got ${name} again; set another name`);
    }
    names.add(name);
    return name;
  }

  function applyLayer(kind: string, x: unknown, value: unknown, options: Record<string, unknown>): ModelTensor {
    const node = ModelTensor.nodeOf(x, trace, `the first argument of nn.${kind}`);
    const layer = readLayer(kind, value, options);
    const path = takeName({ kind: kindWord(layer), name: layer.name });
    return new ModelTensor(trace, addNamedLayer(trace, layer, node, { path, where: `nn.${kind}` }));
  }

  function addOwnParameter(name: string, shape: readonly number[], init: unknown): ModelTensor {
    if (typeof name !== 'string' || !PARAMETER_NAME.test(name)) {
      throw new ModelError(
        `nn.parameter: expected a name such as scale or head.scale, got ${describeValue(name)}; name it`,
      );
    }
    if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length > 0)) {
      const got = Array.isArray(shape) ? formatShape(shape) : describeValue(shape);
      throw new ModelError(`nn.parameter: expected a shape such as [10, 4] for ${name}, got ${got}; correct it`);
    }
    const config = parse(matrixInitSchema, init, `nn.parameter ${name}`);
    const [layer, own] = splitName(name);
    const initializer = resolveInitializer(config, shape, `nn.parameter ${name}`);
    const firstNode = trace.graph.nodes.length;
    const node = trace.graph.apply(parameter, [], { name: own, shape: [...shape], initializer }, layer);
    addRow(trace, `${layer}.${own}`, 'parameter', firstNode, node as never);
    return new ModelTensor(trace, node as never);
  }

  const functions = LAYER_KINDS.map((kind) => [
    kind,
    (x: unknown, value: unknown = true, options: Record<string, unknown> = {}) => applyLayer(kind, x, value, options),
  ]);
  return Object.freeze({
    ...Object.fromEntries(functions),
    parameter: (name: string, shape: readonly number[], init: unknown = 'kaimingUniform') =>
      addOwnParameter(name, shape, init),
  });
}

/** The same schema as that of a config's item: the same defaults, the same refusals. */
function readLayer(kind: string, value: unknown, options: unknown): LayerConfig {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ModelError(
      `nn.${kind}: expected its options as an object, got ${describeValue(options)}; write them as in { name: 'hidden' }`,
    );
  }
  return parse(layerSchemaOf(kind), { [kind]: value, ...options }, `nn.${kind}`);
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data as z.output<Schema>;
  const [issue] = error.issues;
  const got = issue.path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], value);
  const at = issue.path.length === 0 ? '' : ` ${issue.path.join('.')}`;
  if (issue.code === 'unrecognized_keys') {
    throw new ModelError(`${where}${at}: expected known options, got ${issue.keys.join(', ')}; remove or correct them`);
  }
  throw new ModelError(`${where}${at}: expected ${issue.message}, got ${describeValue(got)}; correct the value`);
}

/** `head.scale` is parameter `scale` of `head`; without a dot it belongs to the model. */
function splitName(name: string): [layer: string, own: string] {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? ['model', name] : [name.slice(0, dot), name.slice(dot + 1)];
}
