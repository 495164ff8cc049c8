// `lockstep data generate`: sizes → a folder of made-up samples that can be larger than memory. Main thread.
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { addExamples, addVerboseOption } from './command-line.ts';

interface GenerateFlags {
  size: number;
  features: number;
  classes?: number;
  outputs?: number;
  noise: number;
  seed: number;
  storage: 'f32' | 'u8';
}

const DEFAULT_BYTES = 6e9;
const DEFAULT_CLASSES = 10;

/** The command. */
export function generateCommand(): Command {
  const command = new Command('generate')
    .summary('made-up samples of any size')
    .description(
      'Write made-up samples into a new folder of npy files, as data.source shards reads them: the same ones for the same options.',
    )
    .addArgument(new Argument('<folder>', 'a new folder'))
    .addOption(
      new Option('--size <bytes>', 'of all files together, such as 600MB')
        .argParser(parseBytes)
        .default(DEFAULT_BYTES, '6GB'),
    )
    .addOption(new Option('--features <count>', 'inputs of a sample').argParser(parseCount).default(784))
    .addOption(new Option('--classes <count>', 'to classify: 10 where nothing is said').argParser(parseCount))
    .addOption(
      new Option('--outputs <count>', 'to regress, in place of classes').argParser(parseCount).conflicts('classes'),
    )
    .addOption(new Option('--noise <deviation>', 'how far samples scatter').argParser(parseNumber).default(1))
    .addOption(new Option('--seed <number>', 'of what is drawn').argParser(parseCount).default(1))
    .addOption(new Option('--storage <type>', 'of the inputs').choices(['f32', 'u8']).default('f32'));
  addVerboseOption(command);
  addExamples(command, [
    'lockstep data generate data/made-up --size 600MB',
    'lockstep data generate data/bytes --storage u8',
  ]);
  return command.action(generate);
}

async function generate(folder: string, { size, ...flags }: GenerateFlags): Promise<void> {
  const { generateShards } = await import('../data/generate.ts');
  const classes = flags.outputs === undefined ? (flags.classes ?? DEFAULT_CLASSES) : undefined;
  const { samples, bytes, files } = generateShards(folder, {
    ...flags,
    classes,
    bytes: size,
    onProgress: showProgress(),
  });
  const mb = (bytes / 1e6).toFixed(0);
  process.stdout.write(`${folder}: ${samples.toLocaleString('en-US')} samples, ${mb} MB in ${files} files\n`);
}

/** A line that is written over, on a terminal alone. */
function showProgress(): (written: number, all: number) => void {
  let shown = -1;
  return (written, all) => {
    const percent = Math.floor((100 * written) / all);
    if (!process.stderr.isTTY || percent === shown) return;
    shown = percent;
    process.stderr.write(percent === 100 ? '\r    \r' : `\r${percent} %`);
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function parseBytes(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) *([KMGT]?)B?$/i.exec(text) ?? [];
  const bytes = Number(digits) * UNITS[(unit ?? '').toUpperCase()];
  if (!(bytes >= 1)) throw new InvalidArgumentError('Expected a size such as 600MB or 6GB.');
  return bytes;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 2 ** 31)
    throw new InvalidArgumentError('Expected a whole number of 1 or more.');
  return count;
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1e6))
    throw new InvalidArgumentError('Expected a number of 0 or more.');
  return value;
}
