// A plan → the text of `lockstep plan`: layers, parameters, kernel calls, buffers with lifetimes, bytes. Pure.
import type { Initializer } from '../graph/ops/parameter.ts';
import { type Call, type Plan, type PlanBuffer, planSha256 } from './plan.ts';

/** A table's column: its head, and on which side its cells are flush. */
type Column = readonly [head: string, side: 'left' | 'right'];

/** The plan as text of several lines, for people; columns are aligned with blanks, nothing is coloured. */
export function printPlan(plan: Plan): string {
  const sections = [
    printHead(plan),
    printLayers(plan),
    printParameters(plan),
    printCalls('training: kernel calls', plan.train),
    printCalls('evaluation: kernel calls', plan.evaluate),
    printBuffers(plan),
    printBytes(plan),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function printHead(plan: Plan): string[] {
  const rows = plan.rows === 1 ? 'row' : 'rows';
  return [`plan ${planSha256(plan).slice(0, 16)} · ${plan.numerics} · micro-batch of ${plan.rows} ${rows}`];
}

function printLayers({ layers }: Plan): string[] {
  const rows = layers.map(({ name, kind, outputShape, parameters }) => [
    name,
    kind,
    kind === 'parameter' ? `(${outputShape.join(',')})` : `(rows${outputShape.map((length) => `,${length}`).join('')})`,
    formatCount(parameters),
  ]);
  const columns = [
    ['name', 'left'],
    ['kind', 'left'],
    ['output', 'left'],
    ['parameters', 'right'],
  ] as const;
  return printTable('layers', columns, rows);
}

function printParameters({ parameters }: Plan): string[] {
  const rows = parameters.map(({ name, shape, elements, elementOffset, initializer }) => [
    name,
    `(${shape.join(',')})`,
    formatCount(elements),
    formatCount(elementOffset),
    formatInitializer(initializer),
  ]);
  const columns = [
    ['name', 'left'],
    ['shape', 'left'],
    ['elements', 'right'],
    ['offset', 'right'],
    ['first values', 'left'],
  ] as const;
  return printTable('parameters', columns, rows);
}

function printCalls(title: string, parts: Readonly<Record<string, readonly Call[]>>): string[] {
  let index = 0;
  const rows = Object.entries(parts).flatMap(([part, calls]) =>
    calls.map(({ kernel, label }, i) => [`${index++}`, i === 0 ? part : '', kernel, label]),
  );
  const columns = [
    ['call', 'right'],
    ['part', 'left'],
    ['kernel', 'left'],
    ['for', 'left'],
  ] as const;
  return printTable(title, columns, rows);
}

function printBuffers({ buffers, train }: Plan): string[] {
  const calls = train.gather.length + train.forward.length + train.backward.length;
  const rows = [...buffers]
    .sort((a, b) => a.firstCall - b.firstCall || a.byteOffset - b.byteOffset)
    .map((buffer) => [
      buffer.name,
      buffer.shape,
      formatCount(buffer.byteOffset),
      formatCount(buffer.byteLength),
      `${buffer.firstCall}–${buffer.lastCall}`,
      drawLifetime(buffer, calls),
    ]);
  const columns = [
    ['tensor', 'left'],
    ['shape', 'left'],
    ['offset', 'right'],
    ['bytes', 'right'],
    ['calls', 'right'],
    ['in use', 'left'],
  ] as const;
  return printTable('training: buffers in the activations', columns, rows);
}

// One character a call while that fits a line, else one for several.
const MOST_LIFETIME_COLUMNS = 48;

function drawLifetime({ firstCall, lastCall }: PlanBuffer, calls: number): string {
  const callsPerColumn = Math.ceil(calls / MOST_LIFETIME_COLUMNS);
  const columns = Math.ceil(calls / callsPerColumn);
  const [first, last] = [firstCall, lastCall].map((call) => Math.floor(call / callsPerColumn));
  return `${'·'.repeat(first)}${'█'.repeat(last - first + 1)}${'·'.repeat(columns - 1 - last)}`;
}

function printBytes(plan: Plan): string[] {
  const { parameters, parameterElements, activationBytes, evaluationActivationBytes, scratchBytes, constants } = plan;
  const padding = parameterElements - parameters.reduce((sum, { elements }) => sum + elements, 0);
  const bytes = parameterElements * 4;
  const rows = [
    ['parameters', formatCount(bytes), padding === 0 ? '' : `${formatCount(padding * 4)} of them padding`],
    ['slot', formatCount(bytes), 'one gradient'],
    [
      'activations',
      formatCount(activationBytes),
      `a worker; evaluation uses ${formatCount(evaluationActivationBytes)}`,
    ],
    ['scratch', formatCount(scratchBytes), 'a worker'],
    ['constants', formatCount(constants.length * 4), ''],
  ];
  return printTable(
    'memory',
    [
      ['region', 'left'],
      ['bytes', 'right'],
      ['', 'left'],
    ],
    rows,
  );
}

function printTable(title: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const heads = columns.map(([head]) => head);
  const widths = columns.map((_, i) =>
    [heads, ...rows].reduce((widest, cells) => Math.max(widest, cells[i].length), 0),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (columns[i][1] === 'left' ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}`.trimEnd();
  const rule = widths.map((width) => '─'.repeat(width));
  return [title, line(heads), line(rule), ...rows.map(line)];
}

function formatInitializer(initializer: Initializer): string {
  const digits = (value: number): string => `${Number(value.toPrecision(4))}`;
  switch (initializer.kind) {
    case 'constant':
      return `${initializer.value}`;
    case 'uniform':
      return `uniform in [${initializer.low.toPrecision(4)}, ${initializer.high.toPrecision(4)})`;
    case 'normal':
      return `normal, mean ${digits(initializer.mean)}, std ${digits(initializer.std)}`;
    case 'truncatedNormal': {
      const { mean, std, low, high } = initializer;
      return `normal, mean ${digits(mean)}, std ${digits(std)}, in [${digits(low)}, ${digits(high)}]`;
    }
    case 'orthogonal':
      return `orthogonal, gain ${digits(initializer.gain)}`;
  }
}

/** `1234567` as `1,234,567`, in every locale. */
function formatCount(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
