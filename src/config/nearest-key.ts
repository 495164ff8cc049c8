// A word that is not known → the known one that was probably meant. Pure.

/** The known word that needs the fewest edits, or that begins or ends like `word`; undefined where none is near. */
export function nearestKey(word: string, known: readonly string[]): string | undefined {
  const typed = normalize(word);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const meant = normalize(candidate);
    const edits = editDistance(typed, meant);
    const distance = isPartOf(typed, meant) ? Math.min(edits, 1) : edits;
    if (distance >= least || distance > mostEdits(typed, meant)) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

/** `batch_size`, `batch-size` and `BatchSize` are all `batchSize`. */
function normalize(word: string): string {
  return word.toLowerCase().replace(/[_\-. ]/g, '');
}

/** A third of the longer word; two words of one letter are never near. */
function mostEdits(a: string, b: string): number {
  return Math.max(a.length, b.length) < 3 ? 0 : Math.max(1, Math.floor(Math.max(a.length, b.length) / 3));
}

/** `batch` for `batchSize`, `initialSeed` for `seed`. */
function isPartOf(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 3 && (long.startsWith(short) || long.endsWith(short));
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  // Nobody mistypes a key so long; the table would be large.
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = above;
    above = row;
  }
  return above[b.length];
}
