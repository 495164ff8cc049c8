// What the commands that take a config have in common: their arguments, and how a next command is typed. Main thread.
import { basename } from 'node:path';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';

/** Adds `<config> [overrides...]` to a command. */
export function addConfigArguments(command: Command): Command {
  return command
    .addArgument(new Argument('<config>', 'the YAML file of an experiment'))
    .addArgument(new Argument('[overrides...]', 'keys of the config to set, as in epochs=3 data.batchSize=256'));
}

/** The same where a run folder may stand in place of the config. */
export function addTrainArguments(command: Command): Command {
  return command
    .addArgument(new Argument('[config]', 'the YAML file of an experiment; with --resume a run folder'))
    .addArgument(new Argument('[overrides...]', 'keys of the config to set, as in epochs=3 data.batchSize=256'));
}

/** Adds `-v`, which every command has: errors come with their stacks, and with them what else the command has to tell. */
export function addVerboseOption(command: Command, more = ''): Command {
  return command.addOption(new Option('-v, --verbose', `say more: ${more}stacks of errors`));
}

/** Help ends with examples: each a line of what is typed and, under it, nothing else. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const heading = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', ['', heading, ...examples.map((example) => `  $ ${example}`)].join('\n'));
}

/** The words of a command as a shell takes them: `lockstep`, or `npx lockstep` where the program is not on the path. */
export function typedCommand(words: readonly string[], script: string, variables: NodeJS.ProcessEnv): string {
  const isInstalled = basename(script) === 'lockstep' && variables.npm_command === undefined;
  return [isInstalled ? 'lockstep' : 'npx lockstep', ...words.map(quoteForShell)].join(' ');
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Adds `--workers`, how many threads compute. */
export function addWorkersOption(command: Command): Command {
  return command.option('--workers <count>', 'threads that compute; they change no bit', parseWorkers, 'auto');
}

function parseWorkers(text: string): number | 'auto' {
  const count = Number(text);
  if (text === 'auto') return text;
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_WORKERS) return count;
  throw new InvalidArgumentError(`Expected auto or a whole number from 1 to ${MOST_WORKERS}.`);
}

/** More threads than any machine has cores. */
const MOST_WORKERS = 1024;
