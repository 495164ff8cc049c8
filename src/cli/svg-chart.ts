// Figures → charts as SVG text that needs nothing from outside: bars, stacked bars, lines. Pure.

const WIDTH = 860;
const LABEL_WIDTH = 250;
const TEXT_WIDTH = 90;
const ROW = 18;

/** What XML takes for markup, taken for text. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const round = (value: number): string => String(Math.round(10 * value) / 10);

function svg(height: number, title: string, body: readonly string[]): string {
  const head = `<svg viewBox="0 0 ${WIDTH} ${round(height)}" role="img" aria-label="${escapeXml(title)}">`;
  return [head, `<title>${escapeXml(title)}</title>`, ...body, '</svg>'].join('\n');
}

function textAt(x: number, y: number, text: string, kind = '', anchor = 'start'): string {
  return `<text x="${round(x)}" y="${round(y)}" class="${kind}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

/** A bar of a chart; `kind` is one of the page's colours. */
export interface Bar {
  label: string;
  parts: readonly { value: number; kind: string }[];
  text: string;
}

/** Bars from left to right, one below the other; parts follow one another. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)), 1e-12);
  const scale = (WIDTH - LABEL_WIDTH - TEXT_WIDTH) / most;
  const body = bars.flatMap(({ label, parts, text }, i) => {
    const y = i * ROW;
    let x = LABEL_WIDTH;
    const pieces = parts.map(({ value, kind }) => {
      const width = Math.max(0, value) * scale;
      const rectangle = `<rect x="${round(x)}" y="${y + 3}" width="${round(width)}" height="${ROW - 6}" class="${kind}"/>`;
      x += width;
      return rectangle;
    });
    return [textAt(LABEL_WIDTH - 8, y + 13, label, '', 'end'), ...pieces, textAt(x + 6, y + 13, text, 'quiet')];
  });
  return svg(bars.length * ROW + 4, title, body);
}

/** A line of a chart. */
export interface Line {
  label: string;
  kind: string;
  points: readonly (readonly [number, number])[];
}

const [LEFT, RIGHT, TOP, BOTTOM, HEIGHT] = [50, 130, 12, 36, 300];

/** Lines over whole numbers from 0; each ends with its label. */
export function lineChart(title: string, lines: readonly Line[], axis: { x: string; y: string }): string {
  const points = lines.flatMap((line) => line.points);
  const most = (index: 0 | 1) => Math.max(1, ...points.map((point) => point[index]));
  const [mostX, mostY] = [most(0), most(1)];
  const x = (value: number) => LEFT + (value / mostX) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / mostY) * (HEIGHT - TOP - BOTTOM);
  const grid = ticksUpTo(mostY).flatMap((tick) => [
    `<line x1="${LEFT}" x2="${round(x(mostX))}" y1="${round(y(tick))}" y2="${round(y(tick))}" class="grid"/>`,
    textAt(LEFT - 6, y(tick) + 4, String(tick), 'quiet', 'end'),
  ]);
  const numbers = [...new Set(points.map(([at]) => at))].map((at) =>
    textAt(x(at), HEIGHT - BOTTOM + 16, String(at), 'quiet', 'middle'),
  );
  const drawn = lines.flatMap(({ label, kind, points: own }) => {
    const path = own.map(([px, py]) => `${round(x(px))},${round(y(py))}`).join(' ');
    const [endX, endY] = own[own.length - 1];
    return [
      `<polyline points="${path}" class="line ${kind}"/>`,
      ...own.map(([px, py]) => `<circle cx="${round(x(px))}" cy="${round(y(py))}" r="3" class="${kind}"/>`),
      textAt(x(endX) + 8, y(endY) + 4, label),
    ];
  });
  const names = [textAt(LEFT, HEIGHT - 4, axis.x, 'quiet'), textAt(4, TOP, axis.y, 'quiet')];
  return svg(HEIGHT, title, [...grid, ...numbers, ...drawn, ...names]);
}

/** At most five whole numbers from 0. */
function ticksUpTo(most: number): number[] {
  const step = Math.max(1, Math.ceil(most / 5));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}
