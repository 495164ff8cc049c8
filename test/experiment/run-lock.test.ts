import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { lockRunFolder } from '#src/experiment/run-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-lock-'));
});

describe('lockRunFolder', () => {
  it('is refused to a second taker while the first one lives, and given again after it was given back', () => {
    const unlock = lockRunFolder(folder);
    expect(() => lockRunFolder(folder)).toThrow(`got the lock of process ${process.pid}; wait for it or stop it`);
    unlock();
    expect(readdirSync(folder)).toEqual([]);
    lockRunFolder(folder)();
  });

  it('is taken over from a process that was killed', async () => {
    const module = fileURLToPath(import.meta.resolve('#src/experiment/run-lock.js'));
    const script = `(await import(${JSON.stringify(module)})).lockRunFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(() => lockRunFolder(folder)).toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const unlock = lockRunFolder(folder);
    expect(readdirSync(folder)).toEqual(['lock']);
    unlock();
  });

  it.runIf(existsSync('/proc/self/stat'))('is taken over where its process id belongs to another process now', () => {
    lockRunFolder(folder);
    const owner = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'));
    writeFileSync(join(folder, 'lock'), JSON.stringify({ ...owner, startTime: '1' }));
    lockRunFolder(folder)();
  });

  it.each(['', 'nonsense', '{"pid":-1}', '{}'])('is taken over where it says no process: %j', (text) => {
    writeFileSync(join(folder, 'lock'), text);
    lockRunFolder(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });
});
