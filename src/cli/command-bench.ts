// `lockstep bench`: measures kernels, the scaling of a config, the protocol's own cost on this machine. Main thread.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { addConfigArguments, addExamples, addVerboseOption } from './command-line.ts';
import { EXIT } from './failure.ts';
import { isLive, type Page, pageOf } from './page.ts';
import type { BenchMachine } from './present-bench.ts';

interface OutputFlags {
  json?: boolean;
  html?: string;
}

interface KernelFlags extends OutputFlags {
  numerics: 'auto' | 'portable' | 'fast';
  ms: number;
}

interface ScalingFlags extends OutputFlags {
  workers?: number[];
  rounds: number;
  ms: number;
}

interface StepFlags extends OutputFlags {
  workers?: number[];
  steps: number;
  repeats: number;
}

/** The command with its three subcommands. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .summary('measure kernels, scaling, the cost of a step')
    .description(
      'Measure this machine. Figures are of this machine at this moment: compare only what was taken in one go.',
    );
  addExamples(command, ['lockstep bench scaling configs/mnist-mlp.yaml --html scaling.html']);
  command.addCommand(kernelsCommand());
  command.addCommand(scalingCommand());
  command.addCommand(stepCommand());
  return command;
}

function kernelsCommand(): Command {
  const command = new Command('kernels')
    .summary('GFLOP/s and GB/s of each kernel')
    .description("Measure each kernel on one core, against this machine's own best product and copy.")
    .addArgument(new Argument('[kernels...]', 'names of kernels; all where none is given'))
    .addOption(
      new Option('--numerics <numerics>', 'whose kernels').choices(['auto', 'portable', 'fast']).default('auto'),
    )
    .option('--ms <ms>', 'how long each kernel is run', parseCount, 60);
  addOutputOptions(command);
  addExamples(command, ['lockstep bench kernels gemm conv2d adam']);
  return command.action(runKernels);
}

function scalingCommand(): Command {
  const command = new Command('scaling')
    .summary('how much faster several workers train a config')
    .description('Train a config with several numbers of workers in turns; prove that their bits are the same.')
    .option(
      '--workers <counts>',
      '4: from 1 to 4; or a list such as 1,2,8; the cores where nothing is said',
      parseWorkers,
    )
    .option('--rounds <count>', 'how often each number of workers has its turn', parseCount, 9)
    .option('--ms <ms>', 'how long one turn lasts, about', parseCount, 250);
  addOutputOptions(addConfigArguments(command));
  addExamples(command, ['lockstep bench scaling configs/mnist-mlp.yaml --workers 4']);
  return command.action(runScaling);
}

function stepCommand(): Command {
  const command = new Command('step')
    .summary('what the step protocol costs')
    .description('Measure steps in which nothing is computed: claims, ends of phases, the commit.')
    .option(
      '--workers <counts>',
      '4: from 1 to 4; or a list such as 1,2,8; the cores where nothing is said',
      parseWorkers,
    )
    .option('--steps <count>', 'steps of one repeat', parseCount, 10_000)
    .option('--repeats <count>', 'repeats of each measurement', parseCount, 9);
  addOutputOptions(command);
  addExamples(command, ['lockstep bench step --workers 2']);
  return command.action(runStep);
}

function addOutputOptions(command: Command): void {
  command
    .option('--json', 'print the figures as one JSON object')
    .option('--html <file>', 'write a page with charts, which opens from disk');
  addVerboseOption(command);
}

async function runKernels(names: string[], flags: KernelFlags): Promise<void> {
  const { measureKernels } = await import('../bench/measure-kernels.ts');
  const { KERNEL_NAMES } = await import('../kernels/kernel-set.ts');
  const unknown = names.find((name) => !(KERNEL_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new BenchError(`bench kernels: expected names of kernels, got ${unknown}; try ${KERNEL_NAMES[0]} or none`);
  }
  const report = measureKernels({
    numerics: flags.numerics,
    kernels: names.length > 0 ? names : undefined,
    kernelMs: flags.ms,
    onKernel: showProgress,
  });
  const { presentKernels } = await import('./present-bench.ts');
  const { kernelPage } = await import('./bench-page.ts');
  await show('kernels', report, report.backend, flags, presentKernels, kernelPage);
}

async function runScaling(file: string, overrides: string[], flags: ScalingFlags): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts');
  const { config, baseDir } = loadConfig(file, overrides);
  const { measureScaling } = await import('../bench/measure-scaling.ts');
  const cores = availableParallelism();
  const report = await measureScaling(config, {
    workerCounts: flags.workers ?? countsUpTo(cores),
    cores,
    baseDir,
    rounds: flags.rounds,
    stretchMs: flags.ms,
    onRound: (round, rounds) => showProgress(`round ${round}/${rounds}`),
  });
  const { presentScaling } = await import('./present-bench.ts');
  const { scalingPage } = await import('./bench-page.ts');
  await show('scaling', report, report.backend, flags, presentScaling, scalingPage);
  if (!report.isSame) process.exitCode = EXIT.failed;
}

async function runStep(flags: StepFlags): Promise<void> {
  const { measureStep } = await import('../bench/measure-step.ts');
  const cores = availableParallelism();
  const report = await measureStep({
    workerCounts: flags.workers ?? countsUpTo(cores),
    cores,
    shards: 8,
    ranges: 16,
    steps: flags.steps,
    repeats: flags.repeats,
    onRow: ({ workers }) => showProgress(`${workers} workers`),
  });
  const { presentStep } = await import('./present-bench.ts');
  const { stepPage } = await import('./bench-page.ts');
  await show('step', report, null, flags, presentStep, stepPage);
}

/** The table or the JSON to stdout, and the page where one is asked for. */
async function show<Report>(
  bench: string,
  report: Report,
  backend: string | null,
  flags: OutputFlags,
  present: (report: Report, page: Page) => string,
  makePage: (report: Report, machine: BenchMachine) => string,
): Promise<void> {
  hideProgress();
  const machine = await describeMachine();
  if (flags.json) process.stdout.write(`${JSON.stringify({ bench, machine, ...report })}\n`);
  else {
    const { presentMachine } = await import('./present-bench.ts');
    const page = pageOf(process.stdout, process.env);
    process.stdout.write(`${presentMachine(machine, backend, page)}\n\n${present(report, page)}\n`);
  }
  if (flags.html === undefined) return;
  try {
    writeFileSync(flags.html, makePage(report, machine));
  } catch (cause) {
    throw new BenchError(
      `--html: expected a file that can be written, got ${flags.html} (${(cause as Error).message})`,
    );
  }
  process.stderr.write(`page      ${flags.html}\n`);
}

async function describeMachine(): Promise<BenchMachine> {
  const { cpuModel } = await import('../experiment/environment.ts');
  const { lockstepVersion } = await import('../experiment/version.ts');
  const cores = availableParallelism();
  return { version: lockstepVersion(), node: process.versions.node, cpu: cpuModel(), cores };
}

function showProgress(text: string): void {
  if (isLive(process.stderr, process.env)) process.stderr.write(`\r\x1b[Kmeasuring ${text}`);
}

function hideProgress(): void {
  if (isLive(process.stderr, process.env)) process.stderr.write('\r\x1b[K');
}

/** All counts up to eight; above that, as each has a run of its own in memory, doublings. */
export function countsUpTo(most: number): number[] {
  if (most <= 8) return Array.from({ length: most }, (_, i) => i + 1);
  const counts: number[] = [];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a whole number of 1 or more.');
  }
  return count;
}

/** `4` is 1, 2, 3, 4; `1,4` is just these. */
export function parseWorkers(text: string): number[] {
  const counts = text.split(',').map((count) => parseCount(count.trim()));
  return counts.length === 1 ? countsUpTo(counts[0]) : [...new Set(counts)].sort((a, b) => a - b);
}

/** A bench that cannot begin, or whose page cannot be written. */
class BenchError extends Error {
  readonly exitCode = EXIT.usage;
}
