// Are products of this machine's BLAS right while all cores multiply at once? node bench/blas-soak.mjs [--products 200000] [--path FILE]
// Each is compared, bit for bit, with the same product done alone. Exit code 1 where no library passes.
import { parseArgs } from 'node:util';
import { findCandidates } from '../dist/src/kernels/blas-candidates.js';
import { testInProcess } from '../dist/src/kernels/blas-verdict.js';
import { machine } from './pairs.mjs';

const { values } = parseArgs({
  options: { products: { type: 'string', default: '200000' }, path: { type: 'string' } },
});
const paths = values.path === undefined ? findCandidates().map(({ path }) => path) : [values.path];
console.log(`${values.products} products from all cores at once; ${machine()}`);
if (paths.length === 0) console.log('skipped: no BLAS (lockstep doctor says how to install one)');
let passed = 0;
for (const path of paths) {
  const result = testInProcess(path, Number(values.products));
  if ('refusal' in result) {
    console.log(`refused ${result.refusal}`);
    continue;
  }
  passed++;
  const { name, products, seconds } = result;
  console.log(`${name.identity}: ${products} products in ${seconds.toFixed(1)} s, none wrong (${path})`);
}
if (paths.length > 0 && passed === 0) process.exitCode = 1;
