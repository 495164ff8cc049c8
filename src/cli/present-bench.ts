// What the benches measured → tables for people. Pure.
import type { KernelReport } from '../bench/measure-kernels.ts';
import type { ProductReport } from '../bench/measure-products.ts';
import type { ScalingReport, ScalingRow } from '../bench/measure-scaling.ts';
import type { StepReport } from '../bench/measure-step.ts';
import type { Spread } from '../bench/statistics.ts';
import { PHASE_NAMES } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { formatCount, formatCounted, formatMs, formatShare } from './present-number.ts';
import { type Column, joinParts, presentTable, wrapWords } from './present-table.ts';

/** Where the figures are from; they are of no use without. */
export interface BenchMachine {
  version: string;
  node: string;
  cpu: string;
  cores: number;
}

/** A table as it is printed, and as the page shows it. */
export interface BenchTable {
  columns: readonly Column[];
  rows: readonly (readonly string[])[];
}

const text = (title: string): Column => ({ title, isText: true });
const number = (title: string): Column => ({ title });

/** `lockstep 0.1.0 · node 20.20.2 · 2 cores · AMD EPYC · wasm-simd`. */
export function presentMachine(
  { version, node, cpu, cores }: BenchMachine,
  backend: string | null,
  page: Page,
): string {
  const parts = [`lockstep ${version}`, `node ${node}`, formatCounted(cores, 'core'), cpu];
  return page.colors.bold(joinParts(backend === null ? parts : [...parts, backend], page));
}

/** Three digits, whatever the size. */
export function formatFigure(value: number): string {
  if (value === 0) return '–';
  if (value >= 99.95) return formatCount(value);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** `6.5 [6.4 to 8.4]`. */
export function formatSpread({ median, low, high }: Spread, format = formatFigure): string {
  return `${format(median)} [${format(low)} to ${format(high)}]`;
}

/** A row a kernel. */
export function kernelTable({ rows }: KernelReport): BenchTable {
  return {
    columns: [
      text('kernel'),
      text('size'),
      number('µs'),
      number('GFLOP/s'),
      number('GB/s'),
      number('of peak'),
      text(''),
    ],
    rows: rows.map(({ kernel, size, us, gigaflops, gigabytes, share, limit }) => [
      kernel,
      size,
      formatFigure(us.median),
      formatFigure(gigaflops),
      formatFigure(gigabytes),
      formatShare(share),
      limit,
    ]),
  };
}

/** What the shares of the table are of. */
export function describePeak({ peak }: KernelReport): string {
  const { gigaflops, gigabytes, cachedGigabytes } = peak;
  return `peak of one core, by our own kernels: ${formatFigure(gigaflops)} GFLOP/s (gemm 512×512×512), ${formatFigure(cachedGigabytes)} GB/s (copy in L2), ${formatFigure(gigabytes)} GB/s (copy of 4 MiB)`;
}

export function presentKernels(report: KernelReport, page: Page): string {
  const { columns, rows } = kernelTable(report);
  const kernels = `${wrapWords(describePeak(report), page)}\n\n${presentTable(columns, rows, page)}`;
  if (report.products === undefined) return kernels;
  const products = productTable(report.products);
  const title = wrapWords(describeProducts(report.products), page);
  return `${kernels}\n\n${title}\n\n${presentTable(products.columns, products.rows, page)}`;
}

/** A row a shape: our own gemm, BLAS, and the one against the other. */
export function productTable({ rows }: ProductReport): BenchTable {
  return {
    columns: [
      text('m×n×k'),
      number('own'),
      number('of its peak'),
      number('BLAS'),
      number('of its peak'),
      number('own ÷ BLAS'),
      text('rule'),
    ],
    rows: rows.map(({ size, own, ownShare, blas, blasShare, ratio, goesTo }) => [
      size,
      formatFigure(own.median),
      formatShare(ownShare),
      blas === null ? '–' : formatFigure(blas.median),
      blasShare === null ? '–' : formatShare(blasShare),
      ratio === null ? '–' : formatSpread(ratio, (value) => value.toFixed(2)),
      goesTo === 'blas' ? 'BLAS' : 'own',
    ]),
  };
}

/** What the table of products compares. */
export function describeProducts({ build, blas }: ProductReport): string {
  const library = blas ?? 'no BLAS that may be used: lockstep doctor says what to install';
  return `products on one core, GFLOP/s: our own gemm (wasm-${build}) and ${library}; the peak of each is its best row`;
}

/** A row a number of workers. */
export function scalingTable({ rows }: ScalingReport): BenchTable {
  return {
    columns: [
      number('workers'),
      number('samples/s'),
      number('ms/step'),
      number('against 1'),
      number('ceiling'),
      number('efficiency'),
      text('state'),
    ],
    rows: rows.map((row) => [
      formatCount(row.workers),
      formatSpread(row.samplesPerSecond, formatCount),
      formatMs(row.stepMs),
      formatSpeedUp(row),
      `${formatFigure(row.ceiling)}×`,
      row.efficiency === undefined ? '–' : formatShare(row.efficiency),
      row.hashes.map(({ stateSha256 }) => stateSha256.slice(0, 8)).join(' '),
    ]),
  };
}

function formatSpeedUp({ workers, speedUp }: ScalingRow): string {
  if (workers === 1 || speedUp === undefined) return '–';
  const ratio = formatSpread(speedUp.ratio, (value) => value.toFixed(2));
  return speedUp.isDifferent ? ratio : `no difference: ${ratio}`;
}

/** Where a step goes, a row a number of workers. */
export function phaseTable({ rows }: ScalingReport): BenchTable {
  return {
    columns: [number('workers'), ...PHASE_NAMES.map((name) => number(name))],
    rows: rows.map(({ workers, phases }) => [
      formatCount(workers),
      ...PHASE_NAMES.map((name) => formatMs(phases[name])),
    ]),
  };
}

/** What the two tables mean, a line each. */
export function describeScaling(report: ScalingReport): string[] {
  const { noise, serialFraction, rounds, stepsPerStretch, isSame, rows } = report;
  const [{ hashes }] = rows;
  const steps = hashes.map(({ step }) => formatCount(step)).join(' and ');
  const lines = [
    `medians of ${formatCounted(rounds, 'round')} in turns, ${formatCounted(stepsPerStretch, 'step')} a stretch; a run against itself differs by ${noise.low.toFixed(2)} to ${noise.high.toFixed(2)}: what lies within is no difference`,
  ];
  if (serialFraction !== null && rows.length > 1) {
    lines.push(`serial fraction ${(100 * serialFraction).toFixed(1)} % of a step, by Amdahl's law below the ceilings`);
  }
  const verdict = isSame ? 'same bits' : 'different bits: this is a fault in lockstep';
  return [...lines, `${verdict}: ${rows.map(({ workers }) => workers).join(', ')} workers after ${steps} steps`];
}

export function presentScaling(report: ScalingReport, page: Page): string {
  const { name, batchSize, shards } = report;
  const [figures, phases] = [scalingTable(report), phaseTable(report)];
  return [
    `${name}: ${formatCounted(batchSize, 'sample')} a step, ${formatCounted(shards, 'shard')}`,
    '',
    presentTable(figures.columns, figures.rows, page),
    '',
    'ms a step, means over the workers',
    presentTable(phases.columns, phases.rows, page),
    '',
    ...describeScaling(report).map((line) => wrapWords(line, page)),
  ].join('\n');
}

/** A row a number of workers, µs a step. */
export function stepTable({ rows }: StepReport): BenchTable {
  return {
    columns: [
      number('workers'),
      number('step'),
      number('with NORM'),
      number('1 shard, 1 range'),
      number('a phase end'),
    ],
    rows: rows.map(({ workers, step, withNorm, bare, phaseEndUs }) => [
      formatCount(workers),
      formatSpread(step),
      formatSpread(withNorm),
      formatSpread(bare),
      formatFigure(Math.max(0, phaseEndUs)),
    ]),
  };
}

export function presentStep(report: StepReport, page: Page): string {
  const { columns, rows } = stepTable(report);
  const what = `µs of a step in which nothing is computed: ${formatCounted(report.shards, 'shard')}, ${formatCounted(report.ranges, 'range')}; medians [least to most]`;
  return `${wrapWords(what, page)}\n\n${presentTable(columns, rows, page)}`;
}
