import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, openCsv } from '#src/data/csv.js';
import { DataError } from '#src/data/data-error.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const DEFAULTS = { target: 'y', task: 'auto', header: 'auto', delimiter: ',', ignore: [] } as const;

const open = (content: string | Uint8Array, options: Partial<CsvOptions> = {}) =>
  openCsv(write('file.csv', content), { ...DEFAULTS, ...options });

/** Opens a file and reads all of it. */
function read(content: string | Uint8Array, options: Partial<CsvOptions> = {}) {
  const source = open(content, options);
  const inputs = new Float32Array(source.splitSamples * source.input.shape[0]);
  const isClass = source.target.kind === 'class';
  const targets = isClass ? new Uint8Array(source.splitSamples) : new Float32Array(source.splitSamples);
  source.fill(inputs, targets);
  return { source, inputs: [...inputs], targets: [...targets] };
}

describe('openCsv', () => {
  it('reads numbers and text classes', () => {
    const { source, inputs, targets } = read('a,b,y\n1,2.5,cat\n-3e2,.5,ant\n+4,0,cat\n');
    expect(source).toMatchObject({
      name: 'csv',
      input: { shape: [2], storage: 'f32', divisor: 1 },
      target: { kind: 'class', storage: 'u8', classes: 2 },
      splitSamples: 3,
      testSamples: 0,
    });
    expect(inputs).toEqual([1, 2.5, -300, 0.5, 4, 0]);
    expect(targets).toEqual([1, 0, 1]);
  });

  it('reads back any float32 numbers, however they are divided into rows', () => {
    const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
    const tables = fc.integer({ min: 1, max: 5 }).chain((columns) =>
      fc.array(fc.array(float32, { minLength: columns + 1, maxLength: columns + 1 }), {
        minLength: 1,
        maxLength: 40,
      }),
    );
    fc.assert(
      fc.property(tables, (rows) => {
        const text = rows.map((row) => row.map((x) => (Object.is(x, -0) ? '-0' : `${x}`)).join(',')).join('\n');
        const { inputs, targets } = read(text, { target: 0, task: 'regression', header: false });
        expect(targets).toEqual(rows.map((row) => row[0]));
        expect(inputs).toEqual(rows.flatMap((row) => row.slice(1)));
      }),
    );
  });

  it('reads more numbers than lie in one piece of its storage', () => {
    const rows = 30_000;
    const line = (_: unknown, i: number) => `${i},${2 * i},${3 * i},${i % 2}`;
    const { inputs, targets } = read(Array.from({ length: rows }, line).join('\n'), { target: 3 });
    expect(inputs).toEqual(Array.from({ length: rows }, (_, i) => [i, 2 * i, 3 * i]).flat());
    expect(targets).toEqual(Array.from({ length: rows }, (_, i) => i % 2));
  });

  it('reads gzip, whatever the name, and twice', () => {
    const source = open(gzipSync('x,y\n5,0\n6,1\n'));
    for (let time = 0; time < 2; time++) {
      const inputs = new Float32Array(new SharedArrayBuffer(8));
      source.fill(inputs, new Uint8Array(2));
      expect([...inputs]).toEqual([5, 6]);
    }
  });

  it('refuses to fill from a file that has another shape by then', () => {
    const source = open('x,y\n5,0\n6,1\n');
    source.fill(new Float32Array(2), new Uint8Array(2));
    write('file.csv', 'x,y\n5,0\n6,1\n7,1\n');
    expect(() => source.fill(new Float32Array(2), new Uint8Array(2))).toThrow('expected the file as it was opened');
  });

  it.each([
    ['CRLF, empty lines and no newline at the end', 'a,y\r\n1,0\r\n\r\n2,1', {}],
    ['line ends of both kinds', 'a,y\n1,0\r\n2,1\n', {}],
    ['a byte order mark', '\ufeffy,a\n0,1\n1,2\n', {}],
    ['blanks around cells', ' a , y\n 1 , 0\n2, "1" \n', {}],
    ['quoted cells', '"a","y"\n"1","0"\n"2","1"\n', {}],
    ['semicolons', 'a;y\n1;0\n2;1\n', { delimiter: ';' }],
    ['tabs', 'a\ty\n1\t0\n2\t1\n', { delimiter: '\t' }],
    ['an ignored name column', 'id,a,y\nann,1,0\nbob,2,1\n', { ignore: ['id'] }],
    ['an ignored column by index', 'ann,1,0\nbob,2,1\n', { ignore: [0], target: 2 }],
    ['the target by index', 'y,a\n0,1\n1,2\n', { target: 0 }],
  ])('reads %s', (_, content, options) => {
    const { inputs, targets } = read(content, options);
    expect(inputs).toEqual([1, 2]);
    expect(targets).toEqual([0, 1]);
  });

  it('takes the first row for a header where it has no number or where a column is named, else for a sample', () => {
    expect(open('a,b\n1,0\n2,1\n', { target: 1 }).splitSamples).toBe(2);
    expect(open('1,0\n2,1\n', { target: 1 }).splitSamples).toBe(2);
    expect(open('5.1,setosa\n5.2,virginica\n', { target: 1 }).splitSamples).toBe(2);
    expect(open('1,2\n1,0\n2,1\n', { target: '2' }).splitSamples).toBe(2);
    expect(open('1,2\n1,0\n2,1\n', { target: 1, header: true }).splitSamples).toBe(2);
  });
});

describe('the task of a target column', () => {
  const column = (cells: (string | number)[], options: Partial<CsvOptions> = {}) =>
    read(['x,y', ...cells.map((cell) => `0,${cell}`)].join('\n'), options);

  it.each<[string, (string | number)[], number[]]>([
    ['text in the order of its code units', ['b', 'a', 'B', 'ä', 'a'], [2, 1, 0, 3, 1]],
    ['whole numbers in their own order', [10, 9, -1, 9], [2, 1, 0, 1]],
    ['1 and 1.0 as one', ['1', '1.0', '2'], [0, 0, 1]],
    ['numbers among text as text', ['10', '9', 'x'], [0, 1, 2]],
  ])('sorts classes: %s', (_, cells, labels) => {
    const { source, targets } = column(cells);
    expect(source.target.kind).toBe('class');
    expect(targets).toEqual(labels);
  });

  it('gives the same classes for any order of the rows', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(words, (cells) => {
        fc.pre(new Set(cells).size > 1 && !cells.some((cell) => /^(nan|inf)$/.test(cell)));
        const labels = (order: string[]) => new Map(column(order).targets.map((label, i) => [order[i], label]));
        expect(labels([...cells].reverse())).toEqual(new Map([...labels(cells)].reverse()));
      }),
    );
  });

  it('is regression for decimals and for more than 100 whole numbers, unless the options say otherwise', () => {
    const numbers = (count: number) => [...Array(count).keys()];
    const kind = (cells: (string | number)[], task: CsvOptions['task'] = 'auto') =>
      open(['x,y', ...cells.map((cell) => `0,${cell}`)].join('\n'), { task }).target;
    expect(kind([0, 1, 2.5])).toEqual({ kind: 'values', storage: 'f32', shape: [1] });
    expect(kind(numbers(100))).toEqual({ kind: 'class', storage: 'u8', classes: 100 });
    expect(kind(numbers(101))).toMatchObject({ kind: 'values' });
    expect(kind([0, 1], 'regression')).toMatchObject({ kind: 'values' });
    expect(kind(numbers(257), 'classification')).toEqual({ kind: 'class', storage: 'i32', classes: 257 });
    expect(kind(numbers(300).map((i) => `word ${i}`))).toMatchObject({ kind: 'class', classes: 300 });
  });
});

describe('what openCsv refuses', () => {
  const path = `${folder}/file.csv`;
  it.each<[string, string | Uint8Array, Partial<CsvOptions>, string]>([
    [
      'text in an input',
      'a,y\n1,0\nabc,1\n',
      {},
      `${path}:3 column "a": expected a number, got "abc"; correct the cell, list`,
    ],
    ['NaN', 'a,y\n1,0\n2,1\nNaN,1\n', {}, `${path}:4 column "a": expected a number, got "NaN"; correct the cell`],
    [
      'an empty cell',
      'a,b,y\n1,,0\n',
      {},
      `${path}:2 column "b": expected a number, got an empty cell; correct the cell`,
    ],
    ['a hexadecimal number', 'a,y\n0x10,0\n', {}, `${path}:2 column "a": expected a number, got "0x10"`],
    ['an infinity', 'a,y\nInfinity,0\n', {}, `${path}:2 column "a": expected a number, got "Infinity"`],
    [
      'what float32 cannot hold',
      'a,y\n1e39,0\n',
      {},
      `${path}:2 column "a": expected a number that float32 can hold, got "1e39"`,
    ],
    ['text without a header', '1,0\nx,1\n', { target: 1 }, `${path}:2 column 0: expected a number, got "x"`],
    [
      'a short row',
      'a,b,y\n1,2,0\n1,0\n',
      {},
      `${path}:3: expected 3 columns, as in the first row, got 2; correct the line`,
    ],
    ['a long row', 'a,y\n1,0,9\n', {}, `${path}:2: expected 2 columns, as in the first row, got 3; correct the line`],
    [
      'a row with one comma too many',
      'a,y\n1,0\n1,0,\n',
      {},
      `${path}:3: expected 2 columns, as in the first row, got 3`,
    ],
    ['a number line after an empty one', 'a,y\n\n1,0\n\nx,0\n', {}, `${path}:5 column "a": expected a number, got "x"`],
    [
      'a target that is missing',
      'a,y\n1,0\n1,\n',
      {},
      `${path}:3 column "y": expected a class label, got an empty cell; fill it in`,
    ],
    ['a target of NaN', 'a,y\n1,0\n1,nan\n', {}, `${path}:3 column "y": expected a class label, got "nan"; fill it in`],
    [
      'text among decimals',
      'a,y\n1,0.5\n1,?\n',
      {},
      `${path}:3 column "y": expected a number, got "?"; correct it, or set data.task`,
    ],
    [
      'decimals as classes',
      'a,y\n1,0.5\n',
      { task: 'classification' },
      'expected a class label (text or a whole number), got "0.5"',
    ],
    [
      'one class',
      'a,y\n1,x\n2,x\n',
      {},
      `${path}:2 column "y": expected labels of at least 2 classes, got only "x"; check`,
    ],
    [
      'an unknown column',
      'a,b\n1,0\n',
      {},
      `data.target: expected a column of ${path} (a, b), got "y"; check the name`,
    ],
    [
      'an unknown ignored column',
      'a,y\n1,0\n',
      { ignore: ['q'] },
      `data.ignore[0]: expected a column of ${path} (a, y), got "q"`,
    ],
    ['a name that is there twice', 'y,y\n1,0\n', {}, 'data.target: expected the name of one column of'],
    [
      'an index beyond the columns',
      'a,b\n1,0\n',
      { target: 2 },
      'data.target: expected a column index below 2, the number',
    ],
    ['a name without a header', '1,0\n', { header: false }, 'data.target: expected a column index, as'],
    ['the target ignored', 'a,y\n1,0\n', { ignore: [1] }, 'data.ignore: expected columns other than the target, got y'],
    [
      'nothing left as input',
      'a,y\n1,0\n',
      { ignore: ['a'] },
      `${path}: expected columns beside the target and the ignored ones`,
    ],
    ['a header alone', 'a,y\n', {}, `${path}: expected at least one row of numbers, got none; check the file`],
    ['an empty file', '', {}, `${path}: expected a CSV file, got an empty file; check the file`],
    ['blank lines alone', '\n\n', {}, `${path}: expected at least one row of numbers, got none; check the file`],
    ['an open quote', 'a,y\n"1,0\n2,1\n', {}, `${path}:3: expected cells quoted as CSV wants it, got Quote Not Closed`],
    [
      'a quote inside a cell',
      'a,y\n1"2",0\n',
      {},
      `${path}:2: expected cells quoted as CSV wants it, got Invalid Opening Quote`,
    ],
    [
      'a truncated gzip',
      gzipSync('a,y\n1,0\n').subarray(0, -9),
      {},
      `${path}: expected a whole gzip file of at most 64 MiB of text, got`,
    ],
  ])('%s', (_, content, options, message) => {
    expect(() => open(content, options)).toThrow(DataError);
    expect(() => open(content, options)).toThrow(message);
    expect(() => open(content, options)).toThrow(/^[^\n]*$/);
  });

  it('a file that is not there', () => {
    expect(() => openCsv(`${folder}/none.csv`, DEFAULTS)).toThrow(
      `${folder}/none.csv: expected a CSV file, got no such file`,
    );
  });
});
