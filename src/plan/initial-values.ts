// A distribution, a seed and a parameter's number → the parameter's first values in f64, by our own arithmetic. Pure; coordinator only.
import type { Initializer } from '../graph/ops/parameter.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { philox4x32 } from '../kernels/philox.ts';
import { PURPOSE } from '../kernels/purpose.ts';
import { cos, exp, log } from '../kernels/scalar.ts';
import { orthonormalize } from './orthonormalize.ts';

/** The distributions that are drawn here; uniform numbers come from a kernel. */
export type DrawnInitializer = Extract<Initializer, { kind: 'normal' | 'truncatedNormal' | 'orthogonal' }>;

/** The values of parameter number `parameter`, a pure function of (seed, parameter, element), row-major; to be rounded to f32. */
export function drawValues(
  initializer: DrawnInitializer,
  shape: readonly number[],
  seed: number,
  parameter: number,
): Float64Array {
  const draw = new Draw(seed, parameter);
  switch (initializer.kind) {
    case 'normal':
      return drawNormal(draw, elementCount(shape), initializer);
    case 'truncatedNormal':
      return drawTruncated(draw, elementCount(shape), initializer);
    case 'orthogonal':
      return drawOrthogonal(draw, shape, initializer.gain);
  }
}

function drawNormal(draw: Draw, count: number, { mean, std }: { mean: number; std: number }): Float64Array {
  const values = draw.normals(count);
  for (let i = 0; i < count; i++) values[i] = mean + std * values[i];
  return values;
}

type Truncated = Extract<Initializer, { kind: 'truncatedNormal' }>;

/** Each element tries its own blocks in order until a candidate is accepted. */
function drawTruncated(draw: Draw, count: number, options: Truncated): Float64Array {
  // Within ±1 std of a narrow interval the density hardly changes: uniform candidates are nearly all accepted.
  const isNarrow = options.high - options.low < 2 * options.std;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = isNarrow ? draw.truncatedFromUniform(i, options) : draw.truncatedFromNormal(i, options);
  }
  return values;
}

/**
 * The orthogonal factor of a random normal matrix: orthonormal columns where there are at least as many rows as columns, else
 * orthonormal rows. Its distribution is uniform over such matrices, as the triangular factor's diagonal is positive.
 * @see Saxe, McClelland, Ganguli 2013, arXiv:1312.6120; Mezzadri 2006, arXiv:math-ph/0609050, section 5
 */
function drawOrthogonal(draw: Draw, shape: readonly number[], gain: number): Float64Array {
  const rows = shape[0];
  const columns = elementCount(shape.slice(1));
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors = draw.normals(count * length);
  orthonormalize(vectors, count, length);
  const values = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = rows < columns ? r * length + c : c * length + r;
      values[r * columns + c] = gain * vectors[at];
    }
  }
  return values;
}

const TWO_PI = 6.283185307179586;

/** Random numbers of one parameter: counter (position, attempt, parameter, initialisation). */
class Draw {
  readonly #key: readonly [low: number, high: number];
  readonly #parameter: number;
  readonly #words = new Uint32Array(4);

  constructor(seed: number, parameter: number) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#parameter = parameter;
  }

  /** Standard normal numbers: number i is candidate i mod 4 of block ⌊i/4⌋. */
  normals(count: number): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      if ((i & 3) === 0) this.#block(i >>> 2, 0);
      values[i] = this.#normal(i & 3);
    }
    return values;
  }

  truncatedFromNormal(element: number, { mean, std, low, high }: Truncated): number {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      this.#block(element, attempt);
      for (let candidate = 0; candidate < 4; candidate++) {
        const x = mean + std * this.#normal(candidate);
        if (x >= low && x <= high) return x;
      }
    }
    throw tooImprobable(low, high);
  }

  truncatedFromUniform(element: number, { mean, std, low, high }: Truncated): number {
    const densest = Math.min(Math.max(mean, low), high);
    const exponentAt = (x: number): number => ((x - mean) * (x - mean)) / (2 * std * std);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      this.#block(element, attempt);
      for (let pair = 0; pair < 4; pair += 2) {
        const x = low + (high - low) * this.#fraction(pair);
        if (this.#fraction(pair + 1) <= exp(exponentAt(densest) - exponentAt(x))) return x;
      }
    }
    throw tooImprobable(low, high);
  }

  /** Box and Muller 1958, "A Note on the Generation of Random Normal Deviates": two numbers of two words, four of a block. */
  #normal(candidate: number): number {
    const pair = candidate & 2;
    const radius = Math.sqrt(-2 * log(this.#fraction(pair)));
    // sin x = cos(x - π/2): a quarter of a turn less.
    const turns = this.#words[pair + 1] * 2 ** -32 - (candidate & 1) * 0.25;
    return radius * cos(TWO_PI * turns);
  }

  /** In (0, 1), never 0 or 1. */
  #fraction(word: number): number {
    return (this.#words[word] + 0.5) * 2 ** -32;
  }

  #block(position: number, attempt: number): void {
    const [low, high] = this.#key;
    philox4x32(position, attempt, this.#parameter, PURPOSE.initialisation, low, high, this.#words);
  }
}

// The schema keeps the mean within two std of the interval: of normal candidates more than one in 50 is inside.
const MOST_ATTEMPTS = 1 << 16;

function tooImprobable(low: number, high: number): Error {
  return new Error(`initialisation: no normal number in [${low}, ${high}] was found; this is a fault in lockstep`);
}
