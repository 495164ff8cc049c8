// The entry of the process that tests a BLAS, and of its threads: a library that ends its process ends this one, not the run.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { bump, currentWord32 } from '../src/engine/atomics.ts';
import { type BlasTestSpec, multiplyInThread, testBlas } from '../src/kernels/blas-test.ts';

if (isMainThread) {
  const spec = JSON.parse(process.argv[2]) as BlasTestSpec;
  process.stdout.write(`${JSON.stringify(await testBlas(spec, new URL(import.meta.url)))}\n`);
} else {
  const meeting = {
    raise: (begun: Int32Array) => bump(begun, 0),
    read: (begun: Int32Array) => currentWord32(begun, 0),
  };
  parentPort?.postMessage(multiplyInThread(workerData, meeting));
}
