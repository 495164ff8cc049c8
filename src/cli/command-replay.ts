// `lockstep replay`: a run folder and a step → that step computed again on one worker, and what it is made of. Main thread.
import { Command, InvalidArgumentError } from 'commander';
import { addExamples, addVerboseOption } from './command-line.ts';
import { presentTrace } from './present-trace.ts';

interface ReplayFlags {
  step: number;
  json?: boolean;
  verbose?: boolean;
}

/** The command's arguments, flags and help. */
export function replayCommand(): Command {
  const command = new Command('replay')
    .summary('compute one step of a run again, and show it')
    .description(
      'Compute a step again from the nearest checkpoint, on one worker: the losses of its samples, the gradient norm of each layer, and where the first value comes from that is no number.',
    )
    .argument('<run>', 'the folder of a run')
    .requiredOption('--step <number>', 'the step, counted from 0', parseStep)
    .option('--json', 'print what was found as JSON');
  addVerboseOption(command, 'every sample, ');
  addExamples(command, ['lockstep replay runs/digits --step 120']);
  return command.action(runReplay);
}

async function runReplay(run: string, flags: ReplayFlags): Promise<void> {
  const { replayStep } = await import('../experiment/diff-runs.ts');
  const trace = await replayStep(run, flags.step);
  const text = flags.json ? JSON.stringify(trace) : presentTrace(trace, flags.verbose === true).join('\n');
  process.stdout.write(`${text}\n`);
}

function parseStep(text: string): number {
  const step = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(step))
    throw new InvalidArgumentError('Expected a whole number of 0 or more.');
  return step;
}
