// What an op and a node of the graph are: the one interface that an op's file fills in. Coordinator only.
import type { KernelCall, Operand } from './kernel-call.ts';
import type { TensorType } from './tensor-type.ts';

/** A node's index in its graph. Inputs have smaller ids than the nodes that use them. */
export type NodeId = number;

/** An op's settings: plain data. */
export type Attrs = Readonly<Record<string, unknown>>;

/** One tensor of the graph and the op that makes it. */
export interface GraphNode<A extends Attrs = Attrs> extends TensorType {
  readonly id: NodeId;
  readonly op: Op<A>;
  readonly inputs: readonly NodeId[];
  readonly attrs: A;
  /** The layer that the node belongs to: the first word of its errors and labels. */
  readonly layer: string;
}

/** What a gradient rule may use. */
export interface GradientContext<A extends Attrs = Attrs> {
  readonly node: GraphNode<A>;
  readonly inputs: readonly GraphNode[];
  /** The gradient of the node's tensor. */
  readonly dOut: GraphNode;
  /** Adds a node to the backward part, in the layer of `node`. */
  apply<B extends Attrs>(op: Op<B>, inputs: readonly GraphNode[], attrs: B): GraphNode;
}

/** What the rule of evaluation may use. */
export interface EvaluationContext<A extends Attrs = Attrs> {
  readonly node: GraphNode<A>;
  /** What stands for the node's inputs in evaluation. */
  readonly inputs: readonly GraphNode[];
  /** Adds a node to the evaluation graph, in the layer of `node`. */
  apply<B extends Attrs>(op: Op<B>, inputs: readonly GraphNode[], attrs: B): GraphNode;
}

/** What a lowering may use. */
export interface LoweringContext<A extends Attrs = Attrs> {
  readonly node: GraphNode<A>;
  readonly inputs: readonly GraphNode[];
  /** The address of the result; 0 where nobody reads it, which happens to losses in evaluation only. */
  readonly out: Operand;
  /** Whether to add to what lies at `out`: always 0 unless the op `accumulates`. */
  readonly accumulate: Operand;
}

/** An op: shape rule, gradient rule and lowering, all in one file of `ops/`. */
export interface Op<A extends Attrs = Attrs> {
  readonly name: string;
  /** The tensor comes from outside (memory that the plan places or gathers into) and is not computed. */
  readonly source?: 'parameter' | 'statistic' | 'constant' | 'input' | 'target' | 'weight';
  /** Inputs are broadcast to one type before the op sees them. */
  readonly broadcasts?: boolean;
  /** The result is the first input's memory under another shape: no kernel call. */
  readonly isAlias?: boolean;
  /** The result depends on which samples go through it together: a micro-batch has to be a whole shard. */
  readonly mixesSamples?: boolean;
  /** The kernel can add to its result (`accumulate`): a parameter's gradient may be written in place. */
  readonly accumulates?: boolean;
  /** Inputs over whose memory the result may be written, best first: same type, and the kernel reads an element before it writes it. */
  readonly overwrites?: readonly number[];
  /**
   * The shape rule.
   * @throws ModelError beginning with `where`, the layer.
   */
  infer(inputs: readonly TensorType[], attrs: A, where: string): TensorType;
  /** The gradient of input number `input`, of that input's type; an op without the rule passes no gradient. */
  gradient?(context: GradientContext<A>, input: number): GraphNode | undefined;
  /** What stands for the node in evaluation; without the rule it is the op itself. */
  inEvaluation?(context: EvaluationContext<A>): GraphNode;
  /** The kernel calls that compute the tensor. */
  lower?(context: LoweringContext<A>): KernelCall[];
}
