// One line of JSON → its values by the names of columns, nested ones by `a.b`; coordinator, pure.

import { quoteCell } from './cell.ts';
import type { Cell } from './cell-row.ts';
import { DataError } from './data-error.ts';

/** A column takes memory of its own. */
export const MOST_COLUMNS = 16_384;
// Deeper objects are rather a document than a row.
const MOST_DEPTH = 16;

/**
 * The cells of a line: `{"a": 1, "b": {"c": [true, null]}}` has a, b.c.0 and b.c.1.
 *
 * @param where names the line
 * @throws DataError for anything but one object whose names are each of one value
 */
export function parseJsonCells(text: string, where: () => string): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  collectCells(parseObject(text, where), '', 1, cells, where);
  return cells;
}

function parseObject(text: string, where: () => string): object {
  let value: unknown;
  let cause: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    cause = error;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const beginsArray = /^\s*\[\s*(\{|$)/.test(text);
  const advice = beginsArray
    ? "write each object of the array on a line of its own (jq -c '.[]' table.json > table.jsonl)"
    : 'correct the line: values have names and are JSON, null where there is nothing';
  throw new DataError(where(), 'an object in JSON, such as {"a": 1, "b": "x"}', quoteCell(text), advice, { cause });
}

function collectCells(
  value: object,
  prefix: string,
  depth: number,
  cells: Map<string, Cell>,
  where: () => string,
): void {
  if (depth > MOST_DEPTH) {
    throw new DataError(where(), `objects within each other at most ${MOST_DEPTH} times`, 'more', 'make the row flat');
  }
  for (const [key, child] of Object.entries(value) as [string, Cell | object][]) {
    const name = prefix + key;
    if (typeof child === 'object' && child !== null) {
      collectCells(child, `${name}.`, depth + 1, cells, where);
      continue;
    }
    if (cells.has(name))
      throw new DataError(where(), 'a name for each value', `two of ${quoteCell(name)}`, 'rename one of them');
    if (cells.size === MOST_COLUMNS)
      throw new DataError(where(), `at most ${MOST_COLUMNS} values`, 'more', 'use source: npy for large rows');
    cells.set(name, child);
  }
}
