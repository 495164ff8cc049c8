import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvRows } from '#src/data/csv-rows.js';

function readAll(text: string, delimiter = ','): { line: number; cells: string[] }[] {
  const rows = new CsvRows('file.csv', Buffer.from(text), delimiter);
  const all: { line: number; cells: string[] }[] = [];
  while (rows.next()) all.push({ line: rows.line, cells: rows.texts() });
  return all;
}

const cells = (text: string, delimiter?: string) => readAll(text, delimiter).map((row) => row.cells);

describe('CsvRows', () => {
  it('reads back any texts that were quoted as RFC 4180 says, for any delimiter and line end', () => {
    const table = fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 5 }), { minLength: 1 });
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(',', ';', '\t', '|', '→'),
        fc.constantFrom('\n', '\r\n', '\r'),
        (rows, delimiter, end) => {
          const quoted = rows
            .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter))
            .join(end);
          expect(cells(quoted, delimiter)).toEqual(rows);
        },
      ),
    );
  });

  it('reads back plain texts', () => {
    const cell = fc.stringMatching(/^[a-z0-9.äß→-]([a-z ]*[a-z])?$/);
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 70 }), { minLength: 1 }), (rows) => {
        expect(cells(rows.map((row) => row.join(' ,')).join('\n'))).toEqual(rows);
      }),
    );
  });

  it('gives a row that goes over lines the number of its first one, and counts on behind it', () => {
    expect(readAll('a,b\n\n"1\n2","x\r\ny"\r\n3,4').map(({ line }) => line)).toEqual([1, 3, 6]);
  });

  it('takes two quotes in a quoted cell for one, and an empty quoted cell for a cell', () => {
    expect(cells('"say ""hi""",""\n"",1\n')).toEqual([
      ['say "hi"', ''],
      ['', '1'],
    ]);
  });

  it('keeps a last cell that is empty', () => {
    expect(cells('a,\n,b\n,')).toEqual([
      ['a', ''],
      ['', 'b'],
      ['', ''],
    ]);
  });

  it('tells a delimiter of several bytes from others that begin with the same byte', () => {
    expect(cells('a→b←c→d', '→')).toEqual([['a', 'b←c', 'd']]);
  });
});
