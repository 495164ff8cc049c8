import { describe, expect, it } from 'vitest';
import { describeFailure } from '#src/cli/failure.js';
import { RunFolderError } from '#src/experiment/run-folder.js';

describe('describeFailure', () => {
  it('gives an error that was made for people one line and its exit code', () => {
    const error = new RunFolderError('runs/a: expected a folder, got a file; remove it', 2);
    expect(describeFailure(error, false)).toEqual({
      text: 'error: runs/a: expected a folder, got a file; remove it',
      exitCode: 2,
    });
    expect(describeFailure(Object.assign(new Error('worker 1 failed'), { exitCode: 1 }), false).exitCode).toBe(1);
  });

  it('gives each issue of a config a line', () => {
    const error = Object.assign(new Error('all'), { exitCode: 2, issues: ['a.yaml:1:1 x', 'a.yaml:2:1 y'] });
    expect(describeFailure(error, false).text).toBe('error: a.yaml:1:1 x\nerror: a.yaml:2:1 y');
  });

  it('adds the stacks of the error and its cause when verbose', () => {
    const error = new RunFolderError('cannot', 1, new Error('EROFS'));
    const { text } = describeFailure(error, true);
    expect(text).toMatch(/^error: cannot\nRunFolderError: cannot\n {4}at /);
    expect(text).toMatch(/\ncaused by Error: EROFS\n {4}at /);
  });

  it('calls everything else a fault in lockstep and shows it whole, with exit code 1', () => {
    const { text, exitCode } = describeFailure(new TypeError('x is undefined'), false);
    expect(text).toMatch(/^error: this is a fault in lockstep; .*\nTypeError: x is undefined\n {4}at /);
    expect(exitCode).toBe(1);
    expect(describeFailure('a string', false).exitCode).toBe(1);
  });
});
