// `lockstep verify`: a config → the same few steps with several numbers of workers and through kills, and whether their bits are the same.
// Main thread.
import { Command, InvalidArgumentError } from 'commander';
import { addConfigArguments, addExamples, addVerboseOption } from './command-line.ts';
import { EXIT } from './failure.ts';
import { pageOf } from './page.ts';
import { presentVerdict, presentVerifiedRun } from './present-verify.ts';

interface VerifyFlags {
  steps: number;
  workers: number[];
  kills: boolean;
  verbose?: boolean;
}

const DEFAULT_STEPS = 20;
const DEFAULT_WORKERS = [1, 2, 3, 5];

/** The command's arguments, flags and help. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .summary('prove that worker counts and kills change no bit')
    .description(
      'Prove that a config gives the same bits with any number of workers, with workers that are killed in the middle of a step, and when the whole process is killed and gone on with: exit code 0, or 1 where it does not.',
    )
    .option('--steps <count>', 'steps of each run', parseCount, DEFAULT_STEPS)
    .option('--workers <counts>', 'numbers of workers, one run each', parseCounts, DEFAULT_WORKERS)
    .option('--no-kills', 'compare numbers of workers only: kill nothing');
  addVerboseOption(addConfigArguments(command), 'whole hashes, ');
  addExamples(command, ['lockstep verify configs/mnist-mlp.yaml --steps 20 --workers 1,2,5']);
  return command.action(runVerify);
}

async function runVerify(file: string, overrides: string[], flags: VerifyFlags): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts');
  const { config, baseDir } = loadConfig(file, overrides);
  const { verify } = await import('../experiment/verify.ts');
  const page = pageOf(process.stdout, process.env);
  const verified = await verify(config, {
    steps: flags.steps,
    workerCounts: flags.workers,
    kills: flags.kills,
    baseDir,
    onRun: (run) => void process.stdout.write(`${presentVerifiedRun(run, flags.verbose === true)}\n`),
  });
  process.stdout.write(`${presentVerdict(verified, page)}\n`);
  if (!verified.isSame || verified.notProven.length > 0) process.exitCode = EXIT.failed;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a whole number of 1 or more.');
  }
  return count;
}

function parseCounts(text: string): number[] {
  const counts = text.split(',').map((count) => parseCount(count.trim()));
  if (new Set(counts).size < 2)
    throw new InvalidArgumentError('Expected two or more different numbers, such as 1,2,3.');
  return counts;
}
