// The entry of the thread that reads the samples of a stream into shared memory; it sleeps while there is no place for more.
import { parentPort, workerData } from 'node:worker_threads';
import { DataError } from '../src/data/data-error.ts';
import { type LoaderJob, runLoader } from '../src/engine/sample-loader.ts';

try {
  runLoader(workerData as LoaderJob);
} catch (error) {
  // What is wrong with the data stays wrong; any other error ends the thread, and another takes its place.
  if (!(error instanceof DataError)) throw error;
  parentPort!.postMessage({ failure: error.message });
}
