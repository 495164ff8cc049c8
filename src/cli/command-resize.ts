// `lockstep resize`: a run folder and a count → a request to the run that goes on there. Main thread.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { addExamples } from './command-line.ts';

/** The command's arguments and help. */
export function resizeCommand(): Command {
  const command = new Command('resize')
    .summary('change the number of workers of a run that goes on')
    .description('Change the number of workers of a run that goes on, between two steps; its bits stay the same.')
    .argument('<run>', 'the run folder, such as runs/latest')
    .argument('<count>', 'workers from now on, at most the maxWorkers of the run', parseCount);
  addExamples(command, ['lockstep resize runs/latest 3']);
  return command.action(runResize);
}

async function runResize(run: string, count: number): Promise<void> {
  const { writeControl } = await import('../experiment/run-control.ts');
  if (!existsSync(join(run, 'config.yaml'))) {
    throw new ResizeError(
      `resize: expected the folder of a run, got ${run}; give one that has a config.yaml, such as runs/latest`,
    );
  }
  if (existsSync(join(run, 'summary.json'))) {
    throw new ResizeError(`resize: expected a run that goes on, got ${run}, which has ended; start another one`);
  }
  writeControl(run, { workers: count });
  process.stdout.write(`asked ${run} for ${count} ${count === 1 ? 'worker' : 'workers'}; it tells when it has them\n`);
}

class ResizeError extends Error {
  readonly exitCode = 2;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,4}$/.test(text) || count < 1 || count > 1024) {
    throw new InvalidArgumentError('Expected a whole number from 1 to 1024.');
  }
  return count;
}
