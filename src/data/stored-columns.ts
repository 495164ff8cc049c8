// The first row of a file and a table's stored columns → where in its rows the inputs are. Coordinator; pure.
import { isNumberCell } from './cell.ts';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import type { TableRow } from './table-row.ts';

/** Names of columns that were trained on, in the order of the inputs. */
export interface StoredColumns {
  inputs: readonly { name: string }[];
  target: { name: string };
}

/** Columns of one file, by index. */
export interface FoundColumns {
  hasHeader: boolean;
  /** Of each input column. */
  inputs: number[];
  /** Null where the file does not have them. */
  target: number | null;
  id: number | null;
  /** Of all columns, as the header has them; their indices where there is none. */
  names: string[];
  /** @throws DataError for a row of another length */
  checkCount(row: TableRow, where: () => string): void;
}

/**
 * Finds the columns by their names: they may stand in another order, and beside others. A file without a header is what training read
 * without one: the same columns, of which the target may be left out.
 *
 * @param isNamed the first row is names, whatever they look like
 * @throws DataError for a column that is not there, or is there twice
 */
export function findInputColumns(
  path: string,
  firstRow: readonly string[],
  stored: StoredColumns,
  data: DataOptions,
  isNamed = false,
): FoundColumns {
  const hasHeader = isNamed || isHeader(firstRow, stored);
  const names = hasHeader ? [...firstRow] : firstRow.map((_, column) => `${column}`);
  const found = hasHeader ? byName(path, firstRow, stored, data) : byIndex(path, firstRow, stored, data);
  return {
    ...found,
    hasHeader,
    names,
    checkCount(row, where) {
      if (row.cellCount === names.length) return;
      const expected = `${names.length} columns, as in the first row`;
      throw new DataError(where(), expected, `${row.cellCount}`, 'correct the line, or check the delimiter');
    },
  };
}

/** Names of a table that was read without a header are its columns' indices. */
function isHeader(firstRow: readonly string[], { inputs, target }: StoredColumns): boolean {
  const isByIndex = [...inputs, target].every(({ name }) => /^\d+$/.test(name));
  return !isByIndex || !firstRow.some(isNumberCell);
}

type Places = Pick<FoundColumns, 'inputs' | 'target' | 'id'>;

function byName(path: string, header: readonly string[], { inputs, target }: StoredColumns, data: DataOptions): Places {
  const missing = inputs.filter(({ name }) => !header.includes(name)).map(({ name }) => JSON.stringify(name));
  if (missing.length > 0) {
    const what = missing.length === 1 ? 'the column' : 'the columns';
    const expected = `${what} ${missing.slice(0, 6).join(', ')}${missing.length > 6 ? ', …' : ''} that the run was trained on`;
    const got = `the header ${header.slice(0, 12).join(', ')}${header.length > 12 ? ', …' : ''}`;
    throw new DataError(`${path}:1`, expected, got, 'add what is missing, or check the header and the delimiter');
  }
  const twice = inputs.find(({ name }) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice !== undefined) {
    const expected = `one column ${JSON.stringify(twice.name)}`;
    throw new DataError(`${path}:1`, expected, 'several of this name', 'leave one of them');
  }
  const id = 'id' in data && typeof data.id === 'string' ? data.id : undefined;
  return {
    inputs: inputs.map(({ name }) => header.indexOf(name)),
    target: indexIn(header, target.name),
    id: id === undefined ? null : indexIn(header, id),
  };
}

function indexIn(header: readonly string[], name: string): number | null {
  const index = header.indexOf(name);
  return index < 0 ? null : index;
}

function byIndex(path: string, row: readonly string[], { inputs, target }: StoredColumns, data: DataOptions): Places {
  const indices = inputs.map(({ name }) => Number(name));
  const targetIndex = Number(target.name);
  const others = 'id' in data || 'splitBy' in data || ('ignore' in data && data.ignore.length > 0);
  // The training file without its target: the columns behind it move up.
  if (!others && row.length === indices.length) {
    return { inputs: indices.map((index) => (index > targetIndex ? index - 1 : index)), target: null, id: null };
  }
  const last = Math.max(...indices);
  if (last < row.length) {
    const id = 'id' in data && typeof data.id === 'number' && data.id < row.length ? data.id : null;
    return { inputs: indices, target: targetIndex < row.length ? targetIndex : null, id };
  }
  const expected = `at least ${last + 1} columns, as in the training file, or its ${indices.length} inputs alone`;
  throw new DataError(path, expected, `${row.length}`, 'add what is missing, or check the delimiter');
}
