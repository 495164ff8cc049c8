// A step that was computed again → lines of text: losses by sample, norms by layer, where the first bad value comes from. Pure.
import type { StepTrace, TracedShard } from '../experiment/step-trace.ts';
import { formatCounted } from './present-number.ts';

const MOST_SAMPLES = 8;

/** The lines; every sample where `isVerbose`, else those of the largest losses. */
export function presentTrace(trace: StepTrace & { from: number }, isVerbose: boolean): string[] {
  const { step, from, failure, loss, lr, gradNorm } = trace;
  const figures = [
    `loss ${loss}`,
    ...(gradNorm === null ? [] : [`gradient norm ${short(gradNorm)}`]),
    ...(lr === null ? [] : [`lr ${lr}`]),
  ];
  return [
    `step ${step}, computed again from step ${from} on 1 worker: ${figures.join(', ')}`,
    ...(failure === null ? [] : [`halted: ${failure}`]),
    ...presentSamples(trace.shards, isVerbose),
    'gradient norm by layer',
    ...layerNorms(trace).map(([layer, norm]) => `  ${layer}  ${short(norm)}`),
  ];
}

function presentSamples(shards: readonly TracedShard[], isVerbose: boolean): string[] {
  const samples = shards.flatMap(({ shard, sampleIds, losses }) =>
    sampleIds.map((id, i) => ({ id, shard, loss: losses[i] })),
  );
  // What is no number comes first.
  const size = (loss: number): number => (Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss);
  const sorted = isVerbose
    ? samples
    : [...samples].sort((a, b) => (size(a.loss) === size(b.loss) ? 0 : size(b.loss) - size(a.loss)));
  const shown = isVerbose ? sorted : sorted.slice(0, MOST_SAMPLES);
  const which = shown.length === samples.length ? '' : `, the ${shown.length} largest of`;
  return [
    `loss by sample${which} ${formatCounted(samples.length, 'sample')}`,
    ...shown.map(({ id, shard, loss }) => `  sample ${id}, shard ${shard}: ${short(loss)}`),
  ];
}

/** A layer's parameters together. */
function layerNorms({ reduced }: StepTrace): [string, number][] {
  const squares = new Map<string, number>();
  for (const { layer, norm } of reduced) squares.set(layer, (squares.get(layer) ?? 0) + norm * norm);
  return [...squares].map(([layer, sum]) => [layer, Math.sqrt(sum)]);
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}
