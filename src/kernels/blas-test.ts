// A library's path → whether its products are right, also while several threads multiply at once; in a process of its own.
import { Worker } from 'node:worker_threads';
import { type BlasName, BlasRefusal, type LoadedBlas, loadBlas } from './blas-library.ts';

/** What to test. */
export interface BlasTestSpec {
  path: string;
  threads: number;
  /** Products in all threads together. */
  products: number;
}

/** A library that may be used, or why it may not. */
export type BlasTestResult = { name: BlasName; products: number; seconds: number } | { refusal: string };

interface Product {
  transA: number;
  transB: number;
  m: number;
  n: number;
  k: number;
  isAdded: boolean;
}

/**
 * All above a million multiplications, where OpenBLAS packs matrices into buffers that threads could mix up, and not much above: a
 * fault strikes where two calls begin at the same instant. Results are small: comparing them costs time between two calls.
 */
const PRODUCTS: readonly Product[] = [
  { transA: 0, transB: 1, m: 32, n: 64, k: 512, isAdded: false },
  { transA: 1, transB: 0, m: 48, n: 48, k: 450, isAdded: false },
  { transA: 0, transB: 0, m: 16, n: 96, k: 680, isAdded: false },
  { transA: 1, transB: 1, m: 33, n: 65, k: 480, isAdded: false },
  { transA: 1, transB: 0, m: 64, n: 64, k: 250, isAdded: true },
];

const ROW_MAJOR = 101;
const PAGE_BYTES = 65_536;
/** Room for the largest matrix of the products. */
const MATRIX_BYTES = 4 * 102_400;
/** Left operand, right operand, what is added to, result. */
const MATRICES = 4;

/** One thread's matrices in a shared memory; thread 0 is the one that multiplies alone. */
interface Bench {
  multiply(product: Product): Buffer;
  floats(matrix: number, count: number): Float32Array;
}

/** Threads' matrices lie at other distances from a page's begin: bits may not depend on that. */
function openBench(blas: LoadedBlas, memory: WebAssembly.Memory, thread: number): Bench {
  const at = (matrix: number): number => (thread * MATRICES + matrix) * MATRIX_BYTES + thread * 64;
  const base = blas.baseOf(memory);
  const bytes = new Uint8Array(memory.buffer);
  for (let matrix = 0; matrix < MATRICES - 1; matrix++) {
    const values = new Float32Array(memory.buffer, at(matrix), MATRIX_BYTES / 4);
    // Any numbers of about 1 will do, whose sums are rounded at every step.
    for (let i = 0; i < values.length; i++) values[i] = ((i * 2_654_435_761 + matrix * 40_503) % 65_521) / 65_521 - 0.5;
  }
  return {
    multiply({ transA, transB, m, n, k, isAdded }) {
      const [a, b, before, c] = [0, 1, 2, 3].map(at);
      // What lies at c is another product's result, or what is added to.
      if (isAdded) bytes.copyWithin(c, before, before + 4 * m * n);
      const [orderA, orderB] = [111 + transA, 111 + transB];
      const beta = isAdded ? 1 : 0;
      blas.sgemm(
        ROW_MAJOR,
        orderA,
        orderB,
        m,
        n,
        k,
        1,
        base + a,
        transA ? m : k,
        base + b,
        transB ? k : n,
        beta,
        base + c,
        n,
      );
      return Buffer.from(memory.buffer, c, 4 * m * n);
    },
    floats: (matrix, count) => new Float32Array(memory.buffer, at(matrix), count),
  };
}

/** @throws BlasRefusal where a result is not that of plain loops in float64, within the roundings that any order of sums makes. */
function checkAlone(path: string, bench: Bench, product: Product): Buffer {
  const { transA, transB, m, n, k, isAdded } = product;
  const result = bench.multiply(product);
  const [a, b, before, c] = [0, 1, 2, 3].map((matrix) => bench.floats(matrix, MATRIX_BYTES / 4));
  // Higham 2002, section 3.1: k + 1 roundings of terms below a quarter, and of what was there.
  const bound = (k + 1) * (k / 4 + 1) * 2 ** -24;
  // Every 37th element meets all rows and columns of a register tile.
  for (let element = 0; element < m * n; element += 37) {
    const [i, j] = [Math.floor(element / n), element % n];
    let sum = isAdded ? before[element] : 0;
    for (let p = 0; p < k; p++) sum += a[transA ? p * m + i : i * k + p] * b[transB ? j * k + p : p * n + j];
    if (Math.abs(c[element] - sum) <= bound) continue;
    throw new BlasRefusal(
      `${path}: expected ${sum} in a product of ${m} × ${n} × ${k}, got ${c[element]}; use another library`,
    );
  }
  return Buffer.from(result);
}

/** What a testing thread is given. */
interface ThreadData {
  path: string;
  memory: WebAssembly.Memory;
  thread: number;
  threads: number;
  products: number;
  expected: Uint8Array[];
  /** One word: how many products all threads have begun. */
  begun: Int32Array;
}

/** How a thread raises the word `begun`, and reads it while others do: `workers/` brings the atomics. */
export interface Meeting {
  raise(begun: Int32Array): void;
  read(begun: Int32Array): number;
}

/** About 20 µs: a thread that was put off the core is not waited for. */
const MEETING_TURNS = 2000;

/**
 * One thread's part: product after product against the same done alone. Threads wait for each other, though not long, so that they
 * call the library at the same instant: 20,000 products found Debian's missing lock in 5 of 8 runs (6 to 59 wrong ones, two busy
 * cores), and in 1 of 8 without that.
 * @returns how many products differed.
 */
export function multiplyInThread(data: ThreadData, meeting: Meeting): number {
  const { path, memory, thread, threads, products, expected, begun } = data;
  const bench = openBench(loadBlas(path), memory, thread);
  let wrong = 0;
  for (let i = 0; i < products; i++) {
    // Threads begin with other products, so that different ones run at once.
    const which = (i + thread) % PRODUCTS.length;
    meeting.raise(begun);
    for (let turn = 0; turn < MEETING_TURNS && meeting.read(begun) < (i + 1) * threads; turn++);
    if (bench.multiply(PRODUCTS[which]).compare(expected[which]) !== 0) wrong++;
  }
  return wrong;
}

/**
 * Tests a library in this process, which a bad one may end.
 * @param entry the file that calls `multiplyInThread` with its worker data once it is told to, and posts what it gives.
 */
export async function testBlas({ path, threads, products }: BlasTestSpec, entry: URL): Promise<BlasTestResult> {
  try {
    const blas = loadBlas(path);
    const { kind, version, core, identity } = blas;
    const pages = Math.ceil(((threads + 1) * (MATRICES * MATRIX_BYTES + 64)) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const alone = openBench(blas, memory, 0);
    const expected = PRODUCTS.map((product) => checkAlone(path, alone, product));
    const start = performance.now();
    const part = Math.ceil(products / threads);
    const begun = new Int32Array(new SharedArrayBuffer(4));
    const tasks = Array.from({ length: threads }, (_, i) =>
      runThread(entry, { path, memory, thread: i + 1, threads, products: part, expected, begun }),
    );
    const wrong = (await Promise.all(tasks)).reduce((sum, count) => sum + count, 0);
    const seconds = (performance.now() - start) / 1000;
    if (wrong > 0) {
      throw new BlasRefusal(
        `${path}: expected the same products from ${threads} threads at once as from one, got ${wrong} wrong ones of ${part * threads} (${identity}); use another library`,
      );
    }
    return { name: { kind, version, core, identity }, products: part * threads, seconds };
  } catch (error) {
    if (error instanceof BlasRefusal) return { refusal: error.message };
    throw error;
  }
}

/** Resolves with how many products were wrong. A thread begins when it is made: each lasts much longer than that takes. */
function runThread(entry: URL, workerData: ThreadData): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
