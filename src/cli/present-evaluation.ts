// Figures of an evaluation → what people read of them. Pure.
import type { EvaluationResult } from '../experiment/evaluate-run.ts';
import type { MetricValue } from '../experiment/metric-values.ts';
import type { Page } from './page.ts';
import { formatCount, formatCounted, formatLoss, formatMetric, formatPercent } from './present-number.ts';
import { joinParts, presentTable, wrapWords } from './present-table.ts';

// What a screen holds.
const MOST_CLASSES = 40;

/** Whose figures these are, the figures, a row a class, a table of a matrix, warnings. */
export function presentEvaluation(result: EvaluationResult, page: Page): string {
  const sections = [
    presentFigures(result, page),
    ...presentClasses(result, page),
    ...presentMatrix(result, page),
    result.warnings.map((text) => page.colors.yellow(wrapWords(`warning: ${text}`, page))).join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function presentFigures(
  { run, weights, epoch, step, part, file, samples, loss, accuracy, metrics }: EvaluationResult,
  page: Page,
) {
  const what = file ?? `${part} part`;
  const head = [
    page.colors.bold(run),
    describeWeights({ weights, epoch, step }),
    what,
    formatCounted(samples, 'sample'),
  ];
  const parts = [`loss ${formatLoss(loss)}`];
  if (accuracy !== null) parts.push(`accuracy ${formatPercent(accuracy)}`);
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'number' && name !== 'accuracy') parts.push(`${name} ${formatMetric(name, value)}`);
  }
  return `${joinParts(head, page)}\n${joinParts(parts, page)}`;
}

const isList = (value: MetricValue): value is number[] => Array.isArray(value) && typeof value[0] === 'number';
const isMatrix = (value: MetricValue): value is number[][] => Array.isArray(value) && Array.isArray(value[0]);

/** One column each metric of a number a class. */
function presentClasses({ metrics, classNames }: EvaluationResult, page: Page): string[] {
  const lists = Object.entries(metrics).filter((entry): entry is [string, number[]] => isList(entry[1]));
  if (lists.length === 0) return [];
  const columns = [
    { title: 'class', isText: true },
    ...lists.map(([name]) => ({ title: name.replace('PerClass', '') })),
  ];
  const rows = lists[0][1].map((_, c) => [nameOf(c, classNames), ...lists.map(([, values]) => formatLoss(values[c]))]);
  return [presentTable(columns, rows, page)];
}

function presentMatrix({ metrics, classNames }: EvaluationResult, page: Page): string[] {
  return Object.values(metrics)
    .filter(isMatrix)
    .map((matrix) => {
      if (matrix.length > MOST_CLASSES) return `a confusion matrix of ${matrix.length} classes: --json has it`;
      const titles = matrix.map((_, c) => ({ title: nameOf(c, classNames) }));
      const rows = matrix.map((counts, c) => [nameOf(c, classNames), ...counts.map(formatCount)]);
      return presentTable([{ title: 'label \\ predicted', isText: true }, ...titles], rows, page);
    });
}

function nameOf(c: number, names: readonly string[] | undefined): string {
  return names?.[c] ?? `${c}`;
}

/** `last weights, of step 3,000`; the best ones are of the end of an epoch. */
export function describeWeights({
  weights,
  epoch,
  step,
}: Pick<EvaluationResult, 'weights' | 'epoch' | 'step'>): string {
  return weights === 'best' ? `best weights, of epoch ${formatCount(epoch)}` : `weights of step ${formatCount(step)}`;
}
