// A Parquet file → a dataset whose training part is streamed from a copy of its cells, made once and kept in a cache; coordinator.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../kernels/blas-verdict.ts';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import type { Dataset } from './dataset.ts';
import { readInto, withInputFile } from './input-file.ts';
import { usualBlockSamples } from './sample-stream.ts';
import { type DatasetSpec, type Parts, sampleBytes } from './source.ts';
import { splitBy } from './split.ts';
import { type CellTable, STORED, StoredCells } from './stored-table.ts';
import { streamedDataset } from './streamed-dataset.ts';
import { cutRows } from './table-blocks.ts';
import {
  columnWidth,
  type FittedColumn,
  type FittedTarget,
  fitColumn,
  fitMoments,
  type TablePreprocessing,
} from './table-preprocessing.ts';

type ParquetOptions = Extract<DataOptions, { source: 'parquet' | 'flights' }>;

/** Raised where the converted form changes. */
const FORMAT = 1;
const CONVERTER = fileURLToPath(new URL('../../workers/parquet-converter.js', import.meta.url));
/** Installs the package that brings the rows of `flights`. */
export const FLIGHTS_INSTALL = 'npm install vega-datasets';
/** What `flights` predicts, and the columns that do not tell it. */
const FLIGHTS_TARGET = 'distance';
const FLIGHTS_IGNORED = ['date', 'delay'];

/**
 * Opens the file, whose cells are converted first where the cache does not have them. All kinds of splits are by rows.
 *
 * @throws DataError for whatever is wrong with the file, and with the install line where what reads it is not installed
 */
export function openParquet(given: ParquetOptions, seed: number, baseDir: string): Dataset {
  const options = resolveFile(given, baseDir);
  const { folder, key } = convertOnce(options, baseDir);
  const stored = new StoredCells(folder);
  const { table } = stored;
  const targets = stored.column(table.inputs.length);
  const parts = splitRows(stored, options, seed, targets);
  const preprocessing = fitTable(stored, parts.train, targets, options);
  const features = preprocessing.inputs.reduce((sum, column) => sum + columnWidth(column), 0);
  const input = { shape: [features], storage: 'f32' as const, divisor: 1 };
  const target = targetSpec(table);
  const bytes = sampleBytes({ input, target });
  const blockSamples = options.block === 'auto' ? usualBlockSamples(bytes.input + bytes.target) : options.block;
  const { mean, deviation } = preprocessing.target.type === 'number' ? preprocessing.target : { mean: 0, deviation: 1 };
  const sha256 = createHash('sha256').update(key).update(JSON.stringify(preprocessing)).digest('hex');
  const [train, validation, test] = [parts.train, parts.validation, parts.test].map((ids) =>
    cutRows(ids, blockSamples),
  );
  const rows = stored.rows();
  return streamedDataset(
    {
      name: options.source,
      pairs: [{ inputs: stored.cells, targets: stored.cells, samples: table.samples }],
      table: { cells: stored.cells, inputs: preprocessing.inputs, mean, deviation },
      ...{ input, target, sha256, train, validation, test, ids: parts, options, seed },
    },
    {
      warnings: table.warnings,
      missing: table.inputs.flatMap(({ name, missingCount: count }) => (count > 0 ? [{ column: name, count }] : [])),
      preprocessing: {
        source: options.source,
        input,
        ...(table.target.labels && { classNames: table.target.labels }),
        ...preprocessing,
      },
      sampleName: (id) => `${options.file}: row ${rows === null ? id : rows[id]}`,
      ...(table.target.labels && { classNames: table.target.labels }),
    },
  );
}

interface ResolvedOptions extends Omit<Extract<ParquetOptions, { source: 'parquet' }>, 'source'> {
  source: ParquetOptions['source'];
}

function resolveFile(options: ParquetOptions, baseDir: string): ResolvedOptions {
  if (options.source === 'parquet') return { ...options, file: resolve(baseDir, options.file) };
  const file = findFlights();
  if (file === null) {
    const advice = `run ${FLIGHTS_INSTALL} (lockstep data get flights tells whether it is there)`;
    throw new DataError('data.source flights', 'the npm package vega-datasets', 'none', advice);
  }
  const { target = FLIGHTS_TARGET, ignore } = options;
  const isUsual = options.target === undefined && ignore.length === 0;
  return { ...options, file, target, ignore: isUsual ? FLIGHTS_IGNORED : ignore };
}

/** Where the rows of `flights` lie, seen from lockstep and from where it was started; null where they are not installed. */
export function findFlights(): string | null {
  for (const origin of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const entry = createRequire(origin).resolve('vega-datasets');
      const file = join(dirname(entry), '..', 'data', 'flights-3m.parquet');
      if (existsSync(file)) return file;
    } catch {
      // Not resolvable from here; null tells when it is so from everywhere.
    }
  }
  return null;
}

/** The folder of the converted cells, by a hash of the file's content and of what the converter makes of it. */
function convertOnce(options: ResolvedOptions, baseDir: string): { folder: string; key: string } {
  const { file, target, id, ignore, columns, missing, missingCells, task, onBadSample, splitBy: keyColumn } = options;
  // What is standardised, and who is in which part, is decided when the cells are read.
  const roles = columns?.map(({ name, type, missing: own }) => ({ name, type, missing: own }));
  const rules = { target, id, ignore, columns: roles, missing, missingCells, task, onBadSample, splitBy: keyColumn };
  const key = createHash('sha256')
    .update(contentSha256(file))
    .update(JSON.stringify([FORMAT, rules]))
    .digest('hex');
  const cache = options.cache === undefined ? join(cacheFolder(), 'tables') : resolve(baseDir, options.cache);
  const folder = join(cache, key.slice(0, 32));
  if (!existsSync(join(folder, STORED.about))) convert({ path: file, rules, folder });
  return { folder, key };
}

const CHUNK_BYTES = 4 << 20;

function contentSha256(path: string): string {
  return withInputFile(path, 'a Parquet file', (file) => {
    const hash = createHash('sha256');
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let start = 0; start < file.byteLength; start += CHUNK_BYTES) {
      hash.update(chunk.subarray(0, readInto(file, start, chunk)));
    }
    return hash.digest('hex');
  });
}

/** In a process of its own: what reads Parquet is asynchronous, and its memory is given back. */
function convert(job: { path: string; rules: object; folder: string }): void {
  makeCache(dirname(job.folder));
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [CONVERTER], {
    input: JSON.stringify(job),
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (status === 0) return;
  const failure = stdout.trim();
  if (failure !== '') throw DataError.of(failure);
  const reason = signal ?? error?.message ?? stderr.trim().split('\n').at(-1) ?? `exit code ${status}`;
  throw new DataError(job.path, 'its conversion to end', reason, 'free memory or disk, and try again');
}

function makeCache(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const { message } = cause as Error;
    throw new DataError(folder, 'a folder for converted tables', message, 'set data.cache to another one', { cause });
  }
}

function splitRows(stored: StoredCells, options: ResolvedOptions, seed: number, targets: Float64Array): Parts {
  const { split: kind, validation, test } = options;
  const { samples, target } = stored.table;
  const labels = kind === 'stratified' && target.classes !== null ? Array.from(targets) : undefined;
  return splitBy(samples, { kind, seed, validation, test, labels, keys: stored.splitKeys() });
}

function targetSpec({ target: { classes } }: CellTable): DatasetSpec['target'] {
  if (classes === null) return { kind: 'values', storage: 'f32', shape: [1] };
  return { kind: 'class', storage: classes <= 256 ? 'u8' : 'i32', classes };
}

/** Fits each column on the training part, one after the other; the numbers of those that need none are not read. */
function fitTable(
  stored: StoredCells,
  trainIds: Uint32Array,
  targets: Float64Array,
  options: ResolvedOptions,
): TablePreprocessing {
  const { table } = stored;
  const inputs = table.inputs.map((_, index) => fitStored(stored, index, trainIds, options));
  return {
    kind: 'table',
    missingCells: table.missingCells,
    inputs,
    target: fitTarget(table, trainIds, targets, options),
  };
}

function fitStored(stored: StoredCells, index: number, trainIds: Uint32Array, options: ResolvedOptions): FittedColumn {
  const { name, index: place, kind, categories, missing } = stored.table.inputs[index];
  const said = options.columns?.find((described) => described.name === name || described.name === place);
  const { indicator = options.indicator, standardize = options.standardize } = said ?? {};
  const isFitted = kind === 'number' && (standardize || missing === 'mean' || missing === 'median');
  const values = isFitted ? stored.column(index) : new Float64Array(0);
  const column = {
    options: { name, missing, indicator, standardize },
    kind,
    categories,
    values: { at: (i: number) => values[i] },
  };
  return fitColumn(column, trainIds);
}

function fitTarget(
  { target: { name, labels } }: CellTable,
  trainIds: Uint32Array,
  targets: Float64Array,
  { standardizeTarget }: ResolvedOptions,
): FittedTarget {
  if (labels !== null) return { name, type: 'class', labels };
  const { mean, deviation } = standardizeTarget ? fitMoments(targets, trainIds) : { mean: 0, deviation: 1 };
  return { name, type: 'number', mean, deviation };
}
