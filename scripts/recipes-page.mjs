// The rows of docs/recipes.json → docs/recipes.md with its table written anew. Pure.

const [START, END] = ['<!-- The table is written by `npm run recipes`. -->', '<!-- end of the table -->'];

const HEAD = [
  'recipe',
  'result on the test part',
  'time',
  'samples/s',
  'numerics',
  'state hash',
  'the same with 1, 2, 3 workers and again',
];

/** The page with the rows between its two marks. */
export function recipesPage(page, rows) {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined)
    throw new Error(`docs/recipes.md: expected the lines ${START} and ${END}, got a page without`);
  const cells = Object.entries(rows).map(([name, row]) => rowCells(name, row));
  const lines = [HEAD, HEAD.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`);
  return `${before}${START}\n${lines.join('\n')}\n${END}${after}`;
}

function rowCells(name, row) {
  const link = `[${name}](../configs/${name}.yaml)`;
  if (row.stateSha256 === undefined) {
    const what = row.notRun === undefined ? 'not trained yet' : `not run here: ${row.notRun}`;
    return [link, what, ...HEAD.slice(3).map(() => ''), row.same === undefined ? '' : sameness(row.same)];
  }
  return [
    link,
    result(row),
    duration(row.durationMs) + (row.isResumed ? ' (resumed)' : ''),
    row.samplesPerSecond === null ? '' : Math.round(row.samplesPerSecond).toLocaleString('en'),
    row.numerics,
    `\`${row.stateSha256.slice(0, 12)}\``,
    sameness(row.same),
  ];
}

function result({ testAccuracy, testR2, testRocAuc, testLoss, folds, deviation = {} }) {
  const figure = (value, spread, digits) =>
    spread === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ± ${spread.toFixed(digits)}`;
  const figures = [
    testAccuracy !== undefined &&
      `accuracy ${figure(100 * testAccuracy, deviation.testAccuracy && 100 * deviation.testAccuracy, 2)} %`,
    testR2 !== undefined && `r² ${figure(testR2, deviation.testR2, 3)}`,
    testRocAuc !== undefined && `ROC-AUC ${figure(testRocAuc, deviation.testRocAuc, 4)}`,
    `loss ${testLoss < 0.001 ? testLoss.toExponential(2) : figure(testLoss, deviation.testLoss, 4)}`,
    folds !== undefined && `over ${folds} folds`,
  ];
  return figures.filter(Boolean).join(', ');
}

function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function sameness(same) {
  if (same === undefined) return 'not compared yet';
  if (!same.isSame) return '**no**';
  return same.isWhole ? `yes, all ${same.steps.toLocaleString('en')} steps` : `yes, ${same.steps} steps`;
}
