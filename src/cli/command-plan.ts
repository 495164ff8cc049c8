// `lockstep plan`: a config → the compiled plan, printed. Main thread; nothing is trained and nothing written.
import { Command } from 'commander';
import { addConfigArguments, addExamples, addVerboseOption } from './command-line.ts';

/** The command's arguments, flags and help. */
export function planCommand(): Command {
  const command = new Command('plan')
    .summary('print what a config compiles to')
    .description('Print the kernel calls, buffers and bytes that a config compiles to.')
    .option('--json', 'print the plan as JSON');
  addVerboseOption(addConfigArguments(command));
  addExamples(command, ['lockstep plan configs/mnist-mlp.yaml data.batchSize=256']);
  return command.action(runPlan);
}

async function runPlan(file: string, overrides: string[], { json }: { json?: boolean }): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts');
  const { config, baseDir } = loadConfig(file, overrides);
  const { loadModel } = await import('../experiment/load-model.ts');
  const { prepareRun } = await import('../experiment/prepare.ts');
  const { plan } = prepareRun(config, { baseDir, model: await loadModel(config, baseDir) });
  const { printPlan } = await import('../plan/print.ts');
  const text = json ? JSON.stringify(plan, null, 2) : printPlan(plan).trimEnd();
  process.stdout.write(`${text}\n`);
}
