// A run folder that may come from elsewhere → refused where something in it leads out of it. Coordinator, before anything is written there.
import { type Dirent, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isWithin } from '../data/data-path.ts';
import { RunFolderError } from './run-folder.ts';

/**
 * A file of a run that is a link would be cut, written or removed where it leads to.
 * @throws RunFolderError
 */
export function refuseLinksOut(folder: string): void {
  const root = realpathSync(folder);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const target = entry.isSymbolicLink() ? outsideTarget(entry, root) : undefined;
    if (target === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    throw new RunFolderError(
      `${path}: expected a file of the run, got a link to ${target}, outside of its folder; put the file itself there, or remove the link`,
      2,
    );
  }
}

/** What is not there yet would be made. */
function outsideTarget(link: Dirent, root: string): string | undefined {
  const path = join(link.parentPath, link.name);
  const said = resolve(dirname(path), readlinkSync(path));
  const targets = [said];
  try {
    targets.push(realpathSync(path));
  } catch {
    // It leads nowhere: what it says is all there is.
  }
  return targets.find((target) => !isWithin(target, root));
}
