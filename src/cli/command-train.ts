// `lockstep train`: a config → a run, shown while it goes on. Main thread; what training needs is imported when it is called.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { LoadedConfig } from '../config/load-config.ts';
import type { ProgressEvent, TrainEvent } from '../experiment/events.ts';
import { addExamples, addTrainArguments, addVerboseOption, typedCommand } from './command-line.ts';
import { EXIT } from './failure.ts';
import { isLive, pageOf } from './page.ts';
import { createProgressBar, createProgressLines, NO_PROGRESS, type ProgressDisplay } from './progress-display.ts';
import { StopSignals } from './stop-signals.ts';
import { TrainReport } from './train-report.ts';

interface TrainFlags {
  resume?: boolean;
  allowChanges?: boolean;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  printConfig?: boolean;
  dryRun?: boolean;
  fastDevRun?: boolean;
  runsDir: string;
}

/** Steps of `--fast-dev-run`: enough that a second generation is read and written again. */
const FAST_DEV_STEPS = 5;

/** The command's arguments, flags and help. */
export function trainCommand(): Command {
  const command = new Command('train')
    .summary('train a network, write a run folder')
    .description(
      'Train the network that a config describes, and write a run folder; or go on with a run from its last checkpoint.',
    )
    .option('--resume', 'go on with the run in a folder (runs/latest where none is named), with any number of workers')
    .option('--allow-changes', 'go on although keys that decide the bits, or the backend, are others now')
    .option('--json', 'print the events as JSON lines on stdout; text for people goes to stderr')
    .addOption(new Option('-q, --quiet', 'say nothing but warnings and errors').conflicts('verbose'))
    .option('--print-config', 'print the resolved config with the origin of each value, and end')
    .option('--dry-run', 'load, compile and show everything, but train and write nothing')
    .option('--fast-dev-run', `train ${FAST_DEV_STEPS} steps, evaluate, and keep nothing`)
    .option('--runs-dir <folder>', 'where the run folder is made', 'runs');
  addVerboseOption(addTrainArguments(command), 'phases of each epoch, whole hashes, ');
  addExamples(command, [
    'lockstep train configs/mnist-mlp.yaml',
    'lockstep train configs/mnist-mlp.yaml epochs=3 optimizer.lr=0.002 name=faster',
    'lockstep train --resume runs/mnist-mlp workers=4',
  ]);
  return command.action(runTrain);
}

async function runTrain(first: string | undefined, rest: string[], flags: TrainFlags, command: Command): Promise<void> {
  const words = first === undefined ? rest : [first, ...rest];
  if (flags.resume) return await resumeAndShow(words, flags, command);
  const [file, ...overrides] = words;
  if (file === undefined) command.error("error: missing required argument 'config'");
  if (flags.allowChanges) command.error("error: option '--allow-changes' is for --resume");
  // Hundreds of modules: while the config is read they come from the disk.
  if (!flags.printConfig) import('../experiment/train.ts').catch(() => {});
  const { loadConfig } = await import('../config/load-config.ts');
  const loaded = loadConfig(file, overrides);
  if (flags.printConfig) {
    const { formatConfig } = await import('../config/format-config.ts');
    process.stdout.write(formatConfig(loaded));
    return;
  }
  const report = await createReport(words, flags);
  if (flags.dryRun) await showDryRun(loaded, report);
  else await trainAndShow(loaded, flags, report);
}

async function showDryRun({ config, baseDir }: LoadedConfig, { report }: OpenReport): Promise<void> {
  const { prepareRun } = await import('../experiment/prepare.ts');
  const { describeRun } = await import('../experiment/describe-run.ts');
  const { loadModel } = await import('../experiment/load-model.ts');
  const { countFolds } = await import('../experiment/fold-runs.ts');
  const run = prepareRun(config, { baseDir, model: await loadModel(config, baseDir) });
  const folds = countFolds(config);
  if (folds !== null) report.show({ type: 'fold', fold: 1, of: folds });
  report.show(describeRun(run, null));
  const { notice } = run.numerics;
  const warnings = [...(notice === undefined ? [] : [notice]), ...run.dataset.warnings];
  for (const message of warnings) report.show({ type: 'notice', level: 'warning', message });
}

async function trainAndShow({ config, baseDir }: LoadedConfig, flags: TrainFlags, opened: OpenReport): Promise<void> {
  const { report, progress } = opened;
  const signals = listen(opened);
  const trial = flags.fastDevRun ? makeTrialFolder() : null;
  try {
    const { train } = await import('../experiment/train.ts');
    const { summary } = await train(config, {
      onEvent: (event) => report.show(trial === null ? event : asTrial(event)),
      signal: signals.signal,
      runsDir: trial ?? flags.runsDir,
      baseDir,
      maxSteps: trial === null ? undefined : FAST_DEV_STEPS,
    });
    if (summary.status === 'stopped') process.exitCode = signals.exitCode ?? EXIT.failed;
  } finally {
    progress.hide();
    signals.release();
    if (trial !== null) rmSync(trial, { recursive: true, force: true });
  }
}

/** Words with `=` are overrides wherever they stand; what is left is the folder. */
async function resumeAndShow(words: readonly string[], flags: TrainFlags, command: Command): Promise<void> {
  const overrides = words.filter((word) => word.includes('='));
  const [folder = join(flags.runsDir, 'latest'), ...more] = words.filter((word) => !word.includes('='));
  if (more.length > 0) command.error(`error: expected one run folder to resume, got ${folder} and ${more.join(', ')}`);
  for (const name of ['dryRun', 'fastDevRun', 'printConfig'] as const)
    if (flags[name])
      command.error('error: --resume trains on: it goes with none of --dry-run, --fast-dev-run, --print-config');
  const opened = await createReport([folder, ...overrides], flags);
  const signals = listen(opened);
  try {
    const { resume } = await import('../experiment/train.ts');
    const result = await resume(folder, {
      overrides,
      allowChanges: flags.allowChanges,
      onEvent: (event) => opened.report.show(event),
      signal: signals.signal,
    });
    if (result.isFinished) opened.writeText(`${result.runFolder} is finished: raise epochs or steps to train on`);
    else if (result.summary.status === 'stopped') process.exitCode = signals.exitCode ?? EXIT.failed;
  } finally {
    opened.progress.hide();
    signals.release();
  }
}

function listen({ progress, writeWarning }: OpenReport): StopSignals {
  return new StopSignals(() => {
    progress.hide();
    writeWarning('stopping after this step; a second signal ends at once');
  });
}

/** A trial goes through all of a run, its folder included, and leaves nothing. */
function makeTrialFolder(): string {
  return mkdtempSync(join(tmpdir(), 'lockstep-'));
}

function asTrial<Event extends TrainEvent | ProgressEvent>(event: Event): Event {
  if (event.type !== 'start') return event;
  return { ...event, runFolder: null, epochs: null, steps: Math.min(event.steps, FAST_DEV_STEPS) };
}

/** What is shown at the end of a run that is done. */
function nextWords(words: readonly string[], flags: TrainFlags): string[][] {
  if (flags.resume) return [];
  return [[flags.fastDevRun ? 'train' : 'verify', ...words]];
}

interface OpenReport {
  report: TrainReport;
  progress: ProgressDisplay;
  writeText: (text: string) => void;
  writeWarning: (text: string) => void;
}

/** @param words what `verify` and a next run are called with */
async function createReport(words: readonly string[], flags: TrainFlags): Promise<OpenReport> {
  const { stdout, stderr, env } = process;
  const textStream = flags.json ? stderr : stdout;
  const writeText = (text: string) => void (flags.quiet ? null : textStream.write(`${text}\n`));
  const writeWarning = (text: string) => void stderr.write(`${text}\n`);
  const progress = flags.quiet ? NO_PROGRESS : await createProgress(writeWarning);
  const report = new TrainReport({
    level: flags.quiet ? 'quiet' : flags.verbose ? 'verbose' : 'normal',
    writeText,
    writeWarning,
    writeJson: flags.json ? (line) => void stdout.write(`${line}\n`) : undefined,
    progress,
    page: pageOf(textStream, env),
    warningPage: pageOf(stderr, env),
    next: nextWords(words, flags).map((next) => typedCommand(next, process.argv[1], env)),
    resume: (runFolder) => typedCommand(['train', '--resume', runFolder], process.argv[1], env),
    isKept: !flags.fastDevRun,
  });
  return { report, progress, writeText, writeWarning };
}

async function createProgress(writeLine: (line: string) => void): Promise<ProgressDisplay> {
  const { stderr, env } = process;
  if (isLive(stderr, env)) return createProgressBar(stderr, () => pageOf(stderr, env));
  return createProgressLines(writeLine, () => performance.now());
}
