// Epoch events → the rows of the table that grows while a run trains. Pure.
import type { EpochEvent, PhaseMs, StartEvent } from '../experiment/events.ts';
import { PHASE_NAMES } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { formatCount, formatDuration, formatLoss, formatMetric, formatMs, formatRate } from './present-number.ts';
import { joinParts } from './present-table.ts';

interface EpochColumn {
  /** Stands over the title and is shared by neighbours that say the same. */
  group: string;
  title: string;
  width: number;
  cell: (event: EpochEvent) => string;
}

/** The columns of a run's table: decided once, so that all its rows align. */
export interface EpochTable {
  readonly columns: readonly EpochColumn[];
}

const GAP = '  ';
const BEST_MARK = ' *';
const BEST_LEGEND = '* best';
/** What a narrow page does without, in this order. */
const EXPENDABLE = ['lr', 'ms/step', 'samples/s'];

/**
 * Chooses the columns: validation only where there is a validation part, the metric only where it is not the loss itself, and no more
 * of them than the page is wide.
 */
export function planEpochTable(start: StartEvent, metric: string, page: Page): EpochTable {
  const hasValidation = start.samples.validation > 0;
  let columns = allColumns(start, metric)
    .filter(({ group }) => hasValidation || group !== 'validation')
    .filter(({ title }) => title !== metric || metric === 'accuracy');
  for (const title of EXPENDABLE) {
    if (widthOf(columns) + (hasValidation ? BEST_MARK.length : 0) <= page.columns) break;
    columns = columns.filter((column) => column.title !== title);
  }
  return { columns };
}

function allColumns({ epochs, stepsPerEpoch, steps }: StartEvent, metric: string): EpochColumn[] {
  const total = epochs ?? Math.ceil(steps / stepsPerEpoch);
  const metricWidth = Math.max(metric.length, 8);
  const formatOptional = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? '–' : format(value);
  const loss = (group: string, key: 'trainLoss' | 'validationLoss'): EpochColumn => {
    return { group, title: 'loss', width: 6, cell: (event) => formatOptional(event[key], formatLoss) };
  };
  const measure = (group: string, key: 'trainMetric' | 'validationMetric'): EpochColumn => {
    const cell = (event: EpochEvent) => formatOptional(event[key], (value) => formatMetric(metric, value));
    return { group, title: metric, width: metricWidth, cell };
  };
  const plain = (title: string, width: number, cell: (event: EpochEvent) => string): EpochColumn => {
    return { group: '', title, width, cell };
  };
  return [
    plain('epoch', Math.max(5, 2 * String(total).length + 1), (event) => `${event.epoch}/${total}`),
    loss('training', 'trainLoss'),
    measure('training', 'trainMetric'),
    loss('validation', 'validationLoss'),
    measure('validation', 'validationMetric'),
    plain('samples/s', 9, (event) => formatCount(event.samplesPerSecond)),
    plain('ms/step', 7, (event) => formatMs(event.stepMs)),
    plain('lr', 6, (event) => formatRate(event.lr)),
    plain('time', 6, (event) => formatDuration(event.seconds)),
  ];
}

function widthOf(columns: readonly EpochColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0) + GAP.length * (columns.length - 1);
}

/** The two lines above the rows. */
export function presentEpochTitles({ columns }: EpochTable, page: Page): string {
  const titles = columns.map(({ title, width }) => title.padStart(width)).join(GAP);
  return page.colors.dim(`${groupLine(columns)}\n${titles}`);
}

/** Each group's name over its columns, to the right as their titles are; what the mark means at the end. */
function groupLine(columns: readonly EpochColumn[]): string {
  const groups: { group: string; width: number }[] = [];
  for (const { group, width } of columns) {
    const last = groups[groups.length - 1];
    if (last !== undefined && last.group === group) last.width += GAP.length + width;
    else groups.push({ group, width });
  }
  const hasBest = groups.some(({ group }) => group === 'validation');
  groups[groups.length - 1].group = hasBest ? BEST_LEGEND : '';
  return groups
    .map(({ group, width }) => group.padStart(width))
    .join(GAP)
    .trimEnd();
}

/** A row; the best epoch so far has a mark behind it. */
export function presentEpoch(event: EpochEvent, { columns }: EpochTable, page: Page): string {
  const row = columns.map(({ width, cell }) => cell(event).padStart(width)).join(GAP);
  return event.isBest ? row + page.colors.green(BEST_MARK) : row;
}

/** Where a step's time went, in ms and in the order of a step: `ms: gather 0.310 · forward 3.10 · …`. */
export function presentPhases(phases: PhaseMs, page: Page): string {
  const parts = PHASE_NAMES.map((name) => `${name} ${formatMs(phases[name])}`);
  return page.colors.dim(joinParts(parts, page, 7, '   ms: '));
}
