// A config → its run in a process of its own, killed in the middle of a step, opened again at its checkpoint. Coordinator.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatConfig } from '../config/format-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { openResume, type ResumedRun } from './resume.ts';
import { withAbsolutePaths } from './run-folder.ts';

/** Where the process is killed, and how its run goes on. */
export interface KillSpec {
  /** The step in the middle of which it is killed; it has a checkpoint of the state before it. */
  step: number;
  /** With so many workers. */
  resumeWorkers: number;
  /** What relative paths in the config start from. */
  baseDir: string;
}

/** The run of a process that is gone. */
export interface OpenedRun {
  resumed: ResumedRun;
  /** False where it was over before. */
  isKilled: boolean;
  /** Gives the lock back and removes the folder. */
  close(): void;
}

/** A process that failed of something else. */
class ChildError extends Error {
  override readonly name = 'ChildError';
  readonly exitCode = 1;
}

const NAME = 'verify';
const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url));
/** Longer than it takes to see the checkpoint, shorter than for ever. */
const HANG_SECONDS = 60;
/** No epoch of it ends while it is looked at: evaluations are not part of what is compared. */
const NEVER_EPOCHS = 1e9;

/**
 * Runs `lockstep train` in a temporary folder, with a worker that hangs in the update of step `step`, so that the step does not end;
 * sends SIGKILL when the checkpoint of that step is on disk; and opens what is left for other workers.
 * @throws ChildError where the process fails of something else; as `openResume` does
 */
export async function killAndOpen(config: TrainConfig & { workers: number }, spec: KillSpec): Promise<OpenedRun> {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-verify-'));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  try {
    const file = join(root, `${NAME}.yaml`);
    writeFileSync(file, formatConfig({ config: withAbsolutePaths(hangingConfig(config, spec.step), spec.baseDir) }));
    const { LOCKSTEP_FAULTS: _, ...env } = process.env;
    const args = [MAIN, 'train', file, '--json', '--quiet', '--runs-dir', root];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const isKilled = await killAtCheckpoint(child, spec.step, remove);
    const resumed = openResume(join(root, NAME), { overrides: [`workers=${spec.resumeWorkers}`] });
    const close = (): void => {
      resumed.folder.unlock();
      remove();
    };
    return { resumed, isKilled, close };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The same bits; a checkpoint of step `step`, and a worker that does not end it. */
function hangingConfig(config: TrainConfig & { workers: number }, step: number): TrainConfig {
  const { workersAt: _, ...rest } = config;
  return {
    ...rest,
    name: NAME,
    maxWorkers: 'auto',
    evaluation: { ...config.evaluation, everyEpochs: NEVER_EPOCHS },
    checkpoint: { everySteps: Math.max(1, step), everySeconds: 0, keep: 2 },
    recovery: { ...config.recovery, deadlineSeconds: HANG_SECONDS },
    faults: [{ kind: 'hang', worker: 'any', step, phase: 'update', moment: 'begin', ms: 0, count: 1, seed: 0 }],
  };
}

/** Whether SIGKILL ended it. A signal that ends this process ends the child too. */
async function killAtCheckpoint(child: ChildProcess, step: number, remove: () => void): Promise<boolean> {
  const errors: string[] = [];
  child.stderr!.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (isCheckpointOf(line, step)) child.kill('SIGKILL');
  });
  const endBoth = (signal: NodeJS.Signals): void => {
    child.kill('SIGKILL');
    remove();
    process.off('SIGINT', endBoth).off('SIGTERM', endBoth).kill(process.pid, signal);
  };
  process.on('SIGINT', endBoth).on('SIGTERM', endBoth);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    if (code !== null && code !== 0) {
      throw new ChildError(
        `verify: expected a process that trains until it is killed, got exit code ${code}: ${errors.join('').trim()}`,
      );
    }
    return child.signalCode === 'SIGKILL';
  } finally {
    process.off('SIGINT', endBoth).off('SIGTERM', endBoth);
  }
}

/** The one of step 0 is on disk when the run has begun, and not told. */
function isCheckpointOf(line: string, step: number): boolean {
  const event = JSON.parse(line) as { type: string; step?: number };
  return step === 0 ? event.type === 'start' : event.type === 'checkpoint' && event.step === step;
}
