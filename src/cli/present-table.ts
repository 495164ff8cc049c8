// Parts and cells → lines that fit a page. Pure; widths are counted before any colour is added.
import type { Page } from './page.ts';

/** A column of a table; what is not a number stands left. */
export interface Column {
  title: string;
  isText?: boolean;
}

const GAP = '  ';

/**
 * Parts joined by ` · `, broken between two parts where the page is too narrow; lines after the first begin with `indent` blanks.
 * A single part wider than the page is left whole.
 */
export function joinParts(parts: readonly string[], page: Page, indent = 2, start = ''): string {
  const lines: string[] = [start + parts[0]];
  for (const part of parts.slice(1)) {
    const longer = `${lines[lines.length - 1]} · ${part}`;
    if (longer.length <= page.columns) lines[lines.length - 1] = longer;
    else lines.push(' '.repeat(indent) + part);
  }
  return lines.join('\n');
}

/** Words broken into lines of the page, those after the first indented by `indent` blanks. */
export function wrapWords(text: string, page: Page, indent = 2): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || longer.length <= page.columns) line = longer;
    else {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    }
  }
  return [...lines, line].join('\n');
}

/** A name is cut to no fewer characters. */
const LEAST_COLUMNS = 16;

/** A table with one line of titles; the rows at `sums` are set in bold. Where the page is too narrow the first column loses its cells' beginnings. */
export function presentTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  page: Page,
  sums: readonly number[] = [],
): string {
  const widths = columns.map(({ title }, i) => rows.reduce((most, row) => Math.max(most, row[i].length), title.length));
  const excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - page.columns;
  if (excess > 0) widths[0] = Math.max(Math.min(widths[0], LEAST_COLUMNS), widths[0] - excess);
  const isText = columns.map((column) => column.isText === true);
  const lines = rows.map(([first, ...others], i) => {
    const line = alignCells([cutFront(first, widths[0]), ...others], widths, isText);
    return sums.includes(i) ? page.colors.bold(line) : line;
  });
  const titles = columns.map(({ title }) => title);
  return [page.colors.dim(alignCells(titles, widths, isText)), ...lines].join('\n');
}

/** `…1.residual2.linear1`: the end of a path says more than its beginning. */
function cutFront(cell: string, width: number): string {
  return cell.length <= width ? cell : `…${cell.slice(cell.length - width + 1)}`;
}

/** Cells padded to their columns' widths, text to the left, numbers to the right. */
export function alignCells(cells: readonly string[], widths: readonly number[], isText: readonly boolean[]): string {
  return cells
    .map((cell, i) => (isText[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    .join(GAP)
    .trimEnd();
}
