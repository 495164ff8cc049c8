// Trains the golden configs with portable numerics and prints their hashes as JSON: the same on every machine and Node version.
// With --matrix: fetches Node 20, 22, 24 and 26 from npm and runs itself on all four against test/golden/hashes.json.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const EXPECTED = fileURLToPath(new URL('../test/golden/hashes.json', import.meta.url));
const MAJORS = [20, 22, 24, 26];

// Together they run every kernel and every source of random numbers.
const CONFIGS = {
  'digits-adam': {
    data: { source: 'digits', batchSize: 50, validation: 0.1, test: 0.1 },
    model: [{ dense: 48, activation: 'relu' }, { dense: 24, activation: 'sigmoid' }, { dense: 10 }],
    loss: 'crossEntropy',
    optimizer: { name: 'adamw', lr: 0.003 },
  },
  'synthetic-sgd': {
    data: { source: 'synthetic', samples: 400, features: [3, 5], outputs: 3, batchSize: 37 },
    shards: 5,
    model: [{ dense: 31, activation: 'tanh' }, { dense: 3 }],
    loss: 'mse',
    optimizer: { name: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.001 },
    clip: { norm: 0.5 },
  },
  'synthetic-classes': {
    data: { source: 'synthetic', samples: 333, features: 9, classes: 4, batchSize: 'full' },
    shards: 3,
    microBatch: 16,
    model: [{ flatten: true }, { dense: 17, bias: false }, { activation: 'tanh' }, { dense: 4 }],
    loss: 'crossEntropy',
    optimizer: { name: 'adam', lr: 0.01, weightDecay: 0.01 },
  },
};

async function goldenHashes() {
  const { parseConfig, verify } = await import('../dist/src/index.js');
  const hashes = {};
  for (const [name, keys] of Object.entries(CONFIGS)) {
    const config = parseConfig({ name, seed: 7, numerics: 'portable', steps: 60, ...keys });
    const { runs } = await verify(config, { steps: 60, workerCounts: [2] });
    hashes[name] = { weightsSha256: runs[0].weightsSha256, stateSha256: runs[0].stateSha256 };
  }
  return hashes;
}

function runMatrix() {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-node-'));
  const expected = JSON.stringify(JSON.parse(readFileSync(EXPECTED, 'utf8')));
  const platform = `${process.platform}-${process.arch}`;
  let failures = 0;
  try {
    for (const major of MAJORS) {
      const spec = `n${major}@npm:node-${platform}@${major}`;
      execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', folder, spec], { stdio: 'ignore' });
      const node = join(folder, 'node_modules', `n${major}`, 'bin', 'node');
      const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
      const got = JSON.stringify(JSON.parse(execFileSync(node, [SELF], { encoding: 'utf8' })));
      const isSame = got === expected;
      if (!isSame) failures++;
      console.log(`node ${version}: ${isSame ? 'same bits' : `other bits: expected ${expected}, got ${got}`}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failures === 0 ? 0 : 1;
}

if (process.argv.includes('--matrix')) runMatrix();
else console.log(JSON.stringify(await goldenHashes(), null, 2));
