// A trace → kernel calls over fixed addresses, by the plan's own order, placement and interpreter. The caller's thread.
import type { GraphNode, NodeId } from '../graph/op.ts';
import { elementCount, type TensorType } from '../graph/tensor-type.ts';
import { createConstantPool } from '../plan/constants.ts';
import { createInterpreter } from '../plan/interpreter.ts';
import { placeBuffers } from '../plan/placement.ts';
import { ENV, ENV_LENGTH, PARAMETER_ALIGNMENT_ELEMENTS } from '../plan/plan.ts';
import { createProgram, ownerOf, type Place, type Program } from '../plan/program.ts';
import { type ResolvedProgram, resolveProgram } from '../plan/resolve.ts';
import type { Numbers } from './expression.ts';
import { FIRST_ADDRESS, growTo, kernelMemory } from './kernel-memory.ts';
import type { Trace } from './trace.ts';
import { buildBackward, buildForward, type TracedGraph } from './trace-graph.ts';

/** A structure that can be run on any values of its leaves. */
export interface CompiledTrace {
  /**
   * @param given the values of the trace's leaves and, for gradients, the seed behind them
   * @returns fresh arrays: the wanted value, and for each leaf its gradient or null
   */
  run(given: readonly Numbers[]): { value: Numbers; gradients: readonly (Numbers | null)[] };
}

/** A tensor that is written before a run, or read after it: its place lasts for the whole run. */
interface Span {
  readonly type: TensorType;
  readonly elementOffset: number;
}

interface Layout {
  readonly calls: ResolvedProgram['calls'];
  readonly spans: ReadonlyMap<NodeId, Span>;
  /** i32 words that the calls point at, and where they are to be written before each run. */
  readonly constants: readonly number[];
  readonly constantsAddress: number;
  readonly env: Float64Array;
  readonly endAddress: number;
}

const CACHE_LINE_BYTES = 64;

/** Compiles a trace, with or without the gradients of the leaves that require them. */
export function compileTrace(trace: Trace, withGradients: boolean): CompiledTrace {
  const traced = withGradients ? buildBackward(trace) : buildForward(trace);
  const { given, results } = traced;
  const owners = results.map((node) => node && ownerOf(traced.graph, node));
  const { calls, spans, constants, constantsAddress, env, endAddress } = layOut(traced, owners);
  const interpreter = createInterpreter(calls, kernelMemory().kernels, env);
  return {
    run(values) {
      const { buffer } = growTo(endAddress);
      values.forEach((numbers, i) => {
        viewSpan(buffer, spans.get(given[i].id)!).set(numbers);
      });
      new Int32Array(buffer, constantsAddress, constants.length).set(constants);
      interpreter.run();
      const [value, ...gradients] = owners.map((node) => node && viewSpan(buffer, spans.get(node.id)!).slice());
      return { value: value!, gradients: gradients.map((gradient) => gradient ?? null) };
    },
  };
}

/**
 * One stretch of memory: given tensors and results, then activations, scratch, constants. Results are placed as training places
 * gradients: computed right there, and nothing is written over them.
 */
function layOut({ graph, given }: TracedGraph, owners: readonly (GraphNode | undefined)[]): Layout {
  const computed = new Set(owners.filter((node) => node !== undefined && node.op.source === undefined) as GraphNode[]);
  const spans = placeSpans([...given, ...computed]);
  const ids = [...computed].map(({ id }) => id);
  const goal = { wanted: ids, gradientOf: new Map(ids.map((id) => [id, id])), gather: () => [] };
  const program = placeGiven(createProgram(graph, goal), spans.byNode);
  const placement = placeBuffers(program.buffers, 1);
  const constants = createConstantPool();
  const elementOffsets = new Map([...spans.byNode].map(([id, { elementOffset }]) => [id, elementOffset]));
  const context = { elementOffsets, constants, names: new Map<NodeId, string>(), rows: 1 };
  const { calls, scratchBytes } = resolveProgram(graph, program, placement, context);

  const activations = FIRST_ADDRESS + spans.byteLength;
  const scratch = activations + placement.byteLength;
  const constantsAddress = Math.ceil((scratch + scratchBytes) / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
  const env = new Float64Array(ENV_LENGTH);
  env[ENV.rows] = 1;
  env[ENV.parameters] = FIRST_ADDRESS;
  env[ENV.gradients] = FIRST_ADDRESS;
  env[ENV.activations] = activations;
  env[ENV.scratch] = scratch;
  env[ENV.constants] = constantsAddress;
  const endAddress = constantsAddress + constants.words.length * 4;
  return { calls, spans: spans.byNode, constants: constants.words, constantsAddress, env, endAddress };
}

/** Given data has a span as given weights have, wherever the plan places constants. */
function placeGiven(program: Program, spans: ReadonlyMap<NodeId, Span>): Program {
  const places = new Map<NodeId, Place>();
  for (const [id, place] of program.places) {
    const isGiven = place.in === 'constants' && spans.has(place.node);
    places.set(id, isGiven ? { in: 'parameters', node: place.node } : place);
  }
  return { ...program, places };
}

function placeSpans(nodes: readonly GraphNode[]): { byNode: Map<NodeId, Span>; byteLength: number } {
  const byNode = new Map<NodeId, Span>();
  let elementOffset = 0;
  for (const node of nodes) {
    byNode.set(node.id, { type: node, elementOffset });
    const lines = Math.ceil(elementCount(node.shape) / PARAMETER_ALIGNMENT_ELEMENTS);
    elementOffset += lines * PARAMETER_ALIGNMENT_ELEMENTS;
  }
  return { byNode, byteLength: elementOffset * 4 };
}

function viewSpan(buffer: ArrayBufferLike, { type, elementOffset }: Span): Numbers {
  const address = FIRST_ADDRESS + elementOffset * 4;
  const elements = elementCount(type.shape);
  return type.element === 'f32'
    ? new Float32Array(buffer, address, elements)
    : new Int32Array(buffer, address, elements);
}
