// The start event → what stands above the training: header, model, memory, arithmetic of a global batch, run folder. Pure.
import type { MemoryRow, StartEvent, WorkersEvent } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { formatBytes, formatCount, formatCounted, formatMs } from './present-number.ts';
import { joinParts, presentTable, wrapWords } from './present-table.ts';

/** Everything that is known before the first step, in the order in which it is read. */
export function presentStart(event: StartEvent, page: Page): string {
  return [
    presentHeader(event, page),
    presentCeiling(event, page),
    '',
    ...(event.modelFile === undefined ? [] : [`model from ${page.colors.bold(event.modelFile)}, which was run`]),
    presentModel(event, page),
    '',
    presentMemory(event.memory, page),
    '',
    presentSamples(event, page),
    presentBatch(event, page),
    event.runFolder === null ? 'run folder none' : `run folder ${page.colors.bold(event.runFolder)}`,
  ].join('\n');
}

/** `lockstep 0.1.0 · node 20.20.2 · 2 cores · fast (openblas 0.3.21, wasm simd) · 2 workers × 8 shards`. */
export function presentHeader(event: StartEvent, page: Page): string {
  const parts = [
    `lockstep ${event.version}`,
    `node ${event.node}`,
    formatCounted(event.cores, 'core'),
    `${event.numerics} (${formatBackend(event.backend)})`,
    `${event.isWorkersAuto ? 'up to ' : ''}${formatCounted(event.workers, 'worker')} × ${formatCounted(event.shards, 'shard')}`,
  ];
  const [first, ...rest] = joinParts(parts, page).split('\n');
  return [page.colors.bold(first), ...rest].join('\n');
}

/** `openblas-0.3.21-zen+wasm-simd` as people say it: `openblas 0.3.21, wasm simd`; the whole identity stands in environment.json. */
export function formatBackend(identity: string): string {
  const words = identity.split('+').map((part) => part.split('-'));
  return words.map(([name, ...rest]) => [name, ...(name === 'wasm' ? rest : rest.slice(0, 1))].join(' ')).join(', ');
}

/** `workers auto → 1 of 2 (measured 0.017 ms a step with 1, 0.024 with 2)`. */
export function presentWorkers({ workers, of, measured, reason }: WorkersEvent, page: Page): string {
  const figures = measured.map((one, i) => `${formatMs(one.stepMs)}${i === 0 ? ' ms a step' : ''} with ${one.workers}`);
  const how = figures.length > 0 ? `measured ${figures.join(', ')}` : `not measured: ${reason}`;
  return wrapWords(`workers auto → ${workers} of ${of} (${how})`, page);
}

/** What the number of shards lets the workers gain, and what to change where it is little. */
export function presentCeiling({ workers, parallelism }: StartEvent, page: Page): string {
  const { ceiling, efficiencyCeiling, idleWorkers, betterShards } = parallelism;
  const share = `${Math.floor(100 * efficiencyCeiling)} % of ${formatCounted(workers, 'worker')}`;
  const text = `parallelism ceiling: ${formatFactor(ceiling)} × one worker (${share})`;
  if (betterShards === null || idleWorkers > 0) return wrapWords(text, page);
  return page.colors.yellow(wrapWords(`${text}; shards=${betterShards} would lift it, with other bits`, page));
}

/** The warning where some workers never get a shard; null where all do. */
export function presentIdleWorkers({ workers, shards, parallelism }: StartEvent, page: Page): string | null {
  const { idleWorkers, betterShards } = parallelism;
  if (idleWorkers === 0) return null;
  const stay = idleWorkers === 1 ? '1 worker stays idle' : `${formatCount(idleWorkers)} workers stay idle`;
  const moreShards = betterShards === null ? '' : `, or shards=${betterShards} (with other bits)`;
  const advice = `set workers=${shards} or fewer${moreShards}`;
  const counts = `${formatCounted(workers, 'worker')} for ${formatCounted(shards, 'shard')}`;
  return page.colors.yellow(wrapWords(`warning: ${counts}: ${stay}; ${advice}`, page));
}

function formatFactor(factor: number): string {
  return Number.isInteger(factor) ? `${factor}` : factor.toFixed(2);
}

// What a screen or two hold.
const FIRST_LAYERS = 40;
const LAST_LAYERS = 10;

/** A row a layer and the sum of the parameters; of very many layers those in the middle are left out. */
export function presentModel({ layers, parameters }: Pick<StartEvent, 'layers' | 'parameters'>, page: Page): string {
  const all = layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.outputShape.join('×'),
    formatCount(layer.parameters),
  ]);
  const left = all.length - FIRST_LAYERS - LAST_LAYERS;
  const rest = [`… ${formatCount(left)} more`, 'lockstep plan shows all', '', ''];
  const rows = left > 1 ? [...all.slice(0, FIRST_LAYERS), rest, ...all.slice(-LAST_LAYERS)] : all;
  const columns = [
    { title: 'layer', isText: true },
    { title: 'kind', isText: true },
    { title: 'output' },
    { title: 'parameters' },
  ];
  return presentTable(columns, [...rows, ['total', '', '', formatCount(parameters)]], page, [rows.length]);
}

/** A row a region: what is reserved of it and what the run will touch; the sum of the shared memory, Node's own part, the sum of all. */
export function presentMemory(memory: readonly MemoryRow[], page: Page): string {
  const cells = (region: string, rows: readonly MemoryRow[]) => [
    region,
    formatBytes(sumOf(rows, 'allocatedBytes')),
    formatBytes(sumOf(rows, 'residentBytes')),
  ];
  const used = memory.filter((row) => row.allocatedBytes > 0);
  const shared = used.filter((row) => row.isShared);
  const own = used.filter((row) => !row.isShared);
  const sharedRows = shared.map((row) => cells(row.region, [row]));
  const ownRows = own.map((row) => cells(row.region, [row]));
  const rows = [...sharedRows, cells('shared part', shared), ...ownRows, cells('total', used)];
  const columns = [{ title: 'memory', isText: true }, { title: 'allocated' }, { title: 'in use' }];
  return presentTable(columns, rows, page, [shared.length, rows.length - 1]);
}

function sumOf(rows: readonly MemoryRow[], key: 'allocatedBytes' | 'residentBytes'): number {
  return rows.reduce((sum, row) => sum + row[key], 0);
}

/** `54,000 samples to train, 6,000 to validate, 10,000 to test`. */
export function presentSamples({ samples }: Pick<StartEvent, 'samples'>, page: Page): string {
  const parts = [`${formatCounted(samples.train, 'sample')} to train`];
  if (samples.validation > 0) parts.push(`${formatCount(samples.validation)} to validate`);
  if (samples.test > 0) parts.push(`${formatCount(samples.test)} to test`);
  return joinParts(parts, page);
}

/** `512 samples a step = 8 shards × 64, micro-batch 64; 106 steps an epoch, last one of 240; 10 epochs, 1,060 steps`. */
export function presentBatch(event: StartEvent, page: Page): string {
  const { batchSize, shards, microBatch, samples, stepsPerEpoch, epochs, steps } = event;
  const parts = [
    `${formatCounted(batchSize, 'sample')} a step = ${shardArithmetic(batchSize, shards)}`,
    `micro-batch ${formatCount(microBatch)}`,
    `${formatCounted(stepsPerEpoch, 'step')} an epoch${lastStep(samples.train, batchSize)}`,
    epochs === null
      ? formatCounted(steps, 'step')
      : `${formatCounted(epochs, 'epoch')}, ${formatCounted(steps, 'step')}`,
  ];
  return joinParts(parts, page);
}

/** The first B mod V shards have one sample more than the others; a shard may be empty. */
function shardArithmetic(batchSize: number, shards: number): string {
  const least = Math.floor(batchSize / shards);
  const larger = batchSize % shards;
  const part = (count: number, size: number) => `${formatCounted(count, 'shard')} × ${formatCount(size)}`;
  if (larger === 0) return part(shards, least);
  return `${part(larger, least + 1)} + ${least === 0 ? `${shards - larger} empty` : part(shards - larger, least)}`;
}

function lastStep(samples: number, batchSize: number): string {
  const rest = samples % batchSize;
  return rest === 0 ? '' : `, last one of ${formatCount(rest)}`;
}
