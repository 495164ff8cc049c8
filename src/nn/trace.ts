// What layers write into while a model is built: the graph, the rows of the model table, what the dataset is like. Coordinator only.
import type { GraphBuilder } from '../graph/graph.ts';
import type { GraphNode } from '../graph/op.ts';
import { elementCount } from '../graph/tensor-type.ts';
import type { TargetSpec } from './losses.ts';

/** What a model has to know of a dataset; a `DatasetSpec` is one. */
export interface SampleSpec {
  readonly input: {
    readonly shape: readonly number[];
    readonly storage?: 'u8' | 'f32' | 'i32';
    readonly classes?: number;
  };
  readonly target: TargetSpec;
  /** What training does to samples, by kind. */
  readonly augment?: readonly object[];
}

/** A row of the model table. */
export interface ModelLayer {
  /** Its path: `dense1`, `residual1.dense1`. */
  readonly name: string;
  /** What it is, for people: `dense + relu`. */
  readonly kind: string;
  /** One sample's. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
}

/** A model while it is built. */
export interface Trace {
  readonly graph: GraphBuilder;
  readonly samples: SampleSpec;
  readonly rows: ModelLayer[];
  /** How many dropout layers there are so far: each has a number of its own, which its randomness depends on. */
  dropouts: number;
}

/** One kind of layer: `C` are its resolved options. */
export interface LayerKind<C> {
  /**
   * Adds the layer behind `x` and gives its output.
   * @throws ModelError, with the layer's path in front, where the shapes do not fit.
   */
  add(trace: Trace, layer: C, x: GraphNode, path: string): GraphNode;
  /** What it is, for people; the first word is what an unnamed layer is called after. */
  describe(layer: C): string;
}

/** Adds the row of a layer whose nodes begin at `firstNode`. */
export function addRow(trace: Trace, name: string, kind: string, firstNode: number, output: GraphNode): void {
  const parameters = trace.graph.nodes.slice(firstNode).filter(({ op }) => op.source === 'parameter');
  trace.rows.push({
    name,
    kind,
    outputShape: output.shape,
    parameters: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
}
