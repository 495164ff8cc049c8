// A step that was halted for a loss or gradient that is no number → where it began: shard, layer, samples. Coordinator, workers parked.
import { shardRange, stepBatch } from '../data/sampler.ts';
import type { BlasChoice } from '../kernels/blas-library.ts';
import { instantiateKernels, type WasmBuild } from '../kernels/wasm.ts';
import { createInterpreter } from '../plan/interpreter.ts';
import { type Arg, type Call, ENV, type Plan } from '../plan/plan.ts';
import { currentWord64 } from './atomics.ts';
import type { TrainingSpec } from './job.ts';
import type { MemoryMap } from './memory-map.ts';
import { slotBuffer } from './protocol-words.ts';
import { UPDATE_OVERFLOW } from './range-phase.ts';
import { createEnv, placeShard } from './shard-phase.ts';
import { RECORD_RANGES, type SharedViews } from './shared-views.ts';

/** What is needed to compute a shard again. */
export interface HaltedRun {
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  build: WasmBuild;
  blas?: BlasChoice;
  plan: Plan;
  map: MemoryMap;
  training: TrainingSpec;
}

/** Samples that are named in a message. */
const MOST_IDS = 8;
const ADVICE = 'lower optimizer.lr, set clip.norm, or look at these samples';

/**
 * The message of the run's end. The shards of the step are computed again, call by call, in the first seat's memory and in the
 * gradient buffers of their slots, until a tensor holds NaN or an infinity; every bit is that of the first time.
 */
export function findNotFinite(run: HaltedRun, views: SharedViews, step: number): string {
  const record = views.recordAt(step) + RECORD_RANGES;
  const ranges = views.records.subarray(record, record + run.map.ranges.count);
  const isByUpdate =
    ranges.includes(UPDATE_OVERFLOW) && ranges.every((cell) => cell === UPDATE_OVERFLOW || Number.isFinite(cell));
  // The generation that was not committed holds what the update made.
  const made = isByUpdate ? findBadParameter(run, step + 1) : undefined;
  if (made !== undefined) {
    return `step ${step}, ${made.layer}: expected finite weights, got ${made.value} in ${made.name} by its update; lower optimizer.lr, or raise optimizer.eps where that is 0`;
  }
  const first = findBadParameter(run, step);
  if (first !== undefined) {
    return `step ${step}, ${first.layer}: expected finite weights, got ${first.value} in ${first.name} before the step; lower the spread of its first values`;
  }
  const { sampler } = run.training;
  const batch = stepBatch(sampler, step);
  for (let shard = 0; shard < sampler.shards; shard++) {
    const range = shardRange(batch.count, sampler.shards, shard);
    const found = range.count === 0 ? undefined : searchShard(run, views, step, shard);
    if (found !== undefined) return `step ${step}, shard ${shard}, ${found}; ${ADVICE}`;
  }
  return `step ${step}: expected a finite sum of the shards' losses and gradients, got an overflow of finite ones; lower optimizer.lr or set clip.norm`;
}

function findBadParameter({ memory, map, plan }: HaltedRun, generation: number) {
  const weights = new Float32Array(memory.buffer, map.generations[generation & 1], plan.parameterElements);
  for (const { name, layer, elementOffset, elements } of plan.parameters) {
    const values = weights.subarray(elementOffset, elementOffset + elements);
    const value = values.find((each) => !Number.isFinite(each));
    if (value !== undefined) return { name, layer, value };
  }
  return undefined;
}

/** What is wrong in a shard, or undefined. */
function searchShard(run: HaltedRun, views: SharedViews, step: number, shard: number): string | undefined {
  const { map, plan, memory, training } = run;
  const env = createEnv(map, 0, training.sampler.seed);
  const kernels = instantiateKernels(run.module, memory, run.build, run.blas);
  const calls = [...plan.train.gather, ...plan.train.forward, ...plan.train.backward];
  const steps = calls.map((call) => ({ call, interpreter: createInterpreter([call], kernels, env) }));
  const buffer = slotBuffer(currentWord64(views.words64, map.words.slots + shard));
  const micro = placeShard(map, training, env, { step, shard, buffer });
  for (let done = 0; done < micro.count; done += plan.rows) {
    micro.place(done, plan.rows);
    for (const { call, interpreter } of steps) {
      interpreter.run();
      const found = describeBadOutput(call, env, memory);
      if (found !== undefined) return found;
    }
  }
  const sums = views.gradientTail(buffer);
  const cell = plan.sums.findIndex((_, i) => !Number.isFinite(sums[i]));
  return cell < 0 ? undefined : `loss: expected a finite ${plan.sums[cell]}, got ${sums[cell]}`;
}

function describeBadOutput({ label, out }: Call, env: Float64Array, memory: WebAssembly.Memory): string | undefined {
  if (out === null) return undefined;
  const rows = env[ENV.rows];
  const values = new Float32Array(memory.buffer, addressOf(out.at, env), out.elements * (out.isBatched ? rows : 1));
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return undefined;
  const ids = [...new Uint32Array(memory.buffer, env[ENV.ids], rows)];
  const isBadRow = (row: number): boolean =>
    values.subarray(row * out.elements, (row + 1) * out.elements).some((value) => !Number.isFinite(value));
  const named = out.isBatched ? ids.filter((_, row) => isBadRow(row)) : ids;
  const more = named.length > MOST_IDS ? ` and ${named.length - MOST_IDS} more` : '';
  const samples = `sample${named.length === 1 ? '' : 's'} ${named.slice(0, MOST_IDS).join(', ')}${more}`;
  return `${out.layer}: expected finite numbers, got ${values[bad]} in ${label} for ${samples}`;
}

function addressOf([slot, multiplier, offset]: Arg, env: Float64Array): number {
  return env[slot] * multiplier + offset;
}
