import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf, runLockstep, startLockstep } from './program.ts';

const root = mkdtempSync(join(tmpdir(), 'lockstep-cli-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'test-'));
  writeFileSync(join(folder, 'small.yaml'), SMALL);
});

// 240 of 300 samples to train: 8 steps an epoch, the last one of 16.
const SMALL = `name: small
data: { source: synthetic, samples: 300, features: 12, classes: 3, batchSize: 32, validation: 0.1, test: 0.1 }
shards: 4
workers: 2
numerics: portable
model: [ { dense: 16, activation: relu }, { dense: 3 } ]
loss: crossEntropy
epochs: 2
`;

const ESCAPE = '\u001b';

describe('lockstep', () => {
  it('--help lists the commands and ends with an example', async () => {
    const { code, stdout, stderr } = await runLockstep(['--help'], folder);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/\n {2}train .*\n {2}resize .*\n {2}plan .*\n {2}eval .*\n {2}predict .*\n {2}verify /);
    expect(stdout).toMatch(/\nExample:\n {2}\$ lockstep train configs\/mnist-mlp\.yaml epochs=3\n$/);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(['train', 'plan', 'verify'])('%s --help ends with an example of itself', async (command) => {
    for (const args of [
      [command, '--help'],
      ['help', command],
    ]) {
      const { code, stdout } = await runLockstep(args, folder);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`\\nExamples?:\\n( {2}\\$ lockstep ${command} .*\\n)+$`));
    }
  });

  it('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runLockstep(['--version'], folder)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    ['no command', [], 'Usage: lockstep'],
    ['an unknown command', ['trian'], "error: unknown command 'trian'\n(Did you mean train?)"],
    ['no config', ['train'], "error: missing required argument 'config'"],
    ['an unknown option', ['train', '--jsn', 'small.yaml'], "error: unknown option '--jsn'\n(Did you mean --json?)"],
    ['quiet and verbose at once', ['train', '-q', '-v', 'small.yaml'], 'error: option'],
    ['steps that are no number', ['verify', 'small.yaml', '--steps', '1.5'], 'Expected a whole number of 1 or more'],
    ['one number of workers', ['verify', 'small.yaml', '--workers', '2'], 'Expected two or more different numbers'],
    ['a config that is not there', ['train', 'nowhere.yaml'], 'error: '],
    ['an override without a value', ['train', 'small.yaml', 'epochs'], 'error: '],
    ['an unknown key', ['train', 'small.yaml', 'epocs=3'], 'epochs'],
    ['a batch of 0', ['train', 'small.yaml', 'data.batchSize=0'], 'error: override data.batchSize=0: expected'],
    ['no shards', ['plan', 'small.yaml', 'shards=0'], 'error: override shards=0: expected'],
    ['a model that does not fit its loss', ['plan', 'small.yaml', 'model=[{ dense: 2 }]'], 'expected'],
    ['data that is not there', ['train', 'small.yaml', 'data={ source: csv, file: no.csv, target: y }'], 'no.csv'],
  ])('%s ends with exit code 2, one clear error, no stack and nothing written', async (_, args, message) => {
    const { code, stdout, stderr } = await runLockstep(args, folder);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n {4}at |fault in lockstep/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(['small.yaml']);
  });

  it('shows the stack of an error with -v', async () => {
    const { code, stderr } = await runLockstep(['train', '-v', 'nowhere.yaml'], folder);
    expect(stderr).toMatch(/^error: nowhere\.yaml: .*\n.*\n {4}at /);
    expect(code).toBe(2);
  });
});

describe('lockstep train', () => {
  it('writes plain text to stdout where there is no terminal: a row an epoch, results, what next', async () => {
    const { code, stdout, stderr } = await runLockstep(['train', 'small.yaml'], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).toMatch(/^lockstep \d.* · 2 workers × 4 shards\n/);
    expect(stdout).toContain('\nrun folder runs/small\n');
    expect(stdout.match(/^ +[12]\/2 +\d/gm)).toHaveLength(2);
    expect(stdout).toMatch(/\ndone · test accuracy \d+\.\d\d % · /);
    expect(stdout).toMatch(/\nnext +npx lockstep verify small.yaml\n$/);
  });

  it('--json writes only events to stdout, a line each, and everything for people to stderr', async () => {
    const { code, stdout, stderr } = await runLockstep(['train', 'small.yaml', '--json'], folder);
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ type: 'start', workers: 2, shards: 4, runFolder: 'runs/small' });
    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(2);
    const { type, summary } = events[events.length - 1];
    expect(type).toBe('end');
    expect(summary).toEqual(JSON.parse(readFileSync(join(folder, 'runs/small/summary.json'), 'utf8')));
    expect(stderr).toMatch(/\ndone · /);
  });

  it('-q writes nothing but warnings', async () => {
    expect(await runLockstep(['train', 'small.yaml', '-q'], folder)).toEqual({ code: 0, stdout: '', stderr: '' });
    const { stdout, stderr } = await runLockstep(['train', 'small.yaml', '-q', 'workers=6', 'steps=2'], folder);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^warning: 6 workers for 4 shards: 2 workers stay idle; .*\n$/);
  });

  it('-v adds the phases of each epoch and whole hashes', async () => {
    const { stdout } = await runLockstep(['train', 'small.yaml', '-v', 'logging.everySteps=1'], folder);
    expect(stdout.match(/^ {3}ms: gather /gm)).toHaveLength(2);
    expect(stdout).toMatch(/ · config [0-9a-f]{64}\n/);
  });

  it('FORCE_COLOR colours a pipe, NO_COLOR does not', async () => {
    const args = ['train', 'small.yaml', '--dry-run'];
    expect((await runLockstep(args, folder, { FORCE_COLOR: '1' })).stdout).toContain(ESCAPE);
    expect((await runLockstep(args, folder, { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain(ESCAPE);
  });

  it('--dry-run shows what a run would be and writes nothing', async () => {
    const { code, stdout } = await runLockstep(['train', 'small.yaml', '--dry-run'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain('\n32 samples a step = 4 shards × 8 · ');
    expect(stdout).toContain('\nrun folder none\n');
    expect(readdirSync(folder)).toEqual(['small.yaml']);
  });

  it('--fast-dev-run trains five steps, evaluates and keeps nothing', async () => {
    const { code, stdout } = await runLockstep(['train', 'small.yaml', '--fast-dev-run', '--json'], folder);
    expect(code).toBe(0);
    const { summary } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    expect(summary).toMatchObject({ status: 'done', steps: 5 });
    expect(summary.testAccuracy).not.toBeNull();
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });

  it('--print-config gives a config that trains the same, with where each value came from', async () => {
    const { code, stdout } = await runLockstep(['train', 'small.yaml', 'epochs=3', '--print-config'], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^epochs: 3 +# .*epochs=3/m);
    expect(stdout).toMatch(/^ +batchSize: 32 +# small\.yaml:2/m);
    expect(stdout).toMatch(/^seed: 1 +# default$/m);
    writeFileSync(join(folder, 'printed.yaml'), stdout);
    const again = await runLockstep(['train', 'printed.yaml', '--print-config'], folder);
    const values = (text: string) => text.replace(/ *#.*$/gm, '');
    expect(values(again.stdout)).toBe(values(stdout));
  });

  it('ends with exit code 2 where a file stands in the place of the run folder', async () => {
    writeFileSync(join(folder, 'runs'), 'mine');
    const { code, stderr } = await runLockstep(['train', 'small.yaml'], folder);
    expect(stderr).toMatch(/^error: runs\/small: expected a run folder that can be written, got .*\n$/);
    expect(code).toBe(2);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('mine');
  });

  it('ends with exit code 1 where the run fails, with a summary that says why', async () => {
    const args = ['train', 'small.yaml', 'optimizer={ name: sgd, lr: 1e30 }', 'epochs=50'];
    const { code, stderr } = await runLockstep(args, folder);
    expect(stderr).toMatch(/^error: .*lower optimizer\.lr.*\n$/);
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(join(folder, 'runs/small/summary.json'), 'utf8')).status).toBe('failed');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the run after its step, writes a summary and exits with %i', async (signal, expected) => {
    const child = startLockstep(['train', 'small.yaml', '--json', 'epochs=1000000'], folder);
    // The first step is a record of its own: the run is under way when it comes.
    // One signal only: a second one stops the process at once.
    let isSent = false;
    child.stdout.on('data', (text) => {
      if (isSent || !String(text).includes('"type":"step"')) return;
      isSent = true;
      child.kill(signal);
    });
    const { code, stdout, stderr } = await outcomeOf(child);
    expect(code).toBe(expected);
    expect(stderr).toContain('stopping after this step');
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({
      type: 'end',
      summary: { status: 'stopped' },
    });
    const summary = JSON.parse(readFileSync(join(folder, 'runs/small/summary.json'), 'utf8'));
    expect(summary.status).toBe('stopped');
    expect(stderr).toMatch(/\nnext +npx lockstep train --resume runs\/small\n$/);
    // Goes on from the step that was finished; without a folder it is the last run.
    const resumed = await runLockstep(
      ['train', '--resume', `steps=${summary.steps + 3}`, 'workers=1', '--json'],
      folder,
    );
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toMatch(
      /^error: runs\/small: expected the config .*, got epochs: 1000000 → –, steps: – → \d+; /,
    );
    const allowed = ['train', 'workers=1', `steps=${summary.steps + 3}`, '--resume', 'runs/latest', '--allow-changes'];
    const { code: end, stdout: text } = await runLockstep(allowed, folder);
    expect(end).toBe(0);
    expect(text).toContain(`going on at step ${summary.steps} of ${summary.steps + 3}`);
    expect(text).toContain('\nrun folder runs/small\n');
    const again = await runLockstep(['train', '--resume', 'runs/small'], folder);
    expect(again).toEqual({
      code: 0,
      stdout: 'runs/small is finished: raise epochs or steps to train on\n',
      stderr: '',
    });
  });

  it('a second signal ends it at once', async () => {
    const child = startLockstep(['train', 'small.yaml', '--json', 'epochs=1000000'], folder);
    child.stdout.on('data', (text) => String(text).includes('"type":"step"') && child.kill('SIGINT'));
    child.stderr.once('data', () => child.kill('SIGINT'));
    const { code } = await outcomeOf(child);
    expect(code).toBe(130);
    // Whatever it came to, it can be gone on from.
    expect(existsSync(join(folder, 'runs/small/checkpoints/step-000000000000.lockstep'))).toBe(true);
  });

  it.each([
    ['a folder that is none', ['train', '--resume', 'nowhere'], 'nowhere: expected the folder of a run, got none'],
    ['no run yet', ['train', '--resume'], 'runs/latest: expected the folder of a run, got none'],
    ['two folders', ['train', '--resume', 'a', 'b'], 'expected one run folder to resume, got a and b'],
    ['a dry run', ['train', '--resume', 'a', '--dry-run'], '--resume trains on'],
    ['changes without a resume', ['train', 'small.yaml', '--allow-changes'], 'is for --resume'],
  ])('--resume of %s ends with exit code 2', async (_, args, message) => {
    const { code, stderr } = await runLockstep(args, folder);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(['small.yaml']);
  });

  it('keeps a second process out of a run that goes on', async () => {
    const child = startLockstep(['train', 'small.yaml', '--json', 'epochs=1000000'], folder);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const { code, stderr } = await runLockstep(['train', '--resume', 'runs/small'], folder);
    expect(stderr).toBe(
      `error: runs/small: expected a run that nobody trains, got the lock of process ${child.pid}; wait for it or stop it\n`,
    );
    expect(code).toBe(2);
    child.kill('SIGTERM');
    expect((await outcomeOf(child)).code).toBe(143);
  });

  it('stops quietly when nobody reads its output any more', async () => {
    const child = startLockstep(['train', 'small.yaml', '--json', '-q', 'epochs=1000000'], folder);
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await outcomeOf(child);
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
    expect(JSON.parse(readFileSync(join(folder, 'runs/small/summary.json'), 'utf8')).status).toBe('stopped');
  });
});

describe('lockstep plan', () => {
  it('prints the plan, or the same as JSON', async () => {
    const text = await runLockstep(['plan', 'small.yaml'], folder);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('dense1');
    const json = await runLockstep(['plan', 'small.yaml', '--json'], folder);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, numerics: 'portable', rows: 8 });
    expect(readdirSync(folder)).toEqual(['small.yaml']);
  });
});

describe('lockstep verify', () => {
  it('says same bits and exits with 0', async () => {
    const args = ['verify', 'small.yaml', '--steps', '6', '--workers', '1,2,3', '--no-kills'];
    const { code, stdout } = await runLockstep(args, folder);
    expect(code).toBe(0);
    expect(stdout.match(/^ +[123] workers? +6 steps {2}loss /gm)).toHaveLength(3);
    expect(stdout).toMatch(
      /^same bits: 1, 2 and 3 workers; after 6 steps\n {2}weights [0-9a-f]{64}\n {2}state {3}[0-9a-f]{64}\n$/m,
    );
    expect(readdirSync(folder)).toEqual(['small.yaml']);
  });
});
