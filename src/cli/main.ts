#!/usr/bin/env node
// argv → one command, its exit code; the main thread of the program `lockstep`. Each command imports what it needs when it runs.
import { Command, CommanderError } from 'commander';
import { lockstepVersion } from '../experiment/version.ts';
import { benchCommand } from './command-bench.ts';
import { dataCommand } from './command-data.ts';
import { diffCommand } from './command-diff.ts';
import { doctorCommand } from './command-doctor.ts';
import { evalCommand } from './command-eval.ts';
import { addExamples } from './command-line.ts';
import { planCommand } from './command-plan.ts';
import { predictCommand } from './command-predict.ts';
import { replayCommand } from './command-replay.ts';
import { resizeCommand } from './command-resize.ts';
import { trainCommand } from './command-train.ts';
import { verifyCommand } from './command-verify.ts';
import { describeFailure, EXIT } from './failure.ts';
import { pageOf } from './page.ts';

/** All commands; commander's own exits become exceptions, so that there is one place for exit codes. */
function createProgram(): Command {
  const program = new Command('lockstep')
    .description('Train neural networks on all cores, in step: the same config gives the same bits.')
    .version(lockstepVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    // With all their arguments the names would leave no room for what the commands do.
    .configureHelp({ subcommandTerm: (command) => command.name() });
  addExamples(program, ['lockstep train configs/mnist-mlp.yaml epochs=3']);
  for (const command of [
    trainCommand(),
    resizeCommand(),
    planCommand(),
    evalCommand(),
    predictCommand(),
    verifyCommand(),
    dataCommand(),
    diffCommand(),
    replayCommand(),
    benchCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command.helpOption('-h, --help', 'print this help').copyInheritedSettings(program));
  }
  for (const command of withSubcommands(program)) {
    command
      .helpOption('-h, --help', 'print this help')
      .exitOverride()
      .showHelpAfterError(`(${helpName(command)} --help tells what is possible)`);
  }
  return program;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function helpName(command: Command): string {
  return command.parent === null ? command.name() : `${helpName(command.parent)} ${command.name()}`;
}

/** A reader that has read enough (`| head`) is no error; a run in progress is stopped by its own listener. */
function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stderr.on('error', () => {});
}

async function main(): Promise<void> {
  endQuietlyOnBrokenPipe();
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message; help and version that were asked for are no errors.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
      return;
    }
    const { text, exitCode } = describeFailure(error, isVerbose(process.argv));
    const { colors } = pageOf(process.stderr, process.env);
    process.stderr.write(`${text.replace(/^error:/gm, colors.red('error:'))}\n`);
    process.exitCode = exitCode;
  }
}

function isVerbose(argv: readonly string[]): boolean {
  return argv.some((argument) => argument === '--verbose' || /^-[a-z]*v[a-z]*$/.test(argument));
}

await main();
