// Checkpoints of a small run, for tests that read them.
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Summary, train } from '#src/index.js';
import { smallConfig } from '../experiment/small-config.ts';

/** A run that is done; its checkpoints, one of each step: those of every step are never replaced by newer ones. */
export async function saveRun(
  keys: Record<string, unknown> = {},
): Promise<{ runFolder: string; summary: Summary; checkpoints: string[] }> {
  const config = smallConfig({ workers: 1, checkpoint: { everySteps: 1, keep: 50 }, ...keys });
  const { summary, runFolder } = await train(config, { runsDir: mkdtempSync(join(tmpdir(), 'lockstep-saved-')) });
  const folder = join(runFolder, 'checkpoints');
  return {
    runFolder,
    summary,
    checkpoints: readdirSync(folder)
      .sort()
      .map((name) => join(folder, name)),
  };
}
