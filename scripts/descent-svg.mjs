// Losses and paths of several descents → one SVG of two panels that needs nothing from outside. Pure.

const [WIDTH, HEIGHT] = [900, 400];
const LEFT_PANEL = { x: 62, y: 34, width: 380, height: 300 };
const RIGHT_PANEL = { x: 530, y: 34, width: 340, height: 300 };
/** The contours are where the loss lies so much above its least. */
const CONTOURS = [0.01, 0.03, 0.1, 0.2, 0.4, 0.7];

const round = (value) => String(Math.round(100 * value) / 100);
const text = (x, y, words, anchor = 'middle') =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;
const line = (points, color, width) =>
  `<polyline points="${points.map((pair) => pair.map(round).join(',')).join(' ')}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linejoin="round"/>`;

const scale = (from, to, start, length) => (value) => start + ((value - from) / (to - from)) * length;

function frame({ x, y, width, height }, title) {
  const box = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#999"/>`;
  return [box, text(x + width / 2, y - 12, title)];
}

/** Samples are a logarithm; between two points the loss stays what it was, as the weights do. */
function drawLosses({ descents, leastLoss }) {
  const panel = LEFT_PANEL;
  const all = descents.flatMap(({ losses }) => losses);
  const most = Math.max(...all.map(([samples]) => samples));
  const highest = Math.max(...all.map(([, loss]) => loss));
  const x = scale(0, Math.log10(most), panel.x, panel.width);
  const y = scale(0.98 * leastLoss, 1.02 * highest, panel.y + panel.height, -panel.height);
  const place = ([samples, loss]) => [x(Math.log10(Math.max(1, samples))), y(loss)];
  const stairs = (own) =>
    own.flatMap(([samples, loss], i) =>
      i === 0 ? [place([samples, loss])] : [place([samples, own[i - 1][1]]), place([samples, loss])],
    );
  const tens = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i);
  const losses = Array.from({ length: 20 }, (_, i) => i / 10).filter((loss) => loss >= leastLoss && loss <= highest);
  const bottom = panel.y + panel.height;
  return [
    ...frame(panel, 'loss of the training part'),
    ...tens.map((samples) => text(x(Math.log10(samples)), bottom + 16, samples.toLocaleString('en'))),
    ...losses.map((loss) => text(panel.x - 6, y(loss) + 4, loss.toFixed(1), 'end')),
    text(panel.x + panel.width / 2, bottom + 34, 'samples seen (logarithmic; the start is drawn at 1)'),
    line(
      [
        [panel.x, y(leastLoss)],
        [panel.x + panel.width, y(leastLoss)],
      ],
      '#999',
      0.7,
    ),
    text(panel.x + 6, y(leastLoss) - 5, `least loss ${leastLoss.toFixed(3)}`, 'start'),
    ...[...descents].reverse().map(({ losses: own, color }) => line(stairs(own), color, 1.4)),
  ];
}

/** Inputs have deviation 1, so the loss in the plane of two weights is least + dᵀ (1 ρ; ρ 1) d: ellipses along the diagonals. */
function drawPaths({ descents, least, correlation, measures }) {
  const panel = RIGHT_PANEL;
  const all = [...descents.flatMap(({ path }) => path), least];
  const middle = [0, 1].map((i) => (Math.min(...all.map((p) => p[i])) + Math.max(...all.map((p) => p[i]))) / 2);
  const reach = 1.15 * Math.max(...all.flatMap((p) => p.map((value, i) => Math.abs(value - middle[i]))));
  const unit = Math.min(panel.width, panel.height) / 2 / reach;
  const x = (value) => panel.x + panel.width / 2 + (value - middle[0]) * unit;
  const y = (value) => panel.y + panel.height / 2 - (value - middle[1]) * unit;
  const ellipses = CONTOURS.map((above) => {
    const [along, across] = [1 + correlation, 1 - correlation].map((curvature) => Math.sqrt(above / curvature) * unit);
    const at = `${round(x(least[0]))} ${round(y(least[1]))}`;
    return `<ellipse rx="${round(along)}" ry="${round(across)}" transform="translate(${at}) rotate(-45)" fill="none" stroke="#ccc"/>`;
  });
  const ticks = Array.from({ length: 41 }, (_, i) => (i - 20) / 5);
  const bottom = panel.y + panel.height;
  const isInside = (value, low, high) => value >= low && value <= high;
  const clip = `<clipPath id="plane"><rect x="${panel.x}" y="${panel.y}" width="${panel.width}" height="${panel.height}"/></clipPath>`;
  const [start] = descents[0].path;
  return [
    ...frame(panel, `path in the plane of two weights`),
    `<defs>${clip}</defs>`,
    `<g clip-path="url(#plane)">`,
    ...ellipses,
    ...[...descents].reverse().map(({ path, color }) =>
      line(
        path.map((p) => [x(p[0]), y(p[1])]),
        color,
        1.2,
      ),
    ),
    '</g>',
    ...[start, least].map((p) => `<circle cx="${round(x(p[0]))}" cy="${round(y(p[1]))}" r="3.5" fill="#222"/>`),
    text(x(start[0]) + 8, y(start[1]) + 14, 'start', 'start'),
    text(x(least[0]) + 8, y(least[1]) + 14, 'least loss', 'start'),
    ...ticks
      .filter((tick) => isInside(x(tick), panel.x, panel.x + panel.width))
      .map((tick) => text(x(tick), bottom + 16, tick.toFixed(1))),
    ...ticks
      .filter((tick) => isInside(y(tick), panel.y, bottom))
      .map((tick) => text(panel.x - 6, y(tick) + 4, tick.toFixed(1), 'end')),
    text(panel.x + panel.width / 2, bottom + 34, `weight of ${measures[0]}`),
    `<g transform="translate(${panel.x - 38} ${panel.y + panel.height / 2}) rotate(-90)">${text(0, 0, `weight of ${measures[1]}`)}</g>`,
  ];
}

function drawLegend(descents) {
  let x = LEFT_PANEL.x;
  return descents.flatMap(({ label, color }) => {
    const at = x;
    x += 60 + 7 * label.length;
    return [
      line(
        [
          [at, HEIGHT - 12],
          [at + 22, HEIGHT - 12],
        ],
        color,
        3,
      ),
      text(at + 28, HEIGHT - 8, label, 'start'),
    ];
  });
}

/**
 * The figure.
 * @param descents their label, colour, `losses` ([samples seen, loss]) and `path` ([weight, weight])
 * @param least the two weights of the least loss
 * @param correlation of the two measures on the training part
 */
export function drawDescent(figure) {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">`;
  const title = '<title>Full-batch, mini-batch and single-example descent on the diabetes data</title>';
  const ground = `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`;
  const body = [...drawLosses(figure), ...drawPaths(figure), ...drawLegend(figure.descents)];
  return `${[head, title, ground, ...body, '</svg>'].join('\n')}\n`;
}
