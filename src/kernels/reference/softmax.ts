// Softmax and its logarithm along one axis, and their gradients by the input, in the order of sums of assembly/softmax.ts; any thread.
import { log } from '../scalar.ts';
import { exp32 } from './vector-math.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type SoftmaxName = 'softmax' | 'logSoftmax' | 'softmaxBackward' | 'logSoftmaxBackward';

/** Element i goes to lane i mod 4, then (0 + 2) + (1 + 3); along another than the last axis in order. All in f32. */
function sumAlong(x: Float32Array, inner: number): number {
  if (inner !== 1) return x.reduce((sum, value) => fround(sum + value), 0);
  const lanes = [0, 0, 0, 0];
  x.forEach((value, i) => {
    lanes[i % 4] = fround(lanes[i % 4] + value);
  });
  return fround(fround(lanes[0] + lanes[2]) + fround(lanes[1] + lanes[3]));
}

const highest = (x: Float32Array): number => x.reduce((most, value) => (value > most ? value : most), -Infinity);

/** The kernels over `views`. */
export function softmaxKernels({ f32 }: Views): Kernels<SoftmaxName> {
  /** Runs `f` on each line along the axis of arrays (outer, length, inner), and writes what it gives. */
  function alongAxis(
    [out, ...inputs]: number[],
    [outer, length, inner]: number[],
    f: (lines: Float32Array[]) => Float32Array,
  ): void {
    for (let line = 0; line < outer * inner; line++) {
      const start = Math.floor(line / inner) * length * inner + (line % inner);
      const at = (address: number, i: number): number => address / 4 + start + i * inner;
      const result = f(inputs.map((x) => Float32Array.from({ length }, (_, i) => f32[at(x, i)])));
      result.forEach((value, i) => {
        f32[at(out, i)] = value;
      });
    }
  }

  function softmax(out: number, x: number, ...sizes: number[]): void {
    alongAxis([out, x], sizes, ([line]) => {
      const top = highest(line);
      const powers = line.map((value) => exp32(fround(value - top)));
      const total = sumAlong(powers, sizes[2]);
      return powers.map((power) => power / total);
    });
  }

  function logSoftmax(out: number, x: number, ...sizes: number[]): void {
    alongAxis([out, x], sizes, ([line]) => {
      const top = highest(line);
      const total = fround(
        log(
          sumAlong(
            line.map((value) => exp32(fround(value - top))),
            sizes[2],
          ),
        ),
      );
      return line.map((value) => fround(value - top) - total);
    });
  }

  function softmaxBackward(dx: number, dy: number, y: number, ...sizes: number[]): void {
    alongAxis([dx, dy, y], sizes, ([d, line]) => {
      const total = sumAlong(
        d.map((value, i) => value * line[i]),
        sizes[2],
      );
      return d.map((value, i) => line[i] * fround(value - total));
    });
  }

  function logSoftmaxBackward(dx: number, dy: number, y: number, ...sizes: number[]): void {
    alongAxis([dx, dy, y], sizes, ([d, line]) => {
      const total = sumAlong(d, sizes[2]);
      return d.map((value, i) => value - fround(exp32(line[i]) * total));
    });
  }

  return {
    softmax: withoutResult(softmax),
    logSoftmax: withoutResult(logSoftmax),
    softmaxBackward: withoutResult(softmaxBackward),
    logSoftmaxBackward: withoutResult(logSoftmaxBackward),
  };
}
