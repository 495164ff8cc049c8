// Rows of peers and lockstep, a workload each → the ratios of the table beside what is wanted, and the share of the machine's limit. Pure.

/** Floating-point operations a sample, forward and backward, in millions: from peers/README.md. */
export const MFLOP_A_SAMPLE = { tiny: 0.102, mlp: 2.41, cnn: 7.08, gpt: 330 };

/** The least that is wanted on a 2-core machine, against PyTorch 1.13: `of` is the share of every core's own sgemm rate. */
export const WANTED = {
  tiny: { fast: 2, portable: 1.5, javascript: 4 },
  mlp: { fast: 1.5, portable: 0.8, javascript: 4, fastOfLimit: 0.6, portableOfLimit: 0.75 },
  cnn: { fast: 2.6, portable: 2, javascript: 100, fastOfLimit: 0.55, portableOfLimit: 1 },
  gpt: { fast: 1.3, portable: 0.45, fastOfLimit: 0.55, portableOfLimit: 0.5 },
};

/** The peer of a kind with the best median; of all kinds that begin so: `PyTorch` is every version. */
export function bestOf(rows, kind) {
  return rows.filter((row) => row.kind.startsWith(kind)).sort((a, b) => b.median - a.median)[0];
}

/** The share of what `cores` cores would do if they did nothing but sgemm at one core's rate. */
export function shareOfLimit(workload, samplesPerSecond, { cores, gigaflops }) {
  return (samplesPerSecond * MFLOP_A_SAMPLE[workload]) / (cores * gigaflops * 1000);
}

/**
 * The figures of one workload: lockstep ÷ the best of each kind of PyTorch, ÷ the best JavaScript peer, ÷ the limit of its own products.
 * What was not measured is undefined.
 */
export function summarizeWorkload(workload, rows, limits) {
  const [fast, portable] = ['fast', 'portable'].map((numerics) => bestOf(rows, `lockstep ${numerics}`)?.median);
  const kinds = [...new Set(rows.map(({ kind }) => kind).filter((kind) => kind.startsWith('PyTorch')))];
  const over = (figure, peer) => (figure === undefined || peer === undefined ? undefined : figure / peer.median);
  const against = Object.fromEntries(
    kinds.map((kind) => [kind, { fast: over(fast, bestOf(rows, kind)), portable: over(portable, bestOf(rows, kind)) }]),
  );
  const limit = (figure, gigaflops) =>
    figure === undefined ? undefined : shareOfLimit(workload, figure, { cores: limits.cores, gigaflops });
  return {
    against,
    javascript: over(fast, bestOf(rows, 'JavaScript')),
    fastOfLimit: limit(fast, limits.fast),
    portableOfLimit: limit(portable, limits.portable),
  };
}

const figure = (value) => (value === undefined ? '–' : value >= 99.5 ? value.toFixed(0) : value.toFixed(2));

/** `1.62 (≥ 1.5)`, with a mark where it falls short. */
function beside(value, wanted) {
  if (wanted === undefined || value === undefined) return figure(value);
  return `${figure(value)} (≥ ${wanted}${value < wanted ? ', short' : ''})`;
}

/**
 * The table at the end, a line a workload. What is wanted stands beside the first kind of PyTorch only where it is 1.13, which the
 * figures were set for; newer ones are there to be beaten.
 */
export function summaryTable(summaries) {
  const kinds = [...new Set(Object.values(summaries).flatMap(({ against }) => Object.keys(against)))];
  const titles = [
    'workload',
    ...kinds.flatMap((kind) => [`fast ÷ best ${kind}`, `portable ÷ best ${kind}`]),
    'fast ÷ best JavaScript',
    'fast ÷ limit',
    'portable ÷ limit',
  ];
  const lines = Object.entries(summaries).map(([workload, { against, javascript, fastOfLimit, portableOfLimit }]) => {
    const wanted = WANTED[workload];
    const ofKind = (kind) => (kind.startsWith('PyTorch 1.13') ? wanted : {});
    return [
      workload,
      ...kinds.flatMap((kind) => [
        beside(against[kind]?.fast, ofKind(kind).fast),
        beside(against[kind]?.portable, ofKind(kind).portable),
      ]),
      beside(javascript, wanted.javascript),
      beside(fastOfLimit, wanted.fastOfLimit),
      beside(portableOfLimit, wanted.portableOfLimit),
    ];
  });
  return { titles, lines };
}

/** Lines of columns as wide as their widest cell; the first is text. */
export function alignColumns(titles, lines) {
  const widths = titles.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  return [titles, ...lines].map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}
