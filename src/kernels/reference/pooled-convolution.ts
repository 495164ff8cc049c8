// A convolution with ReLU and 2 x 2 maxima behind it, and its gradients, one window after the other, in the orders that
// assembly/pooled-convolution.ts and -gradients.ts document; any thread.
import { sumFourLanes } from './lane-sums.ts';
import { relu } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';
import { winogradPixels, winogradWeights, winogradWindow } from './winograd-pool.ts';

const fround = Math.fround;
const NOTHING = 255;

type Name = 'convReluPool' | 'convReluPoolInput' | 'convReluPoolWeight' | 'convReluPoolBias';
type Visit = (window: number, o: number) => void;
/** Gives the four sums of a window, row by row. */
type WindowSums = (window: number, o: number, bias: number) => number[];

/** The words of ../pooled-convolution-meta.ts, and how positions and taps lie. */
function readMeta(i32: Int32Array, meta: number) {
  const [channels, height, width, outputs, down, across, ...rest] = i32.subarray(meta / 4, meta / 4 + 12);
  const [kernelHeight, kernelWidth, paddingDown, paddingAcross, band, isWinograd] = rest;
  const terms = channels * kernelHeight * kernelWidth;
  /** Each tap, rows of the kernel first, channels last: its weight's element, and that of an image that position `place` of a window sees. */
  function forTaps(window: number, place: number, run: (k: number, at: number) => void): void {
    const top = 2 * Math.floor(window / across) + (place >> 1) - paddingDown;
    const left = 2 * (window % across) + (place & 1) - paddingAcross;
    for (let i = 0; i < kernelHeight; i++) {
      for (let j = 0; j < kernelWidth; j++) {
        const isInside = top + i >= 0 && top + i < height && left + j >= 0 && left + j < width;
        for (let c = 0; c < channels; c++) {
          const at = isInside ? (c * height + top + i) * width + left + j : -1;
          run((c * kernelHeight + i) * kernelWidth + j, at);
        }
      }
    }
  }
  /** Of each channel the elements of an image that a window's four positions see of it, row by row; -1 for padding. */
  function seenBy(window: number): number[][] {
    const top = 2 * Math.floor(window / across) - paddingDown;
    const left = 2 * (window % across) - paddingAcross;
    const places = Array.from({ length: (kernelHeight + 1) * (kernelWidth + 1) }, (_, i) => {
      const [y, x] = [top + Math.floor(i / (kernelWidth + 1)), left + (i % (kernelWidth + 1))];
      return y >= 0 && y < height && x >= 0 && x < width ? y * width + x : -1;
    });
    return Array.from({ length: channels }, (_, c) => places.map((at) => (at < 0 ? -1 : c * height * width + at)));
  }
  /** All windows, those of a band channel by channel. */
  function forBands(run: Visit, endBand: (o: number) => void = () => {}): void {
    for (let top = 0; top < down; top += band) {
      for (let o = 0; o < outputs; o++) {
        for (let window = top * across; window < Math.min(down, top + band) * across; window++) run(window, o);
        endBand(o);
      }
    }
  }
  const windows = down * across;
  const indexBytes = Math.ceil((outputs * windows) / 4) * 4;
  const image = channels * height * width;
  return { image, outputs, windows, terms, indexBytes, isWinograd, forTaps, seenBy, forBands };
}

/** The four kernels over `views`. */
export function pooledConvolutionKernels({ f32, i32, u8 }: Views): Kernels<Name> {
  function convReluPool(...args: number[]): void {
    const [out, index, x, w, bias, images, meta] = args;
    const { image, outputs, windows, indexBytes, isWinograd } = readMeta(i32, meta);
    for (let n = 0; n < images; n++) {
      const sumsOf = (isWinograd ? winogradSums : plainSums)(x / 4 + n * image, w / 4, meta);
      for (let cell = 0; cell < outputs * windows; cell++) {
        const [o, window] = [Math.floor(cell / windows), cell % windows];
        const values = sumsOf(window, o, bias === 0 ? 0 : f32[bias / 4 + o]);
        // Math.max takes 0 for greater than -0, and vectors the first: ReLU makes both 0 but for a -0 alone.
        const top = values.reduce((most, value) => (most < value || Number.isNaN(value) ? value : most));
        f32[out / 4 + n * outputs * windows + cell] = relu(top);
        u8[index + n * indexBytes + cell] = top > 0 ? values.indexOf(top) : NOTHING;
      }
    }
  }

  /** The convolution at the four positions of a window of an image. */
  function plainSums(x: number, w: number, meta: number): WindowSums {
    const { terms, forTaps } = readMeta(i32, meta);
    return (window, o, bias) =>
      [0, 1, 2, 3].map((place) => {
        let sum = bias;
        forTaps(window, place, (k, at) => {
          sum = fround(sum + fround((at < 0 ? 0 : f32[x + at]) * f32[w + o * terms + k]));
        });
        return sum;
      });
  }

  /** The same by Winograd's way. */
  function winogradSums(x: number, w: number, meta: number): WindowSums {
    const { outputs, windows, terms, seenBy } = readMeta(i32, meta);
    const channels = [...Array(terms / 9).keys()];
    const weights = Array.from({ length: outputs }, (_, o) =>
      channels.map((c) => winogradWeights([...f32.subarray(w + o * terms + 9 * c, w + o * terms + 9 * c + 9)])),
    );
    const pixels = Array.from({ length: windows }, (_, window) =>
      seenBy(window).map((seen) => winogradPixels(seen.map((at) => (at < 0 ? 0 : f32[x + at])))),
    );
    return (window, o, bias) => winogradWindow(pixels[window], weights[o], bias);
  }

  function convReluPoolWeight(...args: number[]): void {
    const [dw, x, dOut, index, accumulate, images, meta] = args;
    const { image, outputs, windows, terms, indexBytes, forTaps, forBands } = readMeta(i32, meta);
    if (!accumulate) f32.fill(0, dw / 4, dw / 4 + outputs * terms);
    const sums = new Float32Array(terms);
    for (let n = 0; n < images; n++) {
      const addWindow: Visit = (window, o) => {
        const place = u8[index + n * indexBytes + o * windows + window];
        if (place === NOTHING) return;
        const g = f32[dOut / 4 + (n * outputs + o) * windows + window];
        forTaps(window, place, (k, at) => {
          sums[k] += fround(g * (at < 0 ? 0 : f32[x / 4 + n * image + at]));
        });
      };
      forBands(addWindow, (o) => {
        for (let k = 0; k < terms; k++) f32[dw / 4 + o * terms + k] += sums[k];
        sums.fill(0);
      });
    }
  }

  function convReluPoolInput(...args: number[]): void {
    const [dx, dOut, index, w, images, meta] = args;
    const { image, outputs, windows, terms, indexBytes, forTaps } = readMeta(i32, meta);
    f32.fill(0, dx / 4, dx / 4 + images * image);
    for (let i = 0; i < images * windows * 4; i++) {
      const [n, window, place] = [Math.floor(i / (windows * 4)), (i >> 2) % windows, i & 3];
      const channels = [...Array(outputs).keys()].filter(
        (o) => u8[index + n * indexBytes + o * windows + window] === place,
      );
      forTaps(window, place, (k, at) => {
        if (at < 0) return;
        const addTerm = (sum: number, o: number): number =>
          fround(sum + fround(f32[dOut / 4 + (n * outputs + o) * windows + window] * f32[w / 4 + o * terms + k]));
        f32[dx / 4 + n * image + at] += channels.reduce(addTerm, 0);
      });
    }
  }

  function convReluPoolBias(...args: number[]): void {
    const [db, dOut, index, accumulate, images, outputs, windows] = args;
    const indexBytes = Math.ceil((outputs * windows) / 4) * 4;
    if (!accumulate) f32.fill(0, db / 4, db / 4 + outputs);
    for (let n = 0; n < images; n++) {
      for (let o = 0; o < outputs; o++) {
        const isAlive = (i: number): boolean => u8[index + n * indexBytes + o * windows + i] !== NOTHING;
        const from = dOut / 4 + (n * outputs + o) * windows;
        f32[db / 4 + o] += sumFourLanes(windows, (i) => (isAlive(i) ? f32[from + i] : 0));
      }
    }
  }

  return {
    convReluPool: withoutResult(convReluPool),
    convReluPoolInput: withoutResult(convReluPoolInput),
    convReluPoolWeight: withoutResult(convReluPoolWeight),
    convReluPoolBias: withoutResult(convReluPoolBias),
  };
}
