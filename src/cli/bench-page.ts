// What a bench measured → a page that opens from disk: inline style and charts, nothing from the network, no script. Pure.
import type { KernelReport } from '../bench/measure-kernels.ts';
import type { ScalingReport } from '../bench/measure-scaling.ts';
import type { StepReport } from '../bench/measure-step.ts';
import { PHASE_NAMES } from '../experiment/events.ts';
import {
  type BenchMachine,
  type BenchTable,
  describePeak,
  describeProducts,
  describeScaling,
  formatFigure,
  kernelTable,
  phaseTable,
  productTable,
  scalingTable,
  stepTable,
} from './present-bench.ts';
import { formatMs, formatShare } from './present-number.ts';
import { barChart, escapeXml, lineChart } from './svg-chart.ts';

interface Section {
  title: string;
  notes?: readonly string[];
  /** SVG. */
  chart?: string;
  /** Names and colours of a chart's parts. */
  legend?: readonly { name: string; kind: string }[];
  table?: BenchTable;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #68707a; --paper: #ffffff; --line: #d9dde2;
  --c0: #2563a8; --c1: #d97b29; --c2: #3b8f5a; --c3: #8a5fb0; --c4: #b8434e; --c5: #a8afb8; --c6: #d3c14a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --quiet: #98a1ab; --paper: #15181c; --line: #343a41;
  --c0: #6ea8e6; --c1: #f0a35c; --c2: #6cc08a; --c3: #b894dc; --c4: #e2777f; --c5: #69717b; --c6: #e5d772; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 880px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p { margin: .3rem 0; } .quiet { color: var(--quiet); fill: var(--quiet); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; margin-top: .6rem; }
th, td { padding: .15rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--quiet); font-weight: normal; } .text { text-align: left; }
.wide { overflow-x: auto; } svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--ink); }
svg text.quiet { fill: var(--quiet); } .grid { stroke: var(--line); } .line { fill: none !important; stroke-width: 2; }
${[0, 1, 2, 3, 4, 5, 6].map((i) => `.c${i} { fill: var(--c${i}); stroke: var(--c${i}); } rect.c${i} { stroke: none; } .dot.c${i} { background: var(--c${i}); }`).join('\n')}
.dot { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin: 0 .3em 0 .9em; }
`;

/** A whole document. */
function page(title: string, machine: BenchMachine, backend: string | null, sections: readonly Section[]): string {
  const { version, node, cores, cpu } = machine;
  const facts = [`lockstep ${version}`, `node ${node}`, `${cores} cores`, cpu, ...(backend === null ? [] : [backend])];
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/>`,
    `<title>${escapeXml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeXml(title)}</h1>`,
    `<p class="quiet">${escapeXml(facts.join(' · '))}</p>`,
    ...sections.map(section),
    '</body></html>',
    '',
  ].join('\n');
}

function section({ title, notes = [], chart, legend = [], table }: Section): string {
  const names = legend.map(({ name, kind }) => `<span class="dot ${kind}"></span>${escapeXml(name)}`);
  return [
    `<section><h2>${escapeXml(title)}</h2>`,
    ...notes.map((note) => `<p>${escapeXml(note)}</p>`),
    ...(names.length > 0 ? [`<p>${names.join('')}</p>`] : []),
    ...(chart === undefined ? [] : [chart]),
    ...(table === undefined ? [] : [htmlTable(table)]),
    '</section>',
  ].join('\n');
}

function htmlTable({ columns, rows }: BenchTable): string {
  const kind = (i: number) => (columns[i].isText ? ' class="text"' : '');
  const cells = (tag: string, texts: readonly string[]) =>
    texts.map((text, i) => `<${tag}${kind(i)}>${escapeXml(text)}</${tag}>`).join('');
  const head = `<thead><tr>${cells(
    'th',
    columns.map(({ title }) => title),
  )}</tr></thead>`;
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<div class="wide"><table>${head}<tbody>\n${body}\n</tbody></table></div>`;
}

/** The page of `bench kernels`. */
export function kernelPage(report: KernelReport, machine: BenchMachine): string {
  const bars = report.rows.map(({ kernel, size, share, limit }) => ({
    label: `${kernel} ${size}`.slice(0, 38),
    parts: [{ value: share, kind: limit === 'arithmetic' ? 'c0' : 'c1' }],
    text: formatShare(share),
  }));
  const legend = [
    { name: 'of the peak of arithmetic', kind: 'c0' },
    { name: 'of the peak of moving', kind: 'c1' },
  ];
  return page('Kernels', machine, report.backend, [
    {
      title: 'Of what the machine can do',
      notes: [describePeak(report)],
      legend,
      chart: barChart('share of peak', bars),
    },
    { title: 'Figures', table: kernelTable(report) },
    ...(report.products === undefined
      ? []
      : [{ title: 'Products', notes: [describeProducts(report.products)], table: productTable(report.products) }]),
  ]);
}

/** The page of `bench scaling`. */
export function scalingPage(report: ScalingReport, machine: BenchMachine): string {
  const { rows, name } = report;
  const measured = rows.flatMap(({ workers, speedUp }) =>
    speedUp === undefined ? [] : [[workers, speedUp.ratio.median] as const],
  );
  const lines = [
    { label: 'ceiling', kind: 'c5', points: rows.map(({ workers, ceiling }) => [workers, ceiling] as const) },
    ...(measured.length > 0 ? [{ label: 'measured', kind: 'c0', points: measured }] : []),
  ];
  const bars = rows.map(({ workers, stepMs, phases }) => ({
    label: workers === 1 ? '1 worker' : `${workers} workers`,
    parts: PHASE_NAMES.map((phase, i) => ({ value: phases[phase], kind: `c${i}` })),
    text: `${formatMs(stepMs)} ms`,
  }));
  return page(`Scaling: ${name}`, machine, report.backend, [
    {
      title: 'How much faster than one worker',
      notes: describeScaling(report),
      chart: lineChart('speed-up', lines, { x: 'workers', y: '×' }),
      table: scalingTable(report),
    },
    {
      title: 'Where a step goes',
      notes: ['ms a step, means over the workers'],
      legend: PHASE_NAMES.map((phase, i) => ({ name: phase, kind: `c${i}` })),
      chart: barChart('phases of a step', bars),
      table: phaseTable(report),
    },
  ]);
}

/** The page of `bench step`. */
export function stepPage(report: StepReport, machine: BenchMachine): string {
  const bars = report.rows.flatMap(({ workers, step, withNorm, bare }) =>
    [
      { what: '', spread: step, kind: 'c0' },
      { what: ', with NORM', spread: withNorm, kind: 'c1' },
      { what: ', 1 shard, 1 range', spread: bare, kind: 'c2' },
    ].map(({ what, spread, kind }) => ({
      label: `${workers} worker${workers === 1 ? '' : 's'}${what}`,
      parts: [{ value: spread.median, kind }],
      text: `${formatFigure(spread.median)} µs`,
    })),
  );
  return page('An empty step', machine, null, [
    {
      title: 'What the protocol costs',
      notes: [`µs of a step in which nothing is computed: ${report.shards} shards, ${report.ranges} ranges`],
      chart: barChart('µs of an empty step', bars),
      table: stepTable(report),
    },
  ]);
}
