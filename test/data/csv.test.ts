import { utimesSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, openCsv } from '#src/data/csv.js';
import { DataError } from '#src/data/data-error.js';
import { encodeRow, type TablePreprocessing } from '#src/data/table-preprocessing.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const DEFAULTS = {
  target: 'y',
  task: 'auto',
  header: 'auto',
  delimiter: ',',
  ignore: [],
  missing: 'error',
  indicator: false,
  standardize: false,
  standardizeTarget: false,
  onBadSample: 'error',
} as const;
const allIds = (samples: number) => Uint32Array.from({ length: samples }, (_, id) => id);

const open = (content: string | Uint8Array, options: Partial<CsvOptions> = {}) =>
  openCsv(write('file.csv', content), { ...DEFAULTS, ...options });

/** Opens a file and reads all of it, trained on some samples or on all. */
function read(content: string | Uint8Array, options: Partial<CsvOptions> = {}, trainIds?: number[]) {
  const source = open(content, options);
  const fit = source.fit!(trainIds === undefined ? allIds(source.splitSamples) : Uint32Array.from(trainIds));
  const inputs = new Float32Array(source.splitSamples * source.input.shape[0]);
  const isClass = source.target.kind === 'class';
  const targets = isClass ? new Uint8Array(source.splitSamples) : new Float32Array(source.splitSamples);
  source.fill(inputs, targets);
  return { source, inputs: [...inputs], targets: [...targets], preprocessing: fit.preprocessing as TablePreprocessing };
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
    source.fit!(allIds(2));
    for (let time = 0; time < 2; time++) {
      const inputs = new Float32Array(new SharedArrayBuffer(8));
      source.fill(inputs, new Uint8Array(2));
      expect([...inputs]).toEqual([5, 6]);
    }
  });

  it('refuses to fill from a file that has another shape by then', () => {
    const source = open('x,y\n5,0\n6,1\n');
    source.fit!(allIds(2));
    source.fill(new Float32Array(2), new Uint8Array(2));
    write('file.csv', 'x,y\n5,0\n6,1\n7,1\n');
    expect(() => source.fill(new Float32Array(2), new Uint8Array(2))).toThrow('expected the file as it was opened');
  });

  it('refuses to fill from a file that was written again meanwhile, though its shape is the same', () => {
    const source = open('x,y\n5,0\n6,1\n');
    source.fit!(allIds(2));
    source.fill(new Float32Array(2), new Uint8Array(2));
    utimesSync(write('file.csv', 'x,y\n7,0\n6,1\n'), 1, 1);
    expect(() => source.fill(new Float32Array(2), new Uint8Array(2))).toThrow(
      `${folder}/file.csv: expected the file as it was opened, got another content; do not change`,
    );
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
    [
      'an open quote',
      'a,y\n"1,0\n2,1\n',
      {},
      `${path}:2: expected a closing quote, got the end of the file; correct the quotes`,
    ],
    ['a quote inside a cell', 'a,y\n1"2",0\n', {}, `${path}:2: expected quotes around whole cells only, got "1\\""`],
    [
      'text behind a closing quote',
      'a,y\n"1"2,0\n',
      {},
      `${path}:2: expected a delimiter or the line end behind a closing quote, got "2,0"`,
    ],
    [
      'an empty cell of a column of texts',
      'a,y\nx,0\n,1\n',
      {},
      `${path}:3 column "a": expected a category, got an empty cell; correct the cell, list the column in data.ignore, or set data.missing`,
    ],
    [
      'a number among texts',
      'a,y\nx,0\n1,1\n',
      {},
      `${path}:3 column "a": expected a category, as in line 2 ("x"), got "1"; correct the cell`,
    ],
    [
      'too many texts to be categories',
      `a,y\n${Array.from({ length: 101 }, (_, i) => `name${i},${i % 2}`).join('\n')}`,
      {},
      `${path}:102 column "a": expected at most 100 categories in a column of texts, got one more, "name100"; list`,
    ],
    [
      'text in another encoding',
      Buffer.from('a,y\n1,0\ncaf\u00e9,1\n', 'latin1'),
      {},
      `${path}:3: expected text in UTF-8, got other bytes near "caf\ufffd,1"; save the file as UTF-8`,
    ],
    ['the target as id', 'a,y\n1,0\n', { id: 'y' }, 'data.id: expected a column other than the target, got y'],
    [
      'a description of a column that is no input',
      'a,y\n1,0\n',
      { columns: [{ name: 'y', type: 'number' }] },
      'data.columns[0].name: expected a column that is an input, got y; remove the item',
    ],
    [
      'two descriptions of a column',
      'a,y\n1,0\n',
      { columns: [{ name: 'a' }, { name: 0 }] },
      'data.columns[1].name: expected each column once, got 0 again; join the items',
    ],
    [
      'a file of which most rows do not fit',
      'a,y\n1,0\nx,1\nz,0\n',
      { onBadSample: 'skip' },
      `${path}: expected at most half of the rows to be bad samples, got 2 of 3 rows skipped, such as ${path}:3 column "a": expected a number, got "x"`,
    ],
    [
      'a file of which every row is dropped',
      'a,y\n,0\n,1\n',
      { missing: 'drop' },
      `${path}: expected at least one row of numbers, got 2, each with a missing cell; check the file`,
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

describe('categories and missing cells', () => {
  const FILE = 'size,colour,y\n1,red,0\n,blue,1\n5,NA,0\n9,red,1\n';

  it('makes an input of each category, in the order of their code units', () => {
    const { source, inputs, preprocessing } = read('colour,y\nred,0\nBlue,1\nred,1\n');
    expect(source.input.shape).toEqual([2]);
    expect(inputs).toEqual([0, 1, 1, 0, 0, 1]);
    expect(preprocessing.inputs).toEqual([
      { name: 'colour', type: 'category', categories: ['Blue', 'red'], mayMiss: false, indicator: false },
    ]);
  });

  it('takes numbers for categories where the options say so', () => {
    const { inputs } = read('a,y\n10,0\n9,1\n', { columns: [{ name: 'a', type: 'category' }] });
    expect(inputs).toEqual([1, 0, 0, 1]);
  });

  // Rows of size, blue, red; the mean of 1, 5 and 9 is 5, their median too, so each case trains on other rows.
  it.each<[string, CsvOptions['missing'], number[], number]>([
    ['the mean of the training rows', 'mean', [0, 2, 3], 5],
    ['the mean of other training rows', 'mean', [0, 2], 3],
    ['the median of three', 'median', [0, 1, 2, 3], 5],
    ['the median of two', 'median', [2, 3], 7],
    ['a constant', -1, [0, 3], -1],
  ])('fills with %s', (_, missing, trainIds, fill) => {
    expect(read(FILE, { missing }, trainIds).inputs).toEqual([1, 0, 1, fill, 1, 0, 5, 0, 0, 9, 0, 1]);
  });

  it('drops rows with missing cells and says how many', () => {
    const { source, inputs, targets } = read(FILE, { missing: 'drop' });
    expect(inputs).toEqual([1, 1, 9, 1]);
    expect(targets).toEqual([0, 1]);
    expect(source.warnings).toContain(`${folder}/file.csv: dropped 2 of 4 rows, in which cells are missing`);
  });

  it('marks missing cells where indicators are asked for', () => {
    const { inputs } = read(FILE, { missing: 0, indicator: true });
    expect(inputs).toEqual([1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 5, 0, 0, 0, 1, 9, 0, 0, 1, 0]);
  });

  it('takes what is said to be missing in place of the usual texts, numbers however they are written', () => {
    const { inputs } = read('a,b,y\n-999.0,?,0\n3,u,1\n', { missing: 7, missingCells: ['-999', '-'] });
    expect(inputs).toEqual([7, 1, 0, 3, 0, 1]);
  });

  it('drops rows without a target too', () => {
    expect(read('a,y\n1,0\n2,\n3,1\n', { missing: 'drop' }).inputs).toEqual([1, 3]);
  });
});

describe('standardisation', () => {
  it('is fitted on the training rows alone', () => {
    // 1 and 5: mean 3, deviation 2; the third row is not trained on.
    const { inputs, preprocessing } = read('a,y\n1,0\n5,1\n100,0\n', { standardize: true }, [0, 1]);
    expect(inputs).toEqual([-1, 1, 48.5]);
    expect(preprocessing.inputs[0]).toMatchObject({ mean: 3, deviation: 2 });
  });

  it('leaves categories and columns that say so as they are, and makes a constant column 0', () => {
    const options = { standardize: true, columns: [{ name: 'b', standardize: false }] } as const;
    const { inputs } = read('a,b,c,d,y\n1,7,0.1,u,0\n5,8,0.1,v,1\n', options);
    expect(inputs).toEqual([-1, 7, 0, 1, 0, 1, 8, 0, 0, 1]);
  });

  it('scales targets that are numbers where it is asked to, and keeps what undoes it', () => {
    const { targets, preprocessing } = read('a,y\n1,0.5\n2,2.5\n', { standardizeTarget: true });
    expect(targets).toEqual([-1, 1]);
    expect(preprocessing.target).toEqual({ name: 'y', type: 'number', mean: 1.5, deviation: 1 });
  });

  it('is the same for a row on its own, from the stored preprocessing, as in training', () => {
    const cell = fc.oneof(fc.constant(''), fc.integer({ min: -50, max: 50 }).map(String));
    const rows = fc.array(fc.tuple(cell, fc.constantFrom('u', 'v', 'NA')), { minLength: 4, maxLength: 12 });
    const options = fc.record({ missing: fc.constantFrom('mean', 'median', 3), indicator: fc.boolean() });
    fc.assert(
      fc.property(rows, options, (table, said) => {
        const text = `a,b,y\n${table.map(([a, b], i) => `${a},${b},${i % 2}`).join('\n')}`;
        fc.pre(table.some(([a]) => a !== '') && table.some(([, b]) => b !== 'NA'));
        const trainIds = [...table.keys()].filter((id) => id % 3 < 2);
        const { inputs, preprocessing } = read(text, { ...(said as object), standardize: true }, trainIds);
        const stored = JSON.parse(JSON.stringify(preprocessing)) as TablePreprocessing;
        expect(table.flatMap((cells) => [...encodeRow(stored, cells, 'row')])).toEqual(inputs);
      }),
    );
  });

  it('refuses on its own what training would have refused', () => {
    const { preprocessing } = read('a,b,y\n1,u,0\n2,v,1\n');
    expect(() => encodeRow(preprocessing, ['x', 'u'], 'row 1')).toThrow('row 1 column "a": expected a number, got "x"');
    expect(() => encodeRow(preprocessing, ['1', 'w'], 'row 1')).toThrow(
      'row 1 column "b": expected one of u, v, got "w"',
    );
    expect(() => encodeRow(preprocessing, ['', 'u'], 'row 1')).toThrow(
      'row 1 column "a": expected a cell that is not missing, as in training, got an empty cell',
    );
  });
});

describe('rows that do not fit', () => {
  it('are skipped and counted where the options say so', () => {
    const { source, inputs } = read('a,y\n1,0\nx,1\n2,1,9\n3,1\n4,\n5,1\n6,0\n', { onBadSample: 'skip' });
    expect(inputs).toEqual([1, 3, 5, 6]);
    const path = `${folder}/file.csv`;
    expect(source.warnings).toContain(
      `${path}: skipped 3 of 7 rows: ${path}:3 column "a": expected a number, got "x"; ` +
        `${path}:4: expected 2 columns, as in the first row, got 3; ${path}:6 column "y": expected a target, got an empty cell`,
    );
  });
});

describe('what openCsv warns of', () => {
  it.each<[string, string, Partial<CsvOptions>, string]>([
    [
      'a column of numbers that is the target',
      'a,b,y\n2,0,0\n1,1,1\n',
      {},
      'column "b": it tells the target (column "y")',
    ],
    ['a column of texts that is the target', 'a,b,y\n2,no,x\n1,yes,z\n3,no,x\n', {}, 'column "b": it tells the target'],
    ['a target of decimals in a column', 'a,b,y\n2,0.5,0.5\n1,1.5,1.5\n', {}, 'column "b": it tells the target'],
    ['a constant column', 'a,b,y\n1,3,0\n2,3,1\n', {}, 'column "b": all cells are the same; list it in data.ignore'],
    ['a column without cells', 'a,b,y\n1,,0\n2,,1\n', { missing: 0 }, 'column "b": all cells are missing; list it'],
    [
      'names as categories',
      `a,b,y\n${Array.from({ length: 20 }, (_, i) => `${i},n${i % 11},${+(i > 3)}`).join('\n')}`,
      {},
      'column "b": 11 categories in 20 rows; is it a name?',
    ],
    [
      'an id that comes twice',
      'a,b,y\nu,1,0\nv,2,1\nu,4,1\n',
      { id: 'a' },
      ':4 column "a": "u" is the id of line 2 too',
    ],
  ])('%s', (_, content, options, warning) => {
    const { warnings } = open(content, options);
    expect(warnings).toHaveLength(1);
    expect(warnings![0]).toContain(warning);
  });

  it('nothing in a usual file', () => {
    expect(open('id,a,b,y\n1,1,u,0\n2,2,v,1\n3,2,u,1\n', { id: 'id' }).warnings).toEqual([]);
  });
});
