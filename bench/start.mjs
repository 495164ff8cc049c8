// How long until the first step? `lockstep train` on embedded data and on MNIST as a user starts it, from process start to its first step's event.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine, median } from './pairs.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

function firstStepMs(config) {
  const cwd = mkdtempSync(join(tmpdir(), 'lockstep-start-'));
  const start = performance.now();
  const args = [path('../dist/bundle/cli/main.js'), 'train', path(`../configs/${config}.yaml`), '--json', 'epochs=1'];
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve) => {
    let ms;
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (ms !== undefined || !text.includes('"type":"step"')) return;
      ms = performance.now() - start;
      child.kill('SIGKILL');
    });
    child.on('exit', () => {
      rmSync(cwd, { recursive: true, force: true });
      resolve(ms);
    });
  });
}

for (const [config, wanted] of [
  ['digits', 1000],
  ['mnist-mlp', 1500],
]) {
  const figures = [];
  for (let i = 0; i < 11; i++) figures.push(await firstStepMs(config));
  const [low, high] = [Math.min(...figures), Math.max(...figures)].map((ms) => ms.toFixed(0));
  console.log(`start to first step, ${config}; ${machine()}`);
  console.log(`${median(figures).toFixed(0)} ms [${low} to ${high}, ${figures.length} starts]  wanted ≤ ${wanted}`);
}
