// `lockstep eval`: a run folder and a part of its data, or another file → loss and metrics of the saved weights. Main thread.
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { CheckpointChoice } from '../experiment/stored-run.ts';
import { addExamples, addVerboseOption, addWorkersOption } from './command-line.ts';
import { pageOf } from './page.ts';

interface EvalFlags {
  part?: 'test' | 'validation' | 'train';
  data?: string;
  labels?: string;
  checkpoint: CheckpointChoice;
  metrics?: string[];
  workers: number | 'auto';
  json?: boolean;
}

/** The command's arguments, flags and help. */
export function evalCommand(): Command {
  const command = new Command('eval')
    .summary('loss and metrics of a run, on its data or other')
    .description(
      "Evaluate the weights of a run: on a part of its own data, with the figures that training told, to the bit; or on another file, with the run's preprocessing.",
    )
    .addArgument(new Argument('<run>', 'the folder of a run'))
    .addOption(
      new Option('--part <part>', 'of the data: test where there is one, else validation').choices([
        'test',
        'validation',
        'train',
      ]),
    )
    .addOption(
      new Option('--data <file>', 'another file: CSV with the target, a text, or IDX images').conflicts('part'),
    )
    .option('--labels <file>', 'the labels of IDX images')
    .option('--metrics <names>', 'metrics to tell, as in accuracy,confusionMatrix', (text) => text.split(','));
  addWorkersOption(addCheckpointOption(command)).option('--json', 'print what was found as JSON');
  addVerboseOption(command);
  addExamples(command, [
    'lockstep eval runs/latest',
    'lockstep eval runs/penguins --data new-birds.csv --metrics accuracy,confusionMatrix',
  ]);
  return command.action(runEval);
}

/** Adds `--checkpoint`, which weights are used. */
export function addCheckpointOption(command: Command): Command {
  return command.option('--checkpoint <which>', 'whose weights: last, best, or a step', parseCheckpoint, 'last');
}

async function runEval(run: string, flags: EvalFlags, command: Command): Promise<void> {
  const { part, data, labels, checkpoint, metrics, workers, json } = flags;
  if (labels !== undefined && data === undefined) command.error("error: option '--labels' is for --data");
  const { evaluateRun } = await import('../experiment/evaluate-run.ts');
  const other = data === undefined ? undefined : { file: data, labels };
  const result = await evaluateRun(run, { part, other, checkpoint, metrics, workers });
  if (json) return void process.stdout.write(`${JSON.stringify(result)}\n`);
  const { presentEvaluation } = await import('./present-evaluation.ts');
  process.stdout.write(`${presentEvaluation(result, pageOf(process.stdout, process.env))}\n`);
}

function parseCheckpoint(text: string): CheckpointChoice {
  if (text === 'last' || text === 'best') return text;
  const step = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(step)) return step;
  throw new InvalidArgumentError('Expected last, best, or a step.');
}
