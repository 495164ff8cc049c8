// `lockstep predict`: a run folder and inputs → what its model says of them; or, of a language model, texts. Main thread.
import { closeSync, openSync, writeSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { CheckpointChoice } from '../experiment/stored-run.ts';
import type { TrainedModel } from '../predict/trained-model.ts';
import { addCheckpointOption } from './command-eval.ts';
import { addExamples, addVerboseOption, addWorkersOption } from './command-line.ts';
import { pageOf } from './page.ts';
import { describeWeights } from './present-evaluation.ts';
import { formatCount, formatCounted } from './present-number.ts';
import { joinParts, wrapWords } from './present-table.ts';

interface PredictFlags {
  out?: string;
  json?: boolean;
  keep?: boolean;
  prompt?: string;
  length?: number;
  count?: number;
  temperature?: number;
  topK?: number;
  seed?: number;
  checkpoint: CheckpointChoice;
  workers: number | 'auto';
  quiet?: boolean;
}

/** Options that a text model has alone. */
const TEXT_FLAGS = ['prompt', 'length', 'count', 'temperature', 'topK', 'seed'] as const;

/** The command's arguments, flags and help. */
export function predictCommand(): Command {
  const command = new Command('predict')
    .summary('what the model of a run says of new inputs')
    .description(
      'Predict with the weights of a run and its stored preprocessing: for rows of CSV, JSON lines, Parquet or Arrow files (columns by their names, others are passed over; - is stdin, for text) or images (IDX) as CSV with class probabilities; a language model goes on with a text.',
    )
    .addArgument(new Argument('<run>', 'the folder of a run'))
    .addArgument(new Argument('[inputs...]', 'files of inputs; - is stdin'))
    .option('--out <file>', 'write the predictions there in place of stdout')
    .option('--json', 'print an object a line')
    .option('--keep', 'repeat all cells of the rows in front of the predictions')
    .option('--prompt <text>', 'of a language model: what the text begins with')
    .option(
      '--length <tokens>',
      'the most tokens (characters, without a tokenizer) to generate (default: 200)',
      wholeNumber(1),
    )
    .option('--count <texts>', 'how many texts (default: 1)', wholeNumber(1))
    .option(
      '--temperature <number>',
      'below 1: more probable characters; 0: the most probable (default: 1)',
      parseTemperature,
    )
    .option('--top-k <count>', 'draw among so many of the most probable characters', wholeNumber(1))
    .option('--seed <number>', 'the same seed gives the same text (default: 1)', wholeNumber(0));
  addWorkersOption(addCheckpointOption(command)).option('-q, --quiet', 'say nothing but warnings and errors');
  addVerboseOption(command);
  addExamples(command, [
    'lockstep predict runs/penguins new-birds.csv --out species.csv',
    'lockstep predict runs/gpt-moby --prompt "Call me" --length 500 --temperature 0.8',
    'lockstep predict runs/names --count 10 --seed 7',
  ]);
  return command.action(runPredict);
}

async function runPredict(run: string, inputs: string[], flags: PredictFlags, command: Command): Promise<void> {
  const { loadModel } = await import('../predict/trained-model.ts');
  const model = await loadModel(run, flags);
  try {
    const page = pageOf(process.stderr, process.env);
    for (const warning of model.run.warnings) {
      process.stderr.write(`${page.colors.yellow(wrapWords(`warning: ${warning}`, page))}\n`);
    }
    if (model.text === null) await predictSamples(model, inputs, flags, command);
    else await generateTexts(model, inputs, flags, command);
  } finally {
    await model.close();
  }
}

async function predictSamples(
  model: TrainedModel,
  inputs: string[],
  flags: PredictFlags,
  command: Command,
): Promise<void> {
  const { run, classes } = model;
  const text = TEXT_FLAGS.find((name) => flags[name] !== undefined);
  if (text !== undefined)
    command.error(
      `error: option '--${text === 'topK' ? 'top-k' : text}' is for runs on a text, got one on ${run.preprocessing.source}`,
    );
  if (inputs.length === 0)
    command.error("error: missing required argument 'inputs': files to predict for, or - for stdin");
  const { openSamples } = await import('../predict/open-samples.ts');
  const { csvWriter, jsonWriter } = await import('./present-prediction.ts');
  const samples = await openSamples(model, inputs, { keepsCells: flags.keep });
  const write = (flags.json ? jsonWriter : csvWriter)({ cells: samples.titles, classes });
  const startMs = performance.now();
  let count = 0;
  const put = openOutput(flags.out);
  try {
    for await (const block of model.predictAll(samples)) {
      put.write(write(block));
      count += block.predictions.length;
    }
  } finally {
    put.close();
  }
  tell(model, flags, formatCounted(count, 'sample'), `${formatRate(count, startMs)} samples/s`);
}

async function generateTexts(
  model: TrainedModel,
  inputs: string[],
  flags: PredictFlags,
  command: Command,
): Promise<void> {
  if (inputs.length > 0) command.error('error: a run on a text takes no inputs; say how it begins with --prompt');
  if (flags.keep) command.error("error: option '--keep' is for rows of a table");
  const { prompt, length, count = 1, temperature, topK, seed, json } = flags;
  const startMs = performance.now();
  const put = openOutput(flags.out);
  // One text is shown as it comes.
  const onText = count === 1 && !json ? put.write : undefined;
  try {
    const texts = await model.generate({ prompt, length, count, temperature, topK, seed, onText });
    if (json) for (const { text } of texts) put.write(`${JSON.stringify({ text })}\n`);
    else if (onText === undefined) for (const { text } of texts) put.write(`${text}\n`);
    else put.write('\n');
    const tokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
    tell(model, flags, formatCounted(tokens, 'token'), `${formatRate(tokens, startMs)} tokens/s`);
  } finally {
    put.close();
  }
}

interface Output {
  write(text: string): void;
  close(): void;
}

function openOutput(path: string | undefined): Output {
  if (path === undefined) return { write: (text) => void process.stdout.write(text), close: () => {} };
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w');
  } catch (cause) {
    throw new OutputError(
      `${path}: expected a file that can be written, got ${(cause as Error).message}; name another with --out`,
      { cause },
    );
  }
  return { write: (text) => writeAll(descriptor, Buffer.from(text)), close: () => closeSync(descriptor) };
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/** A place that predictions cannot be written to. */
class OutputError extends Error {
  readonly exitCode = 2;
}

function tell({ run }: TrainedModel, { quiet, out }: PredictFlags, what: string, speed: string): void {
  if (quiet) return;
  const page = pageOf(process.stderr, process.env);
  const { step } = run.checkpoint.state;
  const weights = describeWeights({ weights: run.which, epoch: run.epoch, step });
  const parts = [run.path, weights, what, speed];
  if (out !== undefined) parts.push(out);
  process.stderr.write(`${page.colors.dim(joinParts(parts, page))}\n`);
}

function formatRate(count: number, startMs: number): string {
  return formatCount((1000 * count) / Math.max(0.001, performance.now() - startMs));
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= least && Number.isSafeInteger(count)) return count;
    throw new InvalidArgumentError(`Expected a whole number of ${least} or more.`);
  };
}

function parseTemperature(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a number of 0 or more.');
}
