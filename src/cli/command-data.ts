// `lockstep data`: which datasets there are, where they lie, what is in the data of a config. Main thread; nothing is trained.
import { writeFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { DataError } from '../data/data-error.ts';
import type { Dataset } from '../data/dataset.ts';
import { generateCommand } from './command-generate.ts';
import { addConfigArguments, addExamples, addVerboseOption } from './command-line.ts';
import { type Page, pageOf } from './page.ts';

interface InspectFlags {
  json?: boolean;
  png?: string;
  images: number;
  augmented?: boolean;
}

const DEFAULT_IMAGES = 16;
const MOST_PNG_ACROSS = 16;
const AUGMENTED_EPOCHS = 7;

/** The command with its subcommands. */
export function dataCommand(): Command {
  const command = new Command('data')
    .summary('list, find and inspect data')
    .description(
      'Tell which datasets need no file of yours, where they lie, and what is in the data of a config; make up some.',
    );
  addExamples(command, ['lockstep data list', 'lockstep data inspect configs/penguins.yaml']);
  return command
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(inspectCommand())
    .addCommand(generateCommand());
}

function listCommand(): Command {
  const command = new Command('list')
    .summary('datasets by name')
    .description('List the datasets that data.source may name, and where they lie or how they are installed.')
    .option('--json', 'print them as JSON');
  addVerboseOption(command);
  return command.action(async ({ json }: { json?: boolean }) => {
    const { listDatasets } = await import('../data/catalog.ts');
    const entries = listDatasets();
    if (json) return void process.stdout.write(`${JSON.stringify(entries)}\n`);
    const { presentDatasets } = await import('./present-data.ts');
    process.stdout.write(`${presentDatasets(entries, pageOf(process.stdout, process.env))}\n`);
  });
}

function getCommand(): Command {
  const command = new Command('get')
    .summary('where a dataset lies')
    .description('Print where a dataset lies; exits 2 with the install line where it does not.')
    .addArgument(new Argument('<name>', 'one of lockstep data list'))
    .option('--out <file>', 'write one that comes with lockstep there, decompressed')
    .addOption(new Option('--folder <folder>', 'write a set of images there, a folder a class').conflicts('out'));
  addVerboseOption(command);
  addExamples(command, ['lockstep data get penguins --out penguins.csv', 'lockstep data get digits --folder digits']);
  return command.action(async (name: string, { out, folder }: { out?: string; folder?: string }) => {
    const { getDataset, writeDatasetFolders } = await import('../data/catalog.ts');
    process.stdout.write(`${folder === undefined ? getDataset(name, out) : writeDatasetFolders(name, folder)}\n`);
  });
}

function inspectCommand(): Command {
  const command = new Command('inspect')
    .summary("what is in a config's data")
    .description(
      'Read the data of a config as training would, and tell counts, shapes, classes, ranges, missing cells and copies.',
    )
    .option('--json', 'print everything as JSON')
    .option('--images <count>', 'images to show, of the training part; 0: none', parseCount, DEFAULT_IMAGES)
    .option('--png <file>', 'write the images there in place of showing them')
    .option('--augmented', 'a row an image: as it is, then as the first epochs would train on it');
  addVerboseOption(addConfigArguments(command));
  addExamples(command, [
    'lockstep data inspect configs/penguins.yaml data.split=stratified',
    'lockstep data inspect configs/fashion-cnn.yaml --augmented --png augmented.png',
  ]);
  return command.action(inspect);
}

async function inspect(
  file: string,
  overrides: string[],
  { json, png, images, augmented }: InspectFlags,
): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts');
  const { openDataset } = await import('../data/dataset.ts');
  const { inspectDataset, readSamples } = await import('../data/inspect.ts');
  const { sharedSampleWarnings } = await import('../experiment/check-samples.ts');
  const { config, baseDir } = loadConfig(file, overrides);
  const dataset = openDataset(config.data, config.seed, baseDir);
  const samples = readSamples(dataset);
  const inspection = inspectDataset(dataset, samples);
  const warnings = [...dataset.warnings, ...sharedSampleWarnings(dataset, samples.inputs)];
  const page = pageOf(process.stdout, process.env);
  if (json) process.stdout.write(`${JSON.stringify({ ...inspection, warnings })}\n`);
  else {
    const { presentInspection } = await import('./present-data.ts');
    process.stdout.write(`${presentInspection(inspection, warnings, page)}\n`);
  }
  const { encodePng, isImage, pictureBlocks, pictureGrid } = await import('../data/picture-grid.ts');
  const { spec, parts } = dataset;
  const ids = parts.train.subarray(0, images);
  if (augmented) checkAugmented(dataset, isImage(spec));
  if (!isImage(spec) || ids.length === 0 || (json && png === undefined)) return;
  const most = png === undefined ? imagesAcross(spec.input.shape[2], page) : MOST_PNG_ACROSS;
  let picture = augmented ? null : pictureGrid(spec, samples.inputs, ids, Math.min(most, ids.length));
  if (augmented) {
    const { augmentedSamples } = await import('../experiment/augmented-samples.ts');
    const epochs = Math.max(1, Math.min(AUGMENTED_EPOCHS, most - 1));
    const made = augmentedSamples(dataset, samples.inputs, ids, { data: config.data, seed: config.seed, epochs });
    picture = pictureGrid(
      spec,
      made,
      Array.from({ length: ids.length * (1 + epochs) }, (_, i) => i),
      1 + epochs,
    );
  }
  if (png !== undefined) writeFileSync(png, encodePng(picture!));
  else process.stdout.write(`\n${pictureBlocks(picture!).join('\n')}\n`);
}

/** @throws DataError where there is nothing to show */
function checkAugmented({ spec }: Dataset, isImage: boolean): void {
  if (spec.augment === undefined) {
    throw new DataError(
      'data.augment',
      'a list to show with --augmented',
      'none',
      'add data.augment, or leave --augmented',
    );
  }
  if (!isImage) throw new DataError('--augmented', 'images to show', `samples of (${spec.input.shape})`, 'leave it');
}

/** A pixel takes two columns. */
function imagesAcross(columns: number, page: Page): number {
  return Math.max(1, Math.floor((page.columns / 2 + 1) / (columns + 1)));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('Expected a whole number of 0 or more.');
  }
  return count;
}
