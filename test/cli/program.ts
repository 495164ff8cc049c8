// The built program as users start it: a process of its own, its exit code and what it wrote.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/bundle/cli/main.js', import.meta.url));

/** How a process of lockstep ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts `lockstep` with these arguments in a folder; neither colour nor CI come from around the test. */
export function startLockstep(
  args: readonly string[],
  cwd: string,
  variables: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, npm_command: _npm, ...env } = process.env;
  return spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...env, ...variables } });
}

/** Waits for its end. */
export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** Both: starts and waits. */
export function runLockstep(args: readonly string[], cwd: string, variables: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return outcomeOf(startLockstep(args, cwd, variables));
}
