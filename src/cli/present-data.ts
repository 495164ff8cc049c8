// Lists of datasets and figures of one → what people read of them. Pure.
import type { CatalogEntry } from '../data/catalog.ts';
import type { Inspection, ValueRange } from '../data/inspect.ts';
import type { Page } from './page.ts';
import { formatCount, formatCounted, formatPercent, formatRate } from './present-number.ts';
import { joinParts, presentTable, wrapWords } from './present-table.ts';

/** A row a dataset. */
export function presentDatasets(entries: readonly CatalogEntry[], page: Page): string {
  const columns = [
    { title: 'data.source', isText: true },
    { title: 'what', isText: true },
    { title: 'where', isText: true },
  ];
  const where = ({ path, install }: CatalogEntry) =>
    path === null ? `not installed: ${install}` : install === undefined ? 'comes with lockstep' : path;
  return presentTable(
    columns,
    entries.map((entry) => [entry.name, entry.what, where(entry)]),
    page,
  );
}

// What a screen holds.
const MOST_ROWS = 40;

/** Counts, classes, ranges, missing cells, copies, warnings. */
export function presentInspection(inspection: Inspection, warnings: readonly string[], page: Page): string {
  const sections = [
    presentCounts(inspection, page),
    presentClasses(inspection, page),
    presentRanges(inspection, page),
    warnings.map((text) => page.colors.yellow(wrapWords(`warning: ${text}`, page))).join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function presentCounts({ source, samples, inputShape, inputStorage, missing, duplicates }: Inspection, page: Page) {
  const total = samples.train + samples.validation + samples.test;
  const counts = [
    `${page.colors.bold(source)}: ${formatCounted(total, 'sample')} of ${inputShape.join('×')} ${inputStorage}`,
    `${formatCount(samples.train)} to train`,
    `${formatCount(samples.validation)} to validate`,
    `${formatCount(samples.test)} to test`,
  ];
  const cells = missing.map(({ column, count }) => `${column} ${formatCount(count)}`);
  return [
    joinParts(counts, page),
    cells.length === 0 ? 'no cell is missing' : joinParts(cells, page, 2, 'missing cells: '),
    `copies of samples before them: ${formatCount(duplicates)}`,
  ].join('\n');
}

function presentClasses({ classes }: Inspection, page: Page): string {
  if (classes === null) return '';
  const totals = classes.reduce((sum, { counts }) => sum + counts.train + counts.validation + counts.test, 0);
  const rows = classes.map(({ name, counts: { train, validation, test } }) => [
    name,
    ...[train, validation, test].map(formatCount),
    formatPercent((train + validation + test) / totals),
  ]);
  const columns = [{ title: 'class', isText: true }, { title: 'train' }, { title: 'validation' }, { title: 'test' }];
  return presentTable([...columns, { title: 'of all' }], shorten(rows), page);
}

function presentRanges({ ranges, targetRange }: Inspection, page: Page): string {
  const all = targetRange === null ? ranges : [...ranges, targetRange];
  if (all.length === 0) return '';
  const cells = ({ name, min, max, mean, deviation }: ValueRange) => [
    name,
    ...[min, max, mean, deviation].map(formatRate),
  ];
  const titles = ['min', 'max', 'mean', 'deviation'].map((title) => ({ title }));
  return presentTable([{ title: 'as trained on', isText: true }, ...titles], shorten(all.map(cells)), page);
}

function shorten(rows: string[][]): string[][] {
  if (rows.length <= MOST_ROWS) return rows;
  const left = rows.length - MOST_ROWS;
  const blank = rows[0].slice(1).map(() => '');
  return [...rows.slice(0, MOST_ROWS), [`… ${formatCount(left)} more; --json has all`, ...blank]];
}
