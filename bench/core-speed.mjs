// How fast does one core multiply 512 × 512 matrices, as `lockstep doctor` measures it? GFLOP/s of lockstep's own products and of the BLAS
// that `fast` takes, a line of JSON. Several of these at once show what the cores keep of that when all are busy.
import { availableParallelism } from 'node:os';
import { measureSpeeds } from '../dist/src/kernels/blas-speed.js';
import { findBlas } from '../dist/src/kernels/find-blas.js';
import { isRelaxedSimdAvailable } from '../dist/src/kernels/wasm.js';
import { median } from './pairs.mjs';

/** About a second, so that those which began together are together for most of it. */
const REPEATS = 3;

const { blas } = findBlas();
const builds = isRelaxedSimdAvailable() ? ['simd', 'relaxed'] : ['simd'];
const runs = Array.from({ length: REPEATS }, () => measureSpeeds(builds, blas ? [blas] : []));
const portable = median(runs.map((speeds) => speeds.builds[0]));
const fast = median(runs.map((speeds) => speeds.libraries[0] ?? speeds.builds.at(-1)));
console.log(JSON.stringify({ cores: availableParallelism(), portable, fast, blas: blas?.identity }));
