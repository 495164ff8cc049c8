// A run's name → its folder under a hidden name, which gets its own name when all of it that a resume needs is on disk. Coordinator.
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CHECKPOINTS_FOLDER } from '../checkpoint/checkpoint.ts';
import { cannotWrite, checkRunName, RunFolder } from './run-folder.ts';
import { isOwnerAlive, isRunning, lockRunFolder, readLock, unlockRunFolder } from './run-lock.ts';

const LATEST = 'latest';

/** A folder that nobody sees yet: `runs/.NAME-pid`. */
export interface HiddenFolder {
  folder: RunFolder;
  /**
   * Gives it its name, NAME or NAME-2, NAME-3, … where that is taken, and points `latest` to it. Two processes that ask for the same name
   * at once get two folders.
   * @throws RunFolderError
   */
  publish(): RunFolder;
  /** Removes it, and what was made around it. */
  discard(): void;
}

/** What is made of a folder beside its name. */
export interface FolderShape {
  /** Folders in it. */
  folders?: readonly string[];
  /** Whether `latest` points to it. */
  isLatest?: boolean;
}

/**
 * Makes the folder and its lock.
 * @throws RunFolderError; nothing is left behind then
 */
export function beginRunFolder(
  runsDir: string,
  name: string,
  { folders = ['weights', CHECKPOINTS_FOLDER], isLatest = true }: FolderShape = {},
): HiddenFolder {
  checkRunName(name);
  let path = '';
  let firstMade: string | undefined;
  const discard = (): void => {
    if (path !== '') rmSync(path, { recursive: true, force: true });
    if (firstMade !== undefined) removeEmptyFolders(resolve(runsDir), resolve(firstMade));
  };
  try {
    firstMade = mkdirSync(runsDir, { recursive: true });
    if (isLatest) checkLatest(runsDir);
    removeAbandoned(runsDir, name);
    path = makeHidden(join(runsDir, `.${name}-${process.pid}`));
    for (const inner of folders) mkdirSync(join(path, inner));
    const hidden = path;
    const folder = new RunFolder(hidden, name, lockRunFolder(hidden));
    return { folder, publish: () => publish(runsDir, name, hidden, isLatest), discard };
  } catch (cause) {
    discard();
    throw cannotWrite(join(runsDir, name), 2, cause);
  }
}

/** One process may begin several runs of a name at once. */
function makeHidden(path: string): string {
  for (let k = 1; ; k++) {
    const hidden = k === 1 ? path : `${path}.${k}`;
    try {
      mkdirSync(hidden);
      return hidden;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function publish(runsDir: string, name: string, path: string, isLatest: boolean): RunFolder {
  try {
    syncFolder(path);
    const folderName = renameToFree(runsDir, name, path);
    syncFolder(runsDir);
    if (isLatest) pointLatest(runsDir, folderName);
    // The lock went along.
    const named = join(runsDir, folderName);
    return new RunFolder(named, folderName, () => unlockRunFolder(named));
  } catch (cause) {
    throw cannotWrite(join(runsDir, name), 2, cause);
  }
}

/** A folder that is not empty takes no other's place: exactly one of several makers succeeds. */
function renameToFree(runsDir: string, name: string, path: string): string {
  for (let k = 1; ; k++) {
    const folderName = k === 1 ? name : `${name}-${k}`;
    const target = join(runsDir, folderName);
    // An empty folder would be replaced.
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      renameSync(path, target);
      return folderName;
    } catch (error) {
      if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Hidden folders of this name whose process is gone: it was killed before there was anything to resume. */
function removeAbandoned(runsDir: string, name: string): void {
  for (const entry of readdirSync(runsDir)) {
    if (!entry.startsWith(`.${name}-`)) continue;
    const [, pid] = /^(\d+)(?:\.\d+)?$/.exec(entry.slice(name.length + 2)) ?? [];
    if (pid === undefined || isMakerAlive(join(runsDir, entry), Number(pid))) continue;
    rmSync(join(runsDir, entry), { recursive: true, force: true });
  }
}

/** Where its lock is not made yet, its process id says which. */
function isMakerAlive(path: string, pid: number): boolean {
  const lock = readLock(path);
  return lock === null ? isRunning(pid) : isOwnerAlive(lock);
}

/** From the innermost to the outermost that was made; stops at one in which another process has made something since. */
function removeEmptyFolders(innermost: string, outermost: string): void {
  try {
    rmdirSync(innermost);
  } catch {
    return;
  }
  if (innermost !== outermost) removeEmptyFolders(dirname(innermost), outermost);
}

function checkLatest(runsDir: string): void {
  const latest = join(runsDir, LATEST);
  const present = lstatSync(latest, { throwIfNoEntry: false });
  if (present && !present.isSymbolicLink()) throw new Error(`${latest} is not a symbolic link`);
}

/** Made inside the run's own folder and moved out: runs/ never shows a temporary name, and `latest` is never missing. */
function pointLatest(runsDir: string, folderName: string): void {
  const made = join(runsDir, folderName, LATEST);
  symlinkSync(folderName, made);
  renameSync(made, join(runsDir, LATEST));
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
