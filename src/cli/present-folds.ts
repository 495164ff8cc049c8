// A run of folds → the line above each fold's training, and the table at the end: a row a fold, mean and deviation. Pure.
import type { StartEvent } from '../experiment/events.ts';
import type { FoldFigures, FoldSummary } from '../experiment/fold-summary.ts';
import type { Page } from './page.ts';
import { formatLoss, formatMetric } from './present-number.ts';
import { presentSamples } from './present-start.ts';
import { joinParts, presentTable } from './present-table.ts';

/** Of the second fold and later ones: model, memory and batches are those of the first. */
export function presentNextFold(event: StartEvent, page: Page): string {
  const folder = event.runFolder === null ? 'none' : page.colors.bold(event.runFolder);
  return joinParts([presentSamples(event, page), `run folder ${folder}`], page);
}

const SHORT_HASH = 12;

interface FigureColumn {
  title: string;
  of: (fold: FoldFigures) => unknown;
  format: (value: number) => string;
}

/** A row a fold that was begun; below them mean ± deviation where all are done. */
export function presentFolds(
  folds: readonly FoldSummary[],
  { mean, deviation }: { mean?: FoldFigures; deviation?: FoldFigures },
  page: Page,
): string {
  const rows = folds.map((fold) => ({ ...fold }) as unknown as FoldFigures);
  const columns = figureColumns(rows[0]);
  const cells = (figures: FoldFigures | undefined): string[] =>
    columns.map(({ of, format }) => {
      const value = figures && of(figures);
      return typeof value === 'number' ? format(value) : '–';
    });
  const table = folds.map(({ fold, status, weightsSha256 }, i) => [
    status === 'done' ? `${fold}` : `${fold} (${status})`,
    ...cells(rows[i]),
    weightsSha256?.slice(0, SHORT_HASH) ?? '–',
  ]);
  if (mean !== undefined) table.push(['mean', ...cells(mean), ''], ['±', ...cells(deviation), '']);
  const titles = columns.map(({ title }) => ({ title }));
  const all = [{ title: 'fold', isText: true }, ...titles, { title: 'weights', isText: true }];
  return presentTable(all, table, page, mean === undefined ? [] : [folds.length]);
}

/** What the first fold has: the test part's figures, then its metrics of one number, those of the best epoch last. */
function figureColumns(first: FoldFigures): FigureColumn[] {
  const columns: FigureColumn[] = [];
  const add = (title: string, of: FigureColumn['of'], format: FigureColumn['format']): void => {
    if (typeof of(first) === 'number') columns.push({ title, of, format });
  };
  const inner = (group: string, name: string) => (fold: FoldFigures) =>
    (fold[group] as FoldFigures | undefined)?.[name];
  add(
    'test accuracy',
    (fold) => fold.testAccuracy,
    (value) => formatMetric('accuracy', value),
  );
  add('test loss', (fold) => fold.testLoss, formatLoss);
  for (const name of Object.keys((first.testMetrics as FoldFigures | undefined) ?? {})) {
    if (name !== 'accuracy') add(name, inner('testMetrics', name), (value) => formatMetric(name, value));
  }
  add('best: accuracy', inner('best', 'testAccuracy'), (value) => formatMetric('accuracy', value));
  add('best: loss', inner('best', 'testLoss'), formatLoss);
  return columns;
}
