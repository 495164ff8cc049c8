// The entry of the process that converts a Parquet file: its job comes as JSON, and what is wrong with the data goes out as one line.
import { readFileSync } from 'node:fs';
import { DataError } from '../src/data/data-error.ts';
import { convertParquet } from '../src/data/parquet-convert.ts';

const { path, rules, folder } = JSON.parse(readFileSync(0, 'utf8'));
try {
  await convertParquet(path, rules, folder);
} catch (error) {
  if (!(error instanceof DataError)) throw error;
  process.stdout.write(error.message);
  process.exitCode = error.exitCode;
}
