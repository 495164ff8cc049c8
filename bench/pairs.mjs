// Two measurements taken alternately → medians, the ratio of each pair and its spread: drift of the machine hits both alike.
import { availableParallelism, cpus } from 'node:os';

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** Runs a, b, b, a, a, b, … `pairs` times each; each gives a number (ms a step). */
export async function alternate(a, b, pairs) {
  const figures = { a: [], b: [] };
  for (let pair = 0; pair < pairs; pair++) {
    const order =
      pair % 2 === 0
        ? [
            ['a', a],
            ['b', b],
          ]
        : [
            ['b', b],
            ['a', a],
          ];
    for (const [name, run] of order) figures[name].push(await run());
  }
  const ratios = figures.a.map((value, i) => value / figures.b[i]);
  return {
    a: median(figures.a),
    b: median(figures.b),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
    ratios,
  };
}

export const machine = () =>
  `${cpus()[0].model.trim()}, ${availableParallelism()} cores, node ${process.versions.node}`;

/** One line: what, the ratio, its spread, what was wanted. */
export function printRatio(what, { ratio, low, high, a, b, ratios }, wanted) {
  const figures = `${a.toFixed(3)} / ${b.toFixed(3)} ms a step`;
  console.log(
    `${what}: ${ratio.toFixed(3)} [${low.toFixed(3)} to ${high.toFixed(3)}, ${ratios.length} pairs; ${figures}]  wanted ${wanted}`,
  );
}
