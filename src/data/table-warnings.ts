// A table → what is probably not meant in it: leaks, constants, keys as inputs, rows that were left out; coordinator, pure.

import type { Table } from './table.ts';
import type { InputColumn } from './table-column.ts';

/** One line each, without an end mark. */
export function tableWarnings(table: Table): string[] {
  return [
    ...leftOut(table),
    ...duplicateIds(table),
    ...table.inputs.flatMap((input) => inputWarnings(aboutTarget(table), input)),
  ];
}

function leftOut({ path, samples, skippedCount, droppedCount, firstSkipped }: Table): string[] {
  const rows = skippedCount + droppedCount + samples;
  const warnings: string[] = [];
  if (skippedCount > 0) {
    const more = skippedCount > firstSkipped.length ? '; …' : '';
    warnings.push(`${path}: skipped ${skippedCount} of ${rows} rows: ${firstSkipped.join('; ')}${more}`);
  }
  if (droppedCount > 0) warnings.push(`${path}: dropped ${droppedCount} of ${rows} rows, in which cells are missing`);
  return warnings;
}

function duplicateIds({ path, ids, lines, columns }: Table): string[] {
  if (ids === null) return [];
  const firstOf = new Map<string, number>();
  for (const [sample, id] of ids.entries()) {
    const first = firstOf.get(id);
    if (first !== undefined) {
      const where = `${path}:${lines.at(sample)} ${columns.labels[columns.id!]}`;
      return [`${where}: ${JSON.stringify(id)} is the id of line ${lines.at(first)} too`];
    }
    firstOf.set(id, sample);
  }
  return [];
}

/** What an input column is looked at beside. */
interface AboutTarget extends Pick<Table, 'path' | 'samples' | 'target'> {
  targetLabel: string;
}

function aboutTarget({ path, samples, target, columns }: Table): AboutTarget {
  return { path, samples, target, targetLabel: columns.labels[columns.target] };
}

/** What is probably not meant of one input column. */
export function inputWarnings(table: AboutTarget, input: InputColumn): string[] {
  const { path, samples } = table;
  const where = `${path} ${input.options.label}`;
  if (input.missingCount === samples) return [`${where}: all cells are missing; list it in data.ignore`];
  if (isConstant(input, samples)) return [`${where}: all cells are the same; list it in data.ignore`];
  if (isTarget(table, input)) {
    return [`${where}: it tells the target (${table.targetLabel}); list it in data.ignore`];
  }
  // A few rows may well have a text each.
  if (input.kind === 'category' && samples >= 20 && input.categories.length * 2 > samples) {
    return [`${where}: ${input.categories.length} categories in ${samples} rows; is it a name? list it in data.ignore`];
  }
  return [];
}

function isConstant({ values }: InputColumn, samples: number): boolean {
  const first = values.at(0);
  for (let i = 1; i < samples; i++) if (!Object.is(values.at(i), first)) return false;
  return samples > 1;
}

/** Whether each sample's target can be read off this column: the same number, or one category for each class. */
function isTarget({ target, samples }: AboutTarget, { kind, values, categories }: InputColumn): boolean {
  if (kind === 'number') {
    const numberOf = (value: number) => (target.labels === undefined ? value : Number(target.labels[value]));
    for (let i = 0; i < samples; i++) if (values.at(i) !== numberOf(target.values[i])) return false;
    return true;
  }
  if (target.labels === undefined || categories.length !== target.labels.length) return false;
  const classOf = new Map<number, number>();
  for (let i = 0; i < samples; i++) {
    const known = classOf.get(values.at(i));
    if (known === undefined) classOf.set(values.at(i), target.values[i]);
    else if (known !== target.values[i]) return false;
  }
  return new Set(classOf.values()).size === categories.length;
}
