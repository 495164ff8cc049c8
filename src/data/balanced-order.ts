// The positions of each class and an epoch → an order in which every class comes equally often; coordinator, pure.

import { PURPOSE } from '../kernels/purpose.ts';
import { permute } from './permutation.ts';

/** Positions in the training part by class, those of one class ascending; no class is empty. */
export type ClassPositions = readonly Uint32Array[];

/**
 * Groups positions 0..labels.length−1 by label; classes without a position are left out.
 *
 * @param labels of each sample of the training part
 */
export function positionsByClass(labels: ArrayLike<number>): ClassPositions {
  const classes = new Map<number, number[]>();
  for (let position = 0; position < labels.length; position++) {
    const label = labels[position];
    const known = classes.get(label);
    if (known === undefined) classes.set(label, [position]);
    else known.push(position);
  }
  const ascending = [...classes].sort(([a], [b]) => a - b);
  return ascending.map(([, positions]) => Uint32Array.from(positions));
}

/**
 * Writes an epoch's order of `out.length` positions, a pure function of (seed, epoch). Each of k classes has ⌊n/k⌋ places, and one more
 * goes round the classes from epoch to epoch where n mod k are left. A class goes through all its samples, in a new order each time, before
 * one comes again; a larger class than its places leaves out others every epoch. Then all places are shuffled.
 */
export function balancedOrder(seed: number, epoch: number, classes: ClassPositions, out: Uint32Array): void {
  const places = new Uint32Array(out.length);
  permute(places, seed, PURPOSE.shuffle, epoch);
  const least = Math.floor(out.length / classes.length);
  const larger = out.length % classes.length;
  let next = 0;
  for (const [c, positions] of classes.entries()) {
    const isLarger = (c + epoch) % classes.length < larger;
    const count = isLarger ? least + 1 : least;
    const order = new Uint32Array(positions.length);
    for (let drawn = 0; drawn < count; drawn++) {
      const at = drawn % positions.length;
      const round = (drawn - at) / positions.length;
      if (at === 0) permute(order, seed, PURPOSE.balance, epoch, round * classes.length + c);
      out[places[next++]] = positions[order[at]];
    }
  }
}
