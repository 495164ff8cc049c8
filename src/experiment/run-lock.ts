// The lock file of a run folder: one process writes there, and a lock whose process is gone holds nobody up. The coordinator.
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RunFolderError } from './run-folder.ts';

const LOCK = 'lock';

/** Which process; a pid is given to another one some day, so its start time belongs to it, and the machine's boot. */
interface Owner {
  pid: number;
  startTime: string | null;
  boot: string | null;
}

/**
 * Takes the lock of a run folder; returns what gives it back.
 * @throws RunFolderError where a living process has it
 */
export function lockRunFolder(folder: string): () => void {
  const path = join(folder, LOCK);
  const own = `${JSON.stringify(describeProcess(process.pid))}\n`;
  while (!tryCreate(path, own)) removeIfGone(path, folder);
  return () => unlockRunFolder(folder);
}

/** Gives back the lock of this process. */
export function unlockRunFolder(folder: string): void {
  const own = `${JSON.stringify(describeProcess(process.pid))}\n`;
  if (readLock(folder) === own) rmSync(join(folder, LOCK), { force: true });
}

/** The text of a folder's lock; null without one. */
export function readLock(folder: string): string | null {
  return read(join(folder, LOCK));
}

/** Whether the process that made a lock with this text still runs; false for a text that is none. */
export function isOwnerAlive(text: string): boolean {
  let owner: Owner;
  try {
    owner = JSON.parse(text) as Owner;
    if (!Number.isSafeInteger(owner.pid) || owner.pid < 1) return false;
  } catch {
    return false;
  }
  if (!isRunning(owner.pid)) return false;
  const now = describeProcess(owner.pid);
  return now.startTime === owner.startTime && now.boot === owner.boot;
}

function tryCreate(path: string, text: string): boolean {
  // Linked into its place whole: a lock without its owner would look like one whose process is gone.
  const made = `${path}.${process.pid}`;
  const descriptor = openSync(made, 'w');
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(made, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(made, { force: true });
  }
}

/** @throws RunFolderError where its process lives */
function removeIfGone(path: string, folder: string): void {
  const text = read(path);
  if (text === null) return;
  if (isOwnerAlive(text)) {
    const { pid } = JSON.parse(text) as Owner;
    throw new RunFolderError(
      `${folder}: expected a run that nobody trains, got the lock of process ${pid}; wait for it or stop it`,
      2,
    );
  }
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Somebody else may have taken it over between the look and the move: theirs is put back.
  if (read(moved) !== text) linkSync(moved, path);
  rmSync(moved, { force: true });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Whether there is a process of this id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function describeProcess(pid: number): Owner {
  // Field 22 of stat, counted behind the name in brackets, which may hold blanks; a zombie is as good as gone.
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const startTime = fields === undefined ? null : fields[0] === 'Z' ? 'gone' : fields[19];
  return { pid, startTime, boot: read('/proc/sys/kernel/random/boot_id')?.trim() ?? null };
}
