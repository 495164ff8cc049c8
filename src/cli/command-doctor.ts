// `lockstep doctor`: this machine → what lockstep can use of it, and what to install. Main thread; always exit code 0.
import { Command, InvalidArgumentError } from 'commander';
import { addExamples, addVerboseOption } from './command-line.ts';
import { pageOf } from './page.ts';

// A few seconds a library on two cores.
const DEFAULT_PRODUCTS = 100_000;

/** The command's flags and help. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('tell what this machine offers')
    .description(
      'Tell what this machine offers: engine, cores, memory, each BLAS with its test and its speed, and what to install.',
    )
    .option('--products <count>', 'products in the test of each BLAS', parseProducts, DEFAULT_PRODUCTS)
    .option('--json', 'print everything as JSON');
  addVerboseOption(command);
  addExamples(command, ['lockstep doctor']);
  return command.action(runDoctor);
}

async function runDoctor({ products, json }: { products: number; json?: boolean }): Promise<void> {
  const { diagnose } = await import('../experiment/diagnosis.ts');
  const diagnosis = diagnose(products);
  if (json) {
    process.stdout.write(`${JSON.stringify(diagnosis)}\n`);
    return;
  }
  const { presentDiagnosis } = await import('./present-doctor.ts');
  process.stdout.write(`${presentDiagnosis(diagnosis, pageOf(process.stdout, process.env))}\n`);
}

function parseProducts(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a whole number of 1 or more.');
  }
  return count;
}
