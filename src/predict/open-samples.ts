// Names of files, or `-` for stdin → samples to predict for, as the model's data says what kind of files these are. Coordinator.
import { StoredRunError } from '../experiment/stored-run.ts';
import { fileStream, stdinStream } from './byte-stream.ts';
import { isIdxFile, openIdxSamples } from './image-samples.ts';
import { openNumberSamples } from './number-samples.ts';
import { listPictures, openPictures } from './picture-samples.ts';
import { joinSources, type SampleSource } from './sample-source.ts';
import { openTableRows } from './table-rows.ts';
import { openTableSamples } from './table-samples.ts';
import type { TrainedModel } from './trained-model.ts';

/** Stdin, as a name of a file. */
export const STDIN = '-';

/** What of the samples is told beside the predictions. */
export interface OpenSamplesOptions {
  /** All cells of a table's rows. */
  keepsCells?: boolean;
}

/** @throws DataError for files that do not fit; StoredRunError for a model that needs none */
export async function openSamples(
  model: TrainedModel,
  names: readonly string[],
  { keepsCells = false }: OpenSamplesOptions = {},
): Promise<SampleSource> {
  const sources: SampleSource[] = [];
  const pictures = picturesAmong(model, names);
  if (pictures !== undefined) return pictures;
  for (const name of names) sources.push(await openOne(model, name, keepsCells));
  const other = sources.find(({ titles }) => titles.join() !== sources[0].titles.join());
  if (other === undefined) return joinSources(sources);
  const [expected, got] = [sources[0], other].map(({ titles }) => titles.join(', ') || 'none');
  throw new StoredRunError(
    `${names.join(', ')}: expected files of the same columns (${expected}), got ${got}; predict for one after the other`,
  );
}

async function openOne({ run, table, text }: TrainedModel, name: string, keepsCells: boolean): Promise<SampleSource> {
  const { preprocessing, checkpoint, path } = run;
  if (text !== null || preprocessing.input.storage === 'i32') {
    throw new StoredRunError(`${path}: expected no inputs, as it is a language model, got ${name}; give it a --prompt`);
  }
  if (table !== null) {
    const { data } = checkpoint.config;
    const rows = await openTableRows(name === STDIN ? undefined : name, 'delimiter' in data ? data.delimiter : ',');
    return openTableSamples(rows, { table, data, keepsCells });
  }
  const { shape, storage } = preprocessing.input;
  if (name === STDIN) return openNumberSamples(stdinStream(), shape);
  if (storage === 'u8' && !isNumberFile(name)) return openIdxSamples(name, shape);
  return openNumberSamples(fileStream(name), shape);
}

const isNumberFile = (name: string): boolean => /\.[ct]sv(?:\.gz)?$/i.test(name);

/** Files and folders of pictures, decoded many at once; undefined where the names are those of something else. */
function picturesAmong({ run, table }: TrainedModel, names: readonly string[]): SampleSource | undefined {
  const { preprocessing, path } = run;
  if (table !== null || preprocessing.input.storage !== 'u8') return undefined;
  if (names.some((name) => name === STDIN || isNumberFile(name))) return undefined;
  const files = listPictures(names);
  return files.every(isIdxFile) ? undefined : openPictures(files, preprocessing, `${path}/preprocessing.json`);
}
