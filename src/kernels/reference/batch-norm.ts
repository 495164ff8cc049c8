// Batch norm, its moments and its gradients, one channel after the other; any thread.
import { gradientSums } from './group-norm.ts';
import { inverseDeviation, sumEightLanes } from './lane-sums.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type BatchNormName =
  | 'batchMoments'
  | 'batchNorm'
  | 'batchNormSums'
  | 'batchNormBackward'
  | 'batchNormInferenceBackward'
  | 'pickRow'
  | 'unbiasedVariance';

/** The normalisations over a shard, and by given statistics, over `views`. */
export function batchNormKernels({ f32 }: Views): Kernels<BatchNormName> {
  /** The sum over samples in f64 of what a channel's run gives; runs as element offsets relative to the tensor. */
  function sumRuns(channel: number, shape: number[], ofRun: (at: number) => number): number {
    const [samples, channels, spatial] = shape;
    let sum = 0;
    for (let s = 0; s < samples; s++) sum += ofRun((s * channels + channel) * spatial);
    return sum;
  }

  /** Calls `visit` for every element of every channel, with its offset. */
  function forChannels(shape: number[], visit: (channel: number) => (at: number) => void): void {
    const [samples, channels, spatial] = shape;
    for (let c = 0; c < channels; c++) {
      const visitElement = visit(c);
      for (let s = 0; s < samples; s++) {
        for (let i = 0; i < spatial; i++) visitElement((s * channels + c) * spatial + i);
      }
    }
  }

  const scaleOf = (variance: number, weight: number, channel: number, eps: number): number => {
    const rstd = inverseDeviation(f32[variance / 4 + channel], eps);
    return weight === 0 ? rstd : fround(rstd * f32[weight / 4 + channel]);
  };

  function batchMoments(out: number, x: number, ...shape: number[]): void {
    const [samples, channels, spatial] = shape;
    const count = samples * spatial;
    for (let c = 0; c < channels; c++) {
      const sum = sumRuns(c, shape, (at) => sumEightLanes(spatial, (i) => f32[x / 4 + at + i]));
      const mean = fround(sum / count);
      const squares = sumRuns(c, shape, (at) =>
        sumEightLanes(spatial, (i) => {
          const distance = fround(f32[x / 4 + at + i] - mean);
          return fround(distance * distance);
        }),
      );
      f32[out / 4 + c] = mean;
      f32[out / 4 + channels + c] = squares / count;
    }
  }

  function batchNorm(...args: number[]): void {
    const [out, x, mean, variance, weight, bias, samples, channels, spatial, eps] = args;
    forChannels([samples, channels, spatial], (c) => {
      const scale = scaleOf(variance === 0 ? mean + channels * 4 : variance, weight, c, eps);
      const shift = bias === 0 ? 0 : f32[bias / 4 + c];
      return (at) => {
        f32[out / 4 + at] = fround(fround(f32[x / 4 + at] - f32[mean / 4 + c]) * scale) + shift;
      };
    });
  }

  function batchNormSums(...args: number[]): void {
    const [out, dy, x, mean, variance, samples, channels, spatial, eps] = args;
    for (let c = 0; c < channels; c++) {
      const rstd = scaleOf(variance === 0 ? mean + channels * 4 : variance, 0, c, eps);
      [0, 1].forEach((index) => {
        f32[out / 4 + index * channels + c] = sumRuns(
          c,
          [samples, channels, spatial],
          (at) => gradientSums(f32, dy / 4 + at, x / 4 + at, f32[mean / 4 + c], rstd, spatial)[index],
        );
      });
    }
  }

  function batchNormBackward(...args: number[]): void {
    const [dx, dy, x, moments, weight, sums, samples, channels, spatial, eps] = args;
    const variance = moments + channels * 4;
    forChannels([samples, channels, spatial], (c) => {
      const scale = scaleOf(variance, weight, c, eps);
      const shift = fround(f32[sums / 4 + c] / (samples * spatial));
      const tilt = fround(scaleOf(variance, 0, c, eps) * fround(f32[sums / 4 + channels + c] / (samples * spatial)));
      return (at) => {
        const centred = fround(f32[x / 4 + at] - f32[moments / 4 + c]);
        f32[dx / 4 + at] = scale * fround(fround(f32[dy / 4 + at] - shift) - fround(centred * tilt));
      };
    });
  }

  function batchNormInferenceBackward(...args: number[]): void {
    const [dx, dy, variance, weight, samples, channels, spatial, eps] = args;
    forChannels([samples, channels, spatial], (c) => {
      const scale = scaleOf(variance, weight, c, eps);
      return (at) => {
        // + 0: -0 becomes 0, as with a bias of 0.
        f32[dx / 4 + at] = fround(f32[dy / 4 + at] * scale) + 0;
      };
    });
  }

  function pickRow(out: number, x: number, row: number, cols: number, accumulate: number): void {
    for (let c = 0; c < cols; c++) {
      const value = f32[x / 4 + row * cols + c];
      f32[out / 4 + c] = accumulate ? f32[out / 4 + c] + value : value;
    }
  }

  function unbiasedVariance(...args: number[]): void {
    const [out, moments, samples, channels, spatial] = args;
    const count = samples * spatial;
    for (let c = 0; c < channels; c++) {
      f32[out / 4 + c] = (f32[moments / 4 + channels + c] * count) / (count - 1);
    }
  }

  return {
    batchMoments: withoutResult(batchMoments),
    batchNorm: withoutResult(batchNorm),
    batchNormSums: withoutResult(batchNormSums),
    batchNormBackward: withoutResult(batchNormBackward),
    batchNormInferenceBackward: withoutResult(batchNormInferenceBackward),
    pickRow: withoutResult(pickRow),
    unbiasedVariance: withoutResult(unbiasedVariance),
  };
}
