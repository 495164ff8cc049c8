// Two traces of one step → the first thing in which they differ, in the order in which a step makes things. Pure.
import type { StepTrace, TracedShard, TracedTensor } from './step-trace.ts';

/** Where two runs part. */
export interface Parting {
  step: number;
  /** `start`: the step began with another state already. */
  phase: 'start' | 'SHARDS' | 'NORM' | 'UPDATE';
  shard?: number;
  tensor?: string;
  /** What it is: `samples`, `loss`, `gradient`, `weights or state`, `learning rate`. */
  what: string;
  a: string;
  b: string;
  /** Tensors of the same kind that differ too. */
  more: number;
}

/** Undefined where the two are the same in everything. */
export function compareTraces(a: StepTrace, b: StepTrace): Parting | undefined {
  return (
    compareTensors(a, 'start', 'weights or state', a.before, b.before) ??
    compareShards(a, b) ??
    compareTensors(a, 'NORM', 'reduced gradient', a.reduced, b.reduced) ??
    compareFailures(a, b) ??
    compareUpdates(a, b)
  );
}

function compareTensors(
  { step }: StepTrace,
  phase: Parting['phase'],
  what: string,
  a: readonly TracedTensor[],
  b: readonly TracedTensor[],
  shard?: number,
): Parting | undefined {
  const hashes = new Map(b.map(({ name, hash }) => [name, hash]));
  const names = new Set(a.map(({ name }) => name));
  const differing = [
    ...a.filter(({ name, hash }) => hashes.get(name) !== hash).map(({ name, hash }) => [name, hash, hashes.get(name)]),
    ...b.filter(({ name }) => !names.has(name)).map(({ name, hash }) => [name, undefined, hash]),
  ];
  if (differing.length === 0) return undefined;
  const [tensor, first = 'no such tensor', second = 'no such tensor'] = differing[0] as [string, string?, string?];
  const place = shard === undefined ? {} : { shard };
  return { step, phase, ...place, tensor, what, a: first, b: second, more: differing.length - 1 };
}

function compareShards(a: StepTrace, b: StepTrace): Parting | undefined {
  const { step } = a;
  if (a.shards.length !== b.shards.length) {
    return { step, phase: 'SHARDS', what: 'shards', a: `${a.shards.length}`, b: `${b.shards.length}`, more: 0 };
  }
  for (const [index, one] of a.shards.entries()) {
    const found = compareShard(a, one, b.shards[index]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function compareShard(trace: StepTrace, one: TracedShard, other: TracedShard): Parting | undefined {
  const { step } = trace;
  const { shard } = one;
  const differ = (what: string, a: string, b: string): Parting | undefined =>
    a === b ? undefined : { step, phase: 'SHARDS', shard, what, a, b, more: 0 };
  const sums = ({ sums: each }: TracedShard): string =>
    Object.entries(each)
      .map(([name, sum]) => `${name} ${sum}`)
      .join(', ');
  return (
    differ('samples', shorten(one.sampleIds), shorten(other.sampleIds)) ??
    differ('loss', sums(one), sums(other)) ??
    // Backward: the last layer's gradient is made first.
    compareTensors(trace, 'SHARDS', 'gradient', one.gradients.toReversed(), other.gradients.toReversed(), shard)
  );
}

const MOST_IDS = 8;

function shorten(ids: readonly number[]): string {
  const shown = ids.slice(0, MOST_IDS).join(' ');
  // The ids that are not shown count too.
  return ids.length > MOST_IDS
    ? `${shown} … (${ids.length} samples, sum ${ids.reduce((sum, id) => sum + id, 0)})`
    : shown;
}

function compareFailures({ step, failure: a }: StepTrace, { failure: b }: StepTrace): Parting | undefined {
  if (a === b) return undefined;
  return { step, phase: 'UPDATE', what: 'end', a: a ?? 'committed', b: b ?? 'committed', more: 0 };
}

function compareUpdates(a: StepTrace, b: StepTrace): Parting | undefined {
  const found = compareTensors(a, 'UPDATE', 'weights or state', a.after, b.after);
  if (found === undefined || a.lr === b.lr) return found;
  return { ...found, what: 'learning rate', a: `${a.lr}`, b: `${b.lr}` };
}
