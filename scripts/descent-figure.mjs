// Trains configs/diabetes-{full,mini,single}.yaml and draws their three descents → docs/descent.svg: the loss over samples seen, and the path
// of two weights. Weights are read at the gate between steps; the loss is of the whole training part, worked out here in float64.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createPool } from '../dist/src/engine/pool.js';
import { prepareRun } from '../dist/src/experiment/prepare.js';
import { openSession } from '../dist/src/experiment/session.js';
import { loadConfig } from '../dist/src/index.js';
import { drawDescent } from './descent-svg.mjs';

const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What is drawn: two measures that say much, and the steps between two points grow with the steps done. */
const MEASURES = ['bmi', 's5'];
const GROWTH = 1.02;

const DESCENTS = [
  { name: 'diabetes-full', label: 'full batch', color: '#1b6ca8' },
  { name: 'diabetes-mini', label: 'mini-batches of 32', color: '#d1495b' },
  { name: 'diabetes-single', label: 'single examples', color: '#8a8d91' },
];

/** The training part, row by row: what the loss is of. */
function readTrainingPart({ dataset }) {
  const { input, samples } = dataset.spec;
  const columns = input.shape[0];
  const inputs = new Float32Array(samples * columns);
  const targets = new Float32Array(samples);
  dataset.fill(inputs, targets);
  return Array.from(dataset.parts.train, (id) => ({
    x: inputs.subarray(id * columns, (id + 1) * columns),
    y: targets[id],
  }));
}

/** Inputs are float32: the sum begins in float64 with the bias. */
const predict = ({ weight, bias }, x) => x.reduce((sum, value, i) => sum + value * weight[i], bias);

/** Mean squared error of the rows. */
function meanLoss(rows, weights) {
  return rows.reduce((sum, { x, y }) => sum + (predict(weights, x) - y) ** 2, 0) / rows.length;
}

/** Solves A w = b by Gauss' elimination with the largest pivot; A is changed. */
function solve(A, b) {
  const n = b.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(A[i][k]) > Math.abs(A[pivot][k])) pivot = i;
    [A[k], A[pivot]] = [A[pivot], A[k]];
    [b[k], b[pivot]] = [b[pivot], b[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = A[i][k] / A[k][k];
      for (let j = k; j < n; j++) A[i][j] -= factor * A[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) b[k] -= A[k][j] * b[j];
    b[k] /= A[k][k];
  }
  return b;
}

/** The weights of the least loss, by the normal equations. */
function leastSquares(rows) {
  const wide = rows.map(({ x, y }) => ({ x: [...x, 1], y }));
  const n = wide[0].x.length;
  const sumOf = (f) => wide.reduce((sum, row) => sum + f(row), 0);
  const A = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => sumOf(({ x }) => x[i] * x[j])));
  const solution = solve(
    A,
    Array.from({ length: n }, (_, i) => sumOf(({ x, y }) => x[i] * y)),
  );
  return { weight: solution.slice(0, -1), bias: solution[n - 1] };
}

/** An epoch's last batch may be smaller than the others. */
function samplesSeen({ batchSize, stepsPerEpoch, dataset }, step) {
  const epochs = Math.floor(step / stepsPerEpoch);
  return epochs * dataset.parts.train.length + (step - epochs * stepsPerEpoch) * batchSize;
}

/** Trains one config, and stops at growing distances to read its weights. */
async function descend(name) {
  const { config, baseDir } = loadConfig(root(`configs/${name}.yaml`), ['workers=1']);
  const pool = createPool(1);
  try {
    const run = prepareRun(config, { baseDir });
    const session = openSession(run, { pool, onStep: () => {} });
    const { engine } = session;
    const points = [];
    const note = () => {
      const [weight, bias] = ['dense1.weight', 'dense1.bias'].map(
        (key) => session.weights().parameters.find((tensor) => tensor.name === key).values,
      );
      points.push({ samples: samplesSeen(run, engine.step), weights: { weight: Array.from(weight), bias: bias[0] } });
    };
    await engine.start();
    note();
    while (engine.step < run.totalSteps) {
      await engine.runTo(Math.min(run.totalSteps, Math.max(engine.step + 1, Math.floor(engine.step * GROWTH))));
      note();
    }
    await engine.stop();
    return { run, points };
  } finally {
    await pool.destroy();
  }
}

const descents = [];
let rows;
let names;
for (const { name, label, color } of DESCENTS) {
  const { run, points } = await descend(name);
  // The three have the same data and seed, so the same training part.
  rows ??= readTrainingPart(run);
  names ??= run.dataset.preprocessing.inputs.map((input) => input.name);
  const losses = points.map(({ samples, weights }) => ({ samples, weights, loss: meanLoss(rows, weights) }));
  descents.push({ label, color, points: losses });
}
const least = leastSquares(rows);
const leastLoss = meanLoss(rows, least);
const axes = MEASURES.map((measure) => names.indexOf(measure));
const mean = (i, j) => rows.reduce((sum, { x }) => sum + x[i] * x[j], 0) / rows.length;
const figure = drawDescent({
  leastLoss,
  measures: MEASURES,
  least: axes.map((axis) => least.weight[axis]),
  correlation: mean(axes[0], axes[1]),
  descents: descents.map(({ label, color, points }) => ({
    label,
    color,
    losses: points.map(({ samples, loss }) => [samples, loss]),
    path: points.map(({ weights }) => axes.map((axis) => weights.weight[axis])),
  })),
});
writeFileSync(root('docs/descent.svg'), figure);
for (const { label, points } of descents) {
  const within = points.find(({ loss }) => loss < 1.05 * leastLoss)?.samples ?? 'no';
  const last = points.at(-1);
  console.log(
    `${label}: loss ${last.loss.toFixed(4)} after ${last.samples} samples, within 5 % of the least after ${within}`,
  );
}
console.log(`least loss ${leastLoss.toFixed(4)}; docs/descent.svg`);
