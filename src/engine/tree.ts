// Turns the numbers of V shards into one, always in the same order. Any thread.

/**
 * The sum of `count` values by the fixed binary tree T(lo, hi) = T(lo, mid) + T(mid, hi), where mid − lo is the largest power
 * of two below hi − lo: the order in which the kernel `treeSum` adds gradients, here in float64 for losses and counts.
 */
export function treeTotal(count: number, leafAt: (index: number) => number, from = 0): number {
  if (count === 0) return 0;
  if (count === 1) return leafAt(from);
  let left = 1;
  while (left * 2 < count) left *= 2;
  return treeTotal(left, leafAt, from) + treeTotal(count - left, leafAt, from + left);
}
