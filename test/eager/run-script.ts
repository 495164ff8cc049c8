// A module's text → what Node prints when it runs in a folder of this package, where `lockstep` is the built one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the text as a module of its own process. */
export function runScript(text: string, flags: readonly string[] = []): { stdout: string; stderr: string } {
  const runs = join(ROOT, 'runs');
  mkdirSync(runs, { recursive: true });
  const folder = mkdtempSync(join(runs, 'script-'));
  try {
    const file = join(folder, 'script.mjs');
    writeFileSync(file, text);
    // No colours in what console.log prints, whatever is set around the test.
    const { FORCE_COLOR: _color, ...env } = process.env;
    const options = { cwd: folder, encoding: 'utf8', env, timeout: 60_000 } as const;
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, file], options);
    return { stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
