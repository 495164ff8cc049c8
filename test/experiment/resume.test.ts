// Runs that go on from their checkpoints: the same bits as without a break, and what may be another then.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ResumeOptions } from '#src/experiment/resume.js';
import { resume, type Summary, type TrainEvent, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

let runsDir: string;
beforeEach(() => {
  runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-resume-')), 'runs');
});

/** So that a run of a few milliseconds is not over before it can be stopped. */
const SLOW = [0, 1, 2].map((seat) => ({ kind: 'slow' as const, seat, step: 0, ms: 2 }));

/** A run that is stopped as soon as `stepsDone` steps are done; where exactly is up to the moment. */
async function trainAndStop(keys: Record<string, unknown>, stepsDone: number): Promise<string> {
  const controller = new AbortController();
  const onEvent = (event: { type: string; step?: number }): void => {
    if (event.type === 'step' && event.step! + 1 >= stepsDone) controller.abort();
  };
  const config = smallConfig({ logging: { everySteps: 1 }, ...keys });
  const { runFolder, summary } = await train(config, { runsDir, signal: controller.signal, onEvent, faults: SLOW });
  expect(summary.status).toBe('stopped');
  expect(summary.steps).toBeGreaterThanOrEqual(stepsDone);
  return runFolder;
}

async function goOn(folder: string, options: ResumeOptions = {}): Promise<{ summary: Summary; events: TrainEvent[] }> {
  const events: TrainEvent[] = [];
  const onEvent = (event: { type: string }): void => void events.push(event as TrainEvent);
  const result = await resume(folder, { ...options, onEvent });
  if (result.isFinished) throw new Error('expected a run to go on with');
  return { summary: result.summary, events };
}

const columnsOf = (folder: string): string[] =>
  readFileSync(join(folder, 'results.csv'), 'utf8')
    .trim()
    .split('\n')
    // Without times: seconds, samplesPerSecond, stepMs.
    .map((row) =>
      row
        .split(',')
        .filter((_, column) => ![2, 8, 9].includes(column))
        .join(','),
    );

const stepsOf = (folder: string): number[] =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .flatMap((text) => JSON.parse(text).step);

const RICH = {
  model: [{ dense: 16 }, { batchNorm: true }, { activation: 'relu' }, { dropout: 0.2 }, { dense: 3 }],
  averaging: { ema: 0.9 },
  clip: { norm: 1 },
  schedule: { name: 'reduceOnPlateau', factor: 0.5, patience: 1 },
  evaluation: { metric: 'loss', patience: 30 },
  until: { plateau: { steps: 1000 } },
};

describe('resume', () => {
  test.each([
    ['sgd', { optimizer: { name: 'sgd', lr: 0.1, momentum: 0.9 } }],
    ['everything that a state can have', RICH],
    ['a cosine, no validation', { schedule: { name: 'cosine' }, data: { ...smallConfig().data, validation: 0 } }],
  ])('ends with the bits, rows and figures of a run without a break: %s', async (_, keys) => {
    const whole = await train(smallConfig({ ...keys, name: 'whole', epochs: 12, workers: 1 }), { runsDir });
    // Two breaks; the steps at which they come are whatever they are.
    let folder = await trainAndStop({ ...keys, epochs: 12, workers: 2 }, 13);
    const controller = new AbortController();
    const onEvent = (event: { type: string; step?: number }): void => {
      if (event.type === 'step' && event.step! >= 40) controller.abort();
    };
    const { signal } = controller;
    const middle = await resume(folder, { overrides: ['workers=3'], signal, onEvent, faults: SLOW });
    folder = middle.runFolder;
    const { summary } = await goOn(folder, { overrides: ['workers=1'] });
    const same = ['stateSha256', 'weightsSha256', 'configSha256', 'planSha256', 'steps', 'samplesSeen', 'trainLoss'];
    for (const key of [
      ...same,
      'validationLoss',
      'testLoss',
      'testAccuracy',
      'best',
      'endedBy',
      'noise',
    ] as (keyof Summary)[])
      expect(summary[key], key).toEqual(whole.summary[key]);
    expect(columnsOf(folder)).toEqual(columnsOf(whole.runFolder));
    expect(stepsOf(folder)).toEqual(Array.from({ length: summary.steps }, (__, step) => step));
    expect(summary.resumes?.length).toBeGreaterThanOrEqual(1);
  });

  test('goes on from the checkpoint of step 0 where there is no other', async () => {
    const { summary: whole, runFolder } = await train(smallConfig({ checkpoint: { everySteps: 1000, keep: 9 } }), {
      runsDir,
    });
    const [first, last] = readdirSync(join(runFolder, 'checkpoints')).sort();
    expect(first).toBe('step-000000000000.lockstep');
    // As after a kill in the first steps: the folder has nothing but its config and that checkpoint.
    for (const name of [
      join('checkpoints', last),
      'summary.json',
      'metrics.jsonl',
      'results.csv',
      'environment.json',
      join('weights', 'last.safetensors'),
    ])
      rmSync(join(runFolder, name), { recursive: true });
    const { summary } = await goOn(runFolder, { overrides: ['workers=3'] });
    expect(summary.stateSha256).toBe(whole.stateSha256);
  });

  test('says of a finished run that it is, and changes nothing', async () => {
    const { runFolder } = await train(smallConfig(), { runsDir });
    const before = readFileSync(join(runFolder, 'summary.json'), 'utf8');
    expect(await resume(runFolder)).toEqual({ runFolder, isFinished: true });
    expect(await resume(runFolder, { overrides: ['workers=5', 'logging.everySteps=3'] })).toMatchObject({
      isFinished: true,
    });
    expect(readFileSync(join(runFolder, 'summary.json'), 'utf8')).toBe(before);
    expect(existsSync(join(runFolder, 'lock'))).toBe(false);
  });

  test('trains on where epochs are raised, with the bits of the longer run, and tells of a schedule that is tied to the length', async () => {
    const { summary: longer } = await train(smallConfig({ epochs: 5, name: 'longer' }), { runsDir });
    const { runFolder } = await train(smallConfig(), { runsDir });
    const { summary } = await goOn(runFolder, { overrides: ['epochs=5'] });
    expect(summary.stateSha256).toBe(longer.stateSha256);
    expect(summary.configSha256).toBe(longer.configSha256);
    expect(summary.resumes).toMatchObject([{ step: 24, changes: ['epochs: 3 → 5'] }]);
    const cosine = await train(smallConfig({ name: 'cosine', schedule: { name: 'cosine' } }), { runsDir });
    const { events } = await goOn(cosine.runFolder, { overrides: ['steps=30'] });
    expect(events).toContainEqual({
      type: 'notice',
      level: 'info',
      message: 'schedule: cosine ends with the run: from here on it follows the new length',
    });
  });

  test('is refused where what decides the bits is another one, with the differences, unless they are allowed', async () => {
    const folder = await trainAndStop({ epochs: 50 }, 5);
    const overrides = ['optimizer.lr=0.02', 'data.batchSize=16', 'epochs=4'];
    await expect(resume(folder, { overrides })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /got data\.batchSize: 32 → 16, epochs: 50 → 4, optimizer\.lr: 0\.01 → 0\.02; leave them .*--allow-changes$/,
      ),
    });
    const { summary } = await goOn(folder, { overrides: ['optimizer.lr=0.02', 'epochs=3'], allowChanges: true });
    expect(summary.resumes?.[0].changes).toEqual(['epochs: 50 → 3', 'optimizer.lr: 0.01 → 0.02']);
    expect(summary.steps).toBe(24);
    await expect(
      resume(folder, { overrides: ['optimizer={name: sgd, lr: 0.1}', 'epochs=9'], allowChanges: true }),
    ).rejects.toThrow(/^optimizer: expected one with firstMoment, secondMoment, .*, got no states; /);
  });

  test('goes back to the last good checkpoint where newer ones are damaged, and says so', async () => {
    const { runFolder, summary: whole } = await train(smallConfig({ checkpoint: { everySteps: 1, keep: 50 } }), {
      runsDir,
    });
    const folder = join(runFolder, 'checkpoints');
    const last = readdirSync(folder).sort()[24];
    rmSync(join(runFolder, 'summary.json'));
    const bytes = readFileSync(join(folder, last));
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(join(folder, last), bytes);
    writeFileSync(join(folder, 'step-000000000030.lockstep.part'), 'half');
    const { summary, events } = await goOn(runFolder);
    expect(summary.stateSha256).toBe(whole.stateSha256);
    const warnings = events.flatMap((event) =>
      event.type === 'notice' && event.level === 'warning' ? [event.message] : [],
    );
    expect(warnings).toEqual([
      expect.stringMatching(/step-000000000024\.lockstep: expected .* damaged .*; going back to the one of step 23$/),
    ]);
    expect(summary.resumes?.[0].step).toBe(23);
    const files = readdirSync(folder).sort();
    expect(files).not.toContain('step-000000000030.lockstep.part');
    expect(files).toContain('step-000000000024.lockstep.damaged');
  });

  test('is refused where no checkpoint is whole, where there is none, and where the run is under way', async () => {
    const folder = await trainAndStop({ epochs: 50 }, 5);
    await expect(resume(join(runsDir, 'nowhere'))).rejects.toMatchObject({ exitCode: 2 });
    const names = readdirSync(join(folder, 'checkpoints'));
    for (const name of names) writeFileSync(join(folder, 'checkpoints', name), 'LOCKSTEP');
    await expect(resume(folder)).rejects.toThrow(
      /^\S+: expected a checkpoint that is whole, got .*step-\d+\.lockstep: expected at least 16 bytes, got 8;/,
    );
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual(names);
    renameSync(join(folder, 'checkpoints'), join(folder, 'gone'));
    await expect(resume(folder)).rejects.toThrow(/expected a run with checkpoints, got none/);
  });

  test('is refused where something in the folder leads out of it, before anything is written', async () => {
    const folder = await trainAndStop({ epochs: 50 }, 5);
    const outside = join(runsDir, '..', 'precious');
    writeFileSync(outside, 'mine');
    for (const name of [
      'summary.json.part',
      'metrics.jsonl.part',
      'checkpoints/step-000000000030.lockstep.part',
      'weights/new',
    ]) {
      for (const target of [outside, '../../precious', join(runsDir, '..', 'not-there')]) {
        symlinkSync(target, join(folder, name));
        await expect(resume(folder)).rejects.toMatchObject({
          exitCode: 2,
          message: expect.stringMatching(
            /: expected a file of the run, got a link to .*, outside of its folder; put the file/,
          ),
        });
        rmSync(join(folder, name));
      }
    }
    expect(readFileSync(outside, 'utf8')).toBe('mine');
    symlinkSync('config.yaml', join(folder, 'a-link-inside'));
    await goOn(folder, { overrides: ['steps=30'], allowChanges: true });
  });

  test('never imports the module that made the model', async () => {
    const base = join(runsDir, '..');
    const file = join(base, 'model.mjs');
    writeFileSync(file, 'export default (x, nn) => nn.dense(x, 3);\n');
    const config = smallConfig({ model: './model.mjs', epochs: 40 });
    const whole = await train({ ...config, name: 'whole' }, { runsDir, baseDir: base });
    const controller = new AbortController();
    const onEvent = ({ type }: { type: string }): void => void (type === 'epoch' && controller.abort());
    const { runFolder } = await train(config, { runsDir, baseDir: base, signal: controller.signal, onEvent });
    writeFileSync(file, 'throw new Error("this was run");\n');
    const { summary } = await goOn(runFolder);
    expect(summary.stateSha256).toBe(whole.summary.stateSha256);
    expect(summary.configSha256).toBe(whole.summary.configSha256);
  });
});
