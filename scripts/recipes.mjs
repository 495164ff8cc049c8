// Recipes (configs/NAME.yaml) → the rows of docs/recipes.json and the table of docs/recipes.md.
//   node scripts/recipes.mjs [names…]                 trains each with 2 workers, as a user would
//   node scripts/recipes.mjs --from runs [names…]     takes finished runs, folders called after their recipes
//   node scripts/recipes.mjs --from runs/NAME-2 NAME  takes this one
//   node scripts/recipes.mjs --same [names…]          trains with 1, 2, 3 and again 2 workers and compares the hashes
// Rows of recipes that are not named stay as they are.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { recipesPage } from './recipes-page.mjs';

const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const ROWS = root('docs/recipes.json');
const PAGE = root('docs/recipes.md');
const WORKERS = 2;
const WORKER_COUNTS = [1, 2, 3, 2];

/**
 * In the order of the table. `sameSteps`: so many steps are compared where the whole run takes more than a minute; `atLeast`, `rocAuc` (at
 * least), `atMost`: what was wanted.
 */
const RECIPES = {
  'diabetes-full': {},
  'diabetes-mini': {},
  'diabetes-single': {},
  iris: {},
  wine: {},
  penguins: {},
  digits: { atLeast: 0.98 },
  'digits-sgd': {},
  'breast-cancer-logistic': { atLeast: 0.97, rocAuc: 0.99 },
  'breast-cancer-mlp': { atLeast: 0.97, rocAuc: 0.99 },
  'mnist-mlp': {},
  'mnist-cnn': { atLeast: 0.992, sameSteps: 60 },
  'fashion-cnn': { atLeast: 0.925, sameSteps: 60 },
  'fashion-resnet': { atLeast: 0.935, sameSteps: 30 },
  flights: {},
  names: {},
  'gpt-moby': { atMost: 1.75, sameSteps: 20 },
};

function readRows() {
  return existsSync(ROWS) ? JSON.parse(readFileSync(ROWS, 'utf8')) : {};
}

function writeRows(rows) {
  const ordered = Object.fromEntries(Object.keys(RECIPES).flatMap((name) => (rows[name] ? [[name, rows[name]]] : [])));
  writeFileSync(ROWS, `${JSON.stringify(ordered, null, 2)}\n`);
  writeFileSync(PAGE, recipesPage(readFileSync(PAGE, 'utf8'), ordered));
}

/** Trains by the program itself, in a folder of its own, and returns the run's summary. */
function trainRecipe(name) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-recipe-'));
  try {
    const args = ['train', root(`configs/${name}.yaml`), `workers=${WORKERS}`, '--runs-dir', folder];
    execFileSync(process.execPath, [root('dist/bundle/cli/main.js'), ...args], { stdio: 'inherit' });
    return readSummary(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A finished run of the recipe as its config stands: `from` is its folder, or the one that it is in under the recipe's name. */
async function readRun(name, from) {
  const folder = existsSync(join(from, 'summary.json')) ? from : join(from, name);
  const summary = readSummary(folder);
  const { loadConfig } = await import('../dist/src/index.js');
  const { configSha256 } = await import('../dist/src/config/config-hash.js');
  const wanted = configSha256(loadConfig(root(`configs/${name}.yaml`), []).config, summary.numerics);
  if (summary.configSha256 === wanted) return summary;
  throw new Error(
    `${folder}: expected a run of configs/${name}.yaml as it stands (configSha256 ${wanted.slice(0, 12)}), got ${summary.configSha256.slice(0, 12)}; lockstep diff tells how they differ`,
  );
}

function readSummary(folder) {
  const path = join(folder, 'summary.json');
  const summary = JSON.parse(readFileSync(path, 'utf8'));
  if (summary.status === 'done') return summary;
  throw new Error(`${path}: expected a run that is done, got one that ${summary.status}; resume it, or train again`);
}

/** Of a run, of one of its folds, or of their deviation; of a run of folds these are the means. */
function figuresOf({ testAccuracy, testMetrics, testLoss }) {
  return {
    ...(typeof testAccuracy === 'number' && { testAccuracy }),
    ...(typeof testMetrics?.r2 === 'number' && { testR2: testMetrics.r2 }),
    ...(typeof testMetrics?.rocAuc === 'number' && { testRocAuc: testMetrics.rocAuc }),
    testLoss,
  };
}

function foldsOf({ folds, deviation }) {
  return { folds: folds.length, deviation: figuresOf(deviation) };
}

/** What the table keeps of a summary; the figure is the one that the recipe is judged by. */
function rowOf(summary) {
  const figures = { ...figuresOf(summary), ...(summary.folds && foldsOf(summary)) };
  const { steps, workers, numerics, samplesPerSecond, durationMs, stateSha256, configSha256, node, cpu, resumes } =
    summary;
  return {
    ...figures,
    steps,
    workers,
    numerics,
    samplesPerSecond,
    durationMs,
    stateSha256,
    configSha256,
    node,
    cpu,
    ...(resumes && { isResumed: true }),
  };
}

function checkWanted(name, { testAccuracy, testRocAuc, testLoss }) {
  const { atLeast, rocAuc, atMost } = RECIPES[name];
  const goals = [
    ['a test accuracy of at least', atLeast, testAccuracy, testAccuracy >= atLeast],
    ['an area under the ROC curve of at least', rocAuc, testRocAuc, testRocAuc >= rocAuc],
    ['a test loss of at most', atMost, testLoss, testLoss <= atMost],
  ];
  for (const [what, bound, got, isReached] of goals) {
    if (bound === undefined || isReached) continue;
    console.error(`${name}: expected ${what} ${bound}, got ${got}`);
    process.exitCode = 1;
  }
}

/** The line that installs a recipe's data; undefined where they are there. */
async function missingData(name) {
  const { loadConfig } = await import('../dist/src/index.js');
  const { listDatasets } = await import('../dist/src/data/catalog.js');
  const { data } = loadConfig(root(`configs/${name}.yaml`), []).config;
  return listDatasets().find((entry) => entry.name === data.source && entry.path === null)?.install;
}

/** Whether a comparison is of the row's config, and, where it went to the end, of its end state. */
function isOf(same, { configSha256, stateSha256 }) {
  if (same === undefined || same.configSha256 !== configSha256) return false;
  return !same.isWhole || same.stateSha256 === stateSha256;
}

function withoutNotRun({ notRun: _, ...row } = {}) {
  return row;
}

/** Compares worker counts and a second run; the whole run must end with the table's hash too. */
async function checkSame(name, row) {
  const { loadConfig, verify } = await import('../dist/src/index.js');
  const { configSha256 } = await import('../dist/src/config/config-hash.js');
  const { resolveNumerics } = await import('../dist/src/kernels/numerics.js');
  const { config, baseDir } = loadConfig(root(`configs/${name}.yaml`), []);
  const { sameSteps } = RECIPES[name];
  const steps = sameSteps ?? Number.POSITIVE_INFINITY;
  const { isSame, runs } = await verify(config, { steps, workerCounts: WORKER_COUNTS, baseDir });
  const hashes = runs.map(({ workers, stateSha256 }) => `${workers}: ${stateSha256.slice(0, 12)}`).join(', ');
  const written = row?.stateSha256;
  const isTable = sameSteps !== undefined || written === undefined || runs[0].stateSha256 === written;
  const verdict = isSame && isTable ? 'the same' : 'DIFFERENT';
  console.log(`${name}: ${runs[0].steps} steps, ${verdict} (${hashes}; table ${written?.slice(0, 12) ?? 'none'})`);
  if (!isSame || !isTable) process.exitCode = 1;
  return {
    steps: runs[0].steps,
    isWhole: sameSteps === undefined,
    isSame: isSame && isTable,
    stateSha256: runs[0].stateSha256,
    configSha256: configSha256(config, resolveNumerics(config.numerics).numerics),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string' }, same: { type: 'boolean' } },
});
const unknown = positionals.filter((name) => !(name in RECIPES));
if (unknown.length > 0)
  throw new Error(`recipes: expected ${Object.keys(RECIPES).join(', ')}, got ${unknown.join(', ')}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(RECIPES)) {
  const install = values.from === undefined ? await missingData(name) : undefined;
  if (install !== undefined) {
    console.error(`${name}: not run here, as its data are not installed: ${install}`);
    // What was written where they are stays.
    if (readRows()[name] === undefined) writeRows({ ...readRows(), [name]: { notRun: install } });
  } else if (values.same) {
    const same = await checkSame(name, readRows()[name]);
    // Read again: another process may have written rows meanwhile. Before its row is there a recipe has the comparison alone.
    writeRows({ ...readRows(), [name]: { ...withoutNotRun(readRows()[name]), same } });
  } else {
    const row = rowOf(values.from === undefined ? trainRecipe(name) : await readRun(name, values.from));
    checkWanted(name, row);
    const { same } = readRows()[name] ?? {};
    writeRows({ ...readRows(), [name]: { ...row, ...(isOf(same, row) && { same }) } });
  }
}
