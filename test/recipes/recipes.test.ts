// The written results of docs/recipes.json, against runs of the configs by the program, as a reader would repeat them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { configSha256 } from '#src/config/config-hash.js';
import type { Summary } from '#src/experiment/events.js';
import { loadConfig } from '#src/index.js';
import { recipesPage } from '../../scripts/recipes-page.mjs';
import { runLockstep } from '../cli/program.ts';

interface Figures {
  testAccuracy?: number;
  testR2?: number;
  testRocAuc?: number;
  testLoss: number;
}

interface Row extends Figures {
  /** Of a k-fold run, whose figures are means. */
  folds?: number;
  deviation?: Figures;
  steps: number;
  numerics: 'portable' | 'fast';
  stateSha256: string;
  configSha256: string;
}

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const written: Record<string, Row> = JSON.parse(readFileSync(path('docs/recipes.json'), 'utf8'));
/** Without those that were not trained where the table was written. */
const rows = Object.fromEntries(Object.entries(written).filter(([, { stateSha256 }]) => stateSha256 !== undefined));

/** Those that take seconds. */
const QUICK = [
  'diabetes-full',
  'diabetes-mini',
  'diabetes-single',
  'iris',
  'wine',
  'penguins',
  'digits',
  'digits-sgd',
  'breast-cancer-logistic',
  'breast-cancer-mlp',
];

async function trainWith(name: string, workers: number): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-recipe-'));
  try {
    const config = path(`configs/${name}.yaml`);
    const outcome = await runLockstep(['train', config, `workers=${workers}`, '--quiet'], folder);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    return JSON.parse(readFileSync(join(folder, 'runs', name, 'summary.json'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each(QUICK)('%s', (name) => {
  // Portable numerics: on every machine the written bits, so the written figures exactly.
  test.each([1, 3])('reaches its written result and hash with %i workers', async (workers) => {
    const summary = await trainWith(name, workers);
    const { testAccuracy, testLoss, testMetrics, steps, numerics, stateSha256, folds, deviation } = summary;
    const row = rows[name];
    expect({ steps, numerics, testLoss, stateSha256 }).toEqual({
      steps: row.steps,
      numerics: 'portable',
      testLoss: row.testLoss,
      stateSha256: row.stateSha256,
    });
    expect(testAccuracy ?? undefined).toBe(row.testAccuracy);
    expect(testMetrics?.r2).toBe(row.testR2);
    expect(testMetrics?.rocAuc).toBe(row.testRocAuc);
    expect(folds?.length).toBe(row.folds);
    expect(deviation?.testAccuracy).toBe(row.deviation?.testAccuracy);
    expect(deviation?.testLoss).toBe(row.deviation?.testLoss);
  });
});

test('digits reach 0.98 of the test part', () => {
  expect(rows.digits.testAccuracy).toBeGreaterThanOrEqual(0.98);
});

describe.each(Object.entries(rows))('the row of %s', (name, row) => {
  test('is of the config as it stands', () => {
    const { config } = loadConfig(path(`configs/${name}.yaml`), []);
    expect(row.configSha256).toBe(configSha256(config, row.numerics, undefined));
  });
});

test.each(['breast-cancer-logistic', 'breast-cancer-mlp'])('%s reaches 0.97 and 0.99 over five folds', (name) => {
  expect(rows[name].folds).toBe(5);
  expect(rows[name].testAccuracy).toBeGreaterThanOrEqual(0.97);
  expect(rows[name].testRocAuc).toBeGreaterThanOrEqual(0.99);
});

test('the table of docs/recipes.md is that of docs/recipes.json: else npm run recipes', () => {
  const page = readFileSync(path('docs/recipes.md'), 'utf8');
  expect(recipesPage(page, written)).toBe(page);
});
