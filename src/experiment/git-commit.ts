// A directory → the git commit checked out there; the coordinator. Reads .git itself: no process to start, none that could hang.

import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The commit that HEAD of the repository around `directory` names, or null where there is none. */
export function gitCommit(directory: string): string | null {
  try {
    const gitDirectory = findGitDirectory(resolve(directory));
    return gitDirectory && resolveHead(gitDirectory);
  } catch {
    return null; // A repository in another format or one that may not be read: the run goes on without its commit.
  }
}

function findGitDirectory(directory: string): string | null {
  const path = join(directory, '.git');
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return path;
  // In a work tree or submodule .git is a file that says where the directory is.
  if (found?.isFile())
    return resolve(
      directory,
      readFileSync(path, 'utf8')
        .replace(/^gitdir:/, '')
        .trim(),
    );
  const parent = dirname(directory);
  return parent === directory ? null : findGitDirectory(parent);
}

function resolveHead(gitDirectory: string): string | null {
  const head = readFileSync(join(gitDirectory, 'HEAD'), 'utf8').trim();
  if (!head.startsWith('ref:')) return asCommit(head);
  const ref = head.slice('ref:'.length).trim();
  const commonDirectory = resolve(gitDirectory, readIfThere(join(gitDirectory, 'commondir')).trim());
  return asCommit(readIfThere(join(commonDirectory, ref))) ?? packedCommit(commonDirectory, ref);
}

function packedCommit(commonDirectory: string, ref: string): string | null {
  const lines = readIfThere(join(commonDirectory, 'packed-refs')).split('\n');
  const line = lines.find((entry) => entry.endsWith(` ${ref}`));
  return line === undefined ? null : asCommit(line.split(' ')[0]);
}

function readIfThere(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : '';
}

function asCommit(text: string): string | null {
  const commit = text.trim();
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit) ? commit : null;
}
