import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runScript } from './run-script.ts';

const SECTION = /## Learn gradient descent by hand\n([\s\S]*?)\n## /;
const EXAMPLE = /```js\n([\s\S]*?)```\n\n```\n([\s\S]*?)```/g;

function readExamples(): [code: string, output: string][] {
  const [, section] = SECTION.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))!;
  return [...section.matchAll(EXAMPLE)].map(([, code, output]) => [code, output]);
}

describe('the README', () => {
  it('prints for one step of gradient descent what PyTorch prints', () => {
    const [[code, output]] = readExamples();
    // torch 2: w.grad.item(), w.item() after the same step.
    expect(output).toBe('6 4.400000095367432\n');
    expect(runScript(code)).toEqual({ stdout: output, stderr: '' });
  });

  it('shows for grad and gradCheck what they print', () => {
    const examples = readExamples();
    expect(examples).toHaveLength(2);
    const [code, output] = examples[1];
    expect(runScript(code)).toEqual({ stdout: output, stderr: '' });
  });
});

describe('importing lockstep', () => {
  it('compiles no kernel, starts no thread and prints nothing', () => {
    const script = `
      import { Worker } from 'node:worker_threads';
      import { syncBuiltinESMExports } from 'node:module';
      import threads from 'node:worker_threads';
      const refuse = (what) => class { constructor() { throw new Error(what); } };
      WebAssembly.Module = refuse('a module was compiled');
      WebAssembly.Memory = refuse('memory was made');
      threads.Worker = refuse('a thread was started');
      syncBuiltinESMExports();
      const { tensor } = await import('lockstep');
      const sum = tensor([1, 2]).add(1).sum();
      let message = 'nothing was refused';
      try { sum.item(); } catch (error) { message = error.message; }
      console.log(message);
    `;
    // Computing needs both: so the traps do work.
    expect(runScript(script)).toEqual({ stdout: 'memory was made\n', stderr: '' });
  });
});
