// `lockstep diff`: two run folders → the first step in which they differ, and where inside it. Main thread.
import { Command } from 'commander';
import { addExamples, addVerboseOption } from './command-line.ts';
import { EXIT } from './failure.ts';
import { presentDiff } from './present-diff.ts';

/** The command's arguments, flags and help. */
export function diffCommand(): Command {
  const command = new Command('diff')
    .summary('find the first step in which two runs differ')
    .description(
      'Compare the ledgers of two runs; where they differ, compute both again from their last checkpoints before that and tell the phase, shard and tensor: exit code 0 where all common rows are equal, else 1.',
    )
    .argument('<runA>', 'the folder of a run')
    .argument('<runB>', 'the folder of another')
    .option('--json', 'print what was found as JSON');
  addVerboseOption(command);
  addExamples(command, ['lockstep diff runs/digits runs/digits-2']);
  return command.action(runDiff);
}

async function runDiff(runA: string, runB: string, flags: { json?: boolean }): Promise<void> {
  const { diffRuns } = await import('../experiment/diff-runs.ts');
  const diff = await diffRuns(runA, runB);
  process.stdout.write(flags.json ? `${JSON.stringify(diff)}\n` : `${presentDiff(diff).join('\n')}\n`);
  if (diff.firstDifferent !== null) process.exitCode = EXIT.failed;
}
