import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gitCommit } from '#src/experiment/git-commit.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-git-'));
afterAll(() => rmSync(root, { recursive: true }));

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A folder with these files under it; git itself need not be there. */
function folderWith(name: string, files: Record<string, string>): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

function git(folder: string, ...args: string[]): string | null {
  const identity = [
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@b',
    '-c',
    'commit.gpgsign=false',
    '-c',
    'core.hooksPath=/dev/null',
  ];
  try {
    return execFileSync('git', [...identity, ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

describe('gitCommit', () => {
  it('reads the branch of HEAD, loose or packed, from any folder below', () => {
    const loose = folderWith('loose', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${COMMIT}\n` });
    mkdirSync(join(loose, 'a/b'), { recursive: true });
    expect(gitCommit(join(loose, 'a/b'))).toBe(COMMIT);
    const packed = folderWith('packed', {
      '.git/HEAD': 'ref: refs/heads/main\n',
      '.git/packed-refs': `# pack-refs with: peeled\n${'f'.repeat(40)} refs/heads/other-main\n${COMMIT} refs/heads/main\n`,
    });
    expect(gitCommit(packed)).toBe(COMMIT);
  });

  it('reads a HEAD without a branch, and SHA-256 repositories', () => {
    expect(gitCommit(folderWith('detached', { '.git/HEAD': `${COMMIT}\n` }))).toBe(COMMIT);
    const long = 'ab'.repeat(32);
    expect(gitCommit(folderWith('sha256', { '.git/HEAD': long }))).toBe(long);
  });

  it('follows the .git file of a work tree to the common refs', () => {
    folderWith('main-tree', {
      '.git/worktrees/w/HEAD': 'ref: refs/heads/w\n',
      '.git/worktrees/w/commondir': '../..\n',
      '.git/refs/heads/w': COMMIT,
    });
    expect(gitCommit(folderWith('work-tree', { '.git': 'gitdir: ../main-tree/.git/worktrees/w\n' }))).toBe(COMMIT);
  });

  it('gives null without a repository, without a commit, and for anything that is no commit', () => {
    expect(gitCommit(folderWith('none', {}))).toBeNull();
    expect(gitCommit(folderWith('unborn', { '.git/HEAD': 'ref: refs/heads/main\n' }))).toBeNull();
    expect(
      gitCommit(folderWith('garbage', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': 'no commit' })),
    ).toBeNull();
    expect(gitCommit(folderWith('broken', { '.git': 'gitdir: nowhere' }))).toBeNull();
  });

  it('agrees with git rev-parse HEAD, before and after the refs are packed', ({ skip }) => {
    const folder = folderWith('real', { file: 'content' });
    if (git(folder, 'init', '-q') === null) return skip('git is not installed');
    git(folder, 'add', 'file');
    git(folder, 'commit', '-q', '-m', 'one');
    const head = git(folder, 'rev-parse', 'HEAD');
    expect(head).toMatch(/^[0-9a-f]{40,64}$/);
    expect(gitCommit(folder)).toBe(head);
    git(folder, 'pack-refs', '--all');
    expect(gitCommit(folder)).toBe(head);
    git(folder, 'worktree', 'add', '-q', '../real-tree');
    expect(gitCommit(join(root, 'real-tree'))).toBe(head);
  });
});
