// Scores and labels → the area under the receiver operating characteristic, exactly: a count of pairs. Coordinator; pure.

/** How scores lie: rows of `columns`, and the label whose rows do not count. */
export interface ScoreRows {
  readonly columns: number;
  readonly ignoreIndex?: number;
}

/**
 * The mean over classes of one class against the rest, over those that have samples of both kinds; NaN where none has. Of two classes it is
 * that of the second, of yes-or-no outputs the mean over the outputs.
 *
 * @param labels a class a row; where there are as many labels as scores, 1 (above 1/2) or 0 for each score
 */
export function meanRocAuc(scores: Float32Array, labels: ArrayLike<number>, rows: ScoreRows): number {
  const { columns } = rows;
  const isEach = labels.length === scores.length;
  const areas: number[] = [];
  for (let c = columns === 2 && !isEach ? 1 : 0; c < columns; c++) {
    const area = rocAuc(...splitScores(scores, labels, rows, c, isEach));
    if (area !== undefined) areas.push(area);
  }
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

function splitScores(
  scores: Float32Array,
  labels: ArrayLike<number>,
  { columns, ignoreIndex }: ScoreRows,
  column: number,
  isEach: boolean,
): [positives: Float32Array, negatives: Float32Array] {
  const count = scores.length / columns;
  const positives = new Float32Array(count);
  const negatives = new Float32Array(count);
  let [p, n] = [0, 0];
  for (let row = 0; row < count; row++) {
    const score = scores[row * columns + column];
    const label = labels[isEach ? row * columns + column : row];
    if (label === ignoreIndex) continue;
    const isPositive = isEach ? label > 0.5 : label === column;
    if (isPositive) positives[p++] = score;
    else negatives[n++] = score;
  }
  return [positives.subarray(0, p), negatives.subarray(0, n)];
}

/**
 * The share of pairs (positive, negative) in which the positive scores higher, equal scores a half: Mann and Whitney's U over the number of
 * pairs, which is what average ranks come to. Counts of halves are exact in f64. Undefined without pairs; sorts its arguments.
 */
export function rocAuc(positives: Float32Array, negatives: Float32Array): number | undefined {
  if (positives.length === 0 || negatives.length === 0) return undefined;
  // Typed arrays sort by value, NaN last: the sorted numbers are the same whatever the algorithm.
  positives.sort();
  negatives.sort();
  if (Number.isNaN(positives[positives.length - 1]) || Number.isNaN(negatives[negatives.length - 1])) return Number.NaN;
  let [below, upTo, pairs] = [0, 0, 0];
  for (const score of positives) {
    while (below < negatives.length && negatives[below] < score) below++;
    while (upTo < negatives.length && negatives[upTo] <= score) upTo++;
    pairs += below + (upTo - below) / 2;
  }
  return pairs / (positives.length * negatives.length);
}
