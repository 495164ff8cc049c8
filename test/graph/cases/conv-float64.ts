// Ops on images in float64, each output position by position from PyTorch's definition of its layer: no shape rule of ours is asked.
import type { GraphNode } from '#src/graph/op.js';
import { elementCount } from '#src/graph/tensor-type.js';

type Tensor = ArrayLike<number>;
type Rule = (node: GraphNode, inputs: readonly Tensor[], types: readonly GraphNode[], rows: number) => Tensor;
type Pair = readonly [number, number];
interface Settings {
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  groups: number;
}

const imageOf = ({ shape }: { readonly shape: readonly number[] }) => {
  const [channels, height, width] = shape.slice(-3);
  return { channels, height, width, lead: elementCount(shape.slice(0, -3)) };
};
const imagesIn = (type: GraphNode, rows: number): number => imageOf(type).lead * (type.isBatched ? rows : 1);
const range = (n: number): number[] => [...Array(n).keys()];

/** Calls `add(out, x, w)` with the indices of every product of a convolution of `images` images x with w that gives out. */
function forProducts(
  x: { readonly shape: readonly number[] },
  w: { readonly shape: readonly number[] },
  out: { readonly shape: readonly number[] },
  images: number,
  { stride, padding, dilation, groups }: Settings,
  add: (out: number, x: number, w: number) => void,
): void {
  const [from, to] = [imageOf(x), imageOf(out)];
  const [outputs, groupChannels, kernelHeight, kernelWidth] = w.shape;
  for (const n of range(images))
    for (const o of range(outputs))
      for (const c of range(groupChannels)) {
        const channel = Math.floor(o / (outputs / groups)) * groupChannels + c;
        for (const oy of range(to.height))
          for (const ox of range(to.width))
            for (const i of range(kernelHeight))
              for (const j of range(kernelWidth)) {
                const y = oy * stride[0] + i * dilation[0] - padding[0];
                const at = ox * stride[1] + j * dilation[1] - padding[1];
                if (y < 0 || y >= from.height || at < 0 || at >= from.width) continue;
                add(
                  ((n * outputs + o) * to.height + oy) * to.width + ox,
                  ((n * from.channels + channel) * from.height + y) * from.width + at,
                  ((o * groupChannels + c) * kernelHeight + i) * kernelWidth + j,
                );
              }
      }
}

const filled = (type: GraphNode, rows: number): number[] =>
  new Array<number>(elementCount(type.shape) * (type.isBatched ? rows : 1)).fill(0);
const settingsOf = (node: GraphNode): Settings => node.attrs as unknown as Settings;

function addBias(node: GraphNode, out: number[], bias: Tensor | undefined): number[] {
  const { channels, height, width } = imageOf(node);
  return out.map((sum, i) => sum + (bias?.[Math.floor(i / (height * width)) % channels] ?? 0));
}

const transposed: Rule = (node, [x, w, bias], [type, weight], rows) => {
  const out = filled(node, rows);
  forProducts(node, weight, type, imagesIn(type, rows), settingsOf(node), (from, to, tap) => {
    out[to] += x[from] * w[tap];
  });
  return addBias(node, out, bias);
};

/** The elements of x in each window, and how many elements a window has with its padding, window by window. */
function windowsOf(
  x: GraphNode,
  out: { readonly shape: readonly number[] },
  node: GraphNode,
  rows: number,
): number[][] {
  const { kernel, stride, padding } = node.attrs as unknown as { kernel: Pair; stride: Pair; padding: Pair };
  const [from, to] = [imageOf(x), imageOf(out)];
  const planes = imagesIn(x, rows) * from.channels;
  return range(planes * to.height * to.width).map((o) => {
    const plane = Math.floor(o / (to.height * to.width));
    const top = (Math.floor(o / to.width) % to.height) * stride[0] - padding[0];
    const left = (o % to.width) * stride[1] - padding[1];
    return range(kernel[0] * kernel[1]).flatMap((tap) => {
      const [y, at] = [top + Math.floor(tap / kernel[1]), left + (tap % kernel[1])];
      const isInside = y >= 0 && y < from.height && at >= 0 && at < from.width;
      return isInside ? [(plane * from.height + y) * from.width + at] : [];
    });
  });
}

function divisor(node: GraphNode, window: number[]): number {
  const { kernel, countIncludePad } = node.attrs as unknown as { kernel: Pair; countIncludePad: boolean };
  return countIncludePad ? kernel[0] * kernel[1] : window.length;
}

/** For each output of an enlargement the elements it is made of and their weights. */
function sharesOf(small: { readonly shape: readonly number[] }, planes: number, node: GraphNode): [number, number][][] {
  const { scale, mode } = node.attrs as unknown as { scale: Pair; mode: string };
  const { height, width } = imageOf(small);
  /** Elements and weights along one axis: a hat around (o + 0.5) / scale - 0.5, what is beyond an edge goes to the edge. */
  const along = (o: number, by: number, length: number): [number, number][] => {
    if (mode === 'nearest') return [[Math.floor(o / by), 1]];
    const place = (o + 0.5) / by - 0.5;
    const low = Math.floor(place);
    const clamp = (at: number) => Math.min(length - 1, Math.max(0, at));
    return [
      [clamp(low), 1 - (place - low)],
      [clamp(low + 1), place - low],
    ];
  };
  return range(planes).flatMap((plane) =>
    range(height * scale[0]).flatMap((oy) =>
      range(width * scale[1]).map((ox) =>
        along(oy, scale[0], height).flatMap(([y, v]) =>
          along(ox, scale[1], width).map(([x, h]): [number, number] => [(plane * height + y) * width + x, v * h]),
        ),
      ),
    ),
  );
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Splits x into its channels' planes. */
function planesOf(x: Tensor, type: GraphNode): number[][] {
  const { height, width } = imageOf(type);
  const size = height * width;
  return range(x.length / size).map((plane) => Array.from(x).slice(plane * size, (plane + 1) * size));
}

/** Rules of float64.ts. */
export const CONV_RULES: Record<string, Rule> = {
  conv2d(node, [x, w, bias], [type, weight], rows) {
    const out = filled(node, rows);
    forProducts(type, weight, node, imagesIn(type, rows), settingsOf(node), (to, from, tap) => {
      out[to] += x[from] * w[tap];
    });
    const sums = addBias(node, out, bias);
    return node.attrs.activation === 'relu' ? sums.map((sum) => Math.max(0, sum)) : sums;
  },
  /** Memory that convReluPool fills. */
  poolIndices: () => [],
  convReluPool(node, [x, w, , bias], [type, weight], rows) {
    const { padding } = node.attrs as unknown as { padding: Pair };
    const { height, width } = imageOf(type);
    const [outputs, , kernelHeight, kernelWidth] = weight.shape;
    const sums = [height + 2 * padding[0] - kernelHeight + 1, width + 2 * padding[1] - kernelWidth + 1];
    const attrs = { padding, stride: [1, 1], dilation: [1, 1], groups: 1 };
    const conv = { ...node, attrs, shape: [...type.shape.slice(0, -3), outputs, ...sums] } as unknown as GraphNode;
    const map = Array.from(CONV_RULES.conv2d(conv, bias ? [x, w, bias] : [x, w], [type, weight], rows));
    const pool = { ...node, attrs: { kernel: [2, 2], stride: [2, 2], padding: [0, 0] } } as unknown as GraphNode;
    return windowsOf(conv, node, pool, rows).map((window) => Math.max(0, ...window.map((at) => map[at])));
  },
  conv2dInput: transposed,
  convTranspose2d: transposed,
  conv2dWeight(node, [x, g], [type, gType], rows) {
    const dw = filled(node, rows);
    forProducts(type, node, gType, imagesIn(type, rows), settingsOf(node), (out, from, tap) => {
      dw[tap] += x[from] * g[out];
    });
    return dw;
  },
  channelSum(node, [x], [type]) {
    const sums = filled(node, 1);
    planesOf(x, type).forEach((plane, i) => {
      sums[i % sums.length] += plane.reduce((sum, value) => sum + value, 0);
    });
    return sums;
  },
  maxPool2d: (node, [x], [type], rows) =>
    windowsOf(type, node, node, rows).map((window) => Math.max(...window.map((at) => x[at]))),
  avgPool2d: (node, [x], [type], rows) =>
    windowsOf(type, node, node, rows).map(
      (window) => window.reduce((sum, at) => sum + x[at], 0) / divisor(node, window),
    ),
  avgPool2dBackward(node, [g], [type], rows) {
    const dx = filled(node, rows);
    windowsOf(node, type, node, rows).forEach((window, o) => {
      for (const at of window) dx[at] += g[o] / divisor(node, window);
    });
    return dx;
  },
  globalAvgPool: (_node, [x], [type]) => planesOf(x, type).map(mean),
  globalMaxPool: (_node, [x], [type]) => planesOf(x, type).map((plane) => Math.max(...plane)),
  upsample(node, [x], [type], rows) {
    const shares = sharesOf(type, imagesIn(type, rows) * imageOf(type).channels, node);
    return shares.map((parts) => parts.reduce((sum, [at, share]) => sum + share * x[at], 0));
  },
  upsampleBackward(node, [g], _types, rows) {
    const dx = filled(node, rows);
    sharesOf(node, imagesIn(node, rows) * imageOf(node).channels, node).forEach((parts, o) => {
      for (const [at, share] of parts) dx[at] += share * g[o];
    });
    return dx;
  },
};
