// Recipes (configs/NAME.yaml) → the rows of docs/recipes.json and the table of docs/recipes.md.
//   node scripts/recipes.mjs [names…]                 trains each with 2 workers, as a user would
//   node scripts/recipes.mjs --from runs [names…]     takes finished runs, folders called after their recipes
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

/** In the order of the table. `sameSteps`: so many steps are compared where the whole run takes more than a minute; `atLeast`, `atMost`: what was wanted. */
const RECIPES = {
  'diabetes-full': {},
  'diabetes-mini': {},
  'diabetes-single': {},
  iris: {},
  wine: {},
  penguins: {},
  digits: { atLeast: 0.98 },
  'digits-sgd': {},
  'mnist-mlp': { sameSteps: 200 },
  'mnist-cnn': { atLeast: 0.992, sameSteps: 60 },
  'fashion-cnn': { atLeast: 0.925, sameSteps: 60 },
  'fashion-resnet': { atLeast: 0.935, sameSteps: 30 },
  names: { sameSteps: 200 },
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
    execFileSync(process.execPath, [root('dist/src/cli/main.js'), ...args], { stdio: 'inherit' });
    return readSummary(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readSummary(folder) {
  const path = join(folder, 'summary.json');
  const summary = JSON.parse(readFileSync(path, 'utf8'));
  if (summary.status === 'done') return summary;
  throw new Error(`${path}: expected a run that is done, got one that ${summary.status}; resume it, or train again`);
}

/** What the table keeps of a summary; the figure is the one that the recipe is judged by. */
function rowOf(summary) {
  const { testAccuracy, testMetrics, testLoss } = summary;
  const figures = {
    ...(testAccuracy !== null && { testAccuracy }),
    ...(testMetrics?.r2 && { testR2: testMetrics.r2 }),
    testLoss,
  };
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

function checkWanted(name, { testAccuracy, testLoss }) {
  const { atLeast, atMost } = RECIPES[name];
  const isReached = (atLeast === undefined || testAccuracy >= atLeast) && (atMost === undefined || testLoss <= atMost);
  if (isReached) return;
  console.error(`${name}: expected ${atLeast ?? atMost}, got ${atLeast === undefined ? testLoss : testAccuracy}`);
  process.exitCode = 1;
}

/** Compares worker counts and a second run; the whole run must end with the table's hash too. */
async function checkSame(name, row) {
  const { loadConfig, verify } = await import('../dist/src/index.js');
  const { config, baseDir } = loadConfig(root(`configs/${name}.yaml`), []);
  const { sameSteps } = RECIPES[name];
  const steps = sameSteps ?? Number.POSITIVE_INFINITY;
  const { isSame, runs } = await verify(config, { steps, workerCounts: WORKER_COUNTS, baseDir });
  const hashes = runs.map(({ workers, stateSha256 }) => `${workers}: ${stateSha256.slice(0, 12)}`).join(', ');
  const isTable = sameSteps !== undefined || row === undefined || runs[0].stateSha256 === row.stateSha256;
  console.log(
    `${name}: ${runs[0].steps} steps, ${isSame && isTable ? 'the same' : 'DIFFERENT'} (${hashes}; table ${row?.stateSha256.slice(0, 12)})`,
  );
  if (!isSame || !isTable) process.exitCode = 1;
  return {
    steps: runs[0].steps,
    isWhole: sameSteps === undefined,
    isSame: isSame && isTable,
    stateSha256: runs[0].stateSha256,
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
  if (values.same) {
    const row = readRows()[name];
    if (row === undefined) throw new Error(`docs/recipes.json: expected a row of ${name}, got none; train it first`);
    const same = await checkSame(name, row);
    // Read again: another process may have written another recipe's row meanwhile.
    writeRows({ ...readRows(), [name]: { ...row, same } });
  } else {
    const row = rowOf(values.from === undefined ? trainRecipe(name) : readSummary(join(values.from, name)));
    checkWanted(name, row);
    // A check of the same end state still holds.
    const before = readRows()[name];
    const isKept = before?.same !== undefined && before.stateSha256 === row.stateSha256;
    writeRows({ ...readRows(), [name]: { ...row, ...(isKept && { same: before.same }) } });
  }
}
