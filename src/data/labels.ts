// Labels as they were read → checked classes and the narrowest storage; coordinator.

import { DataError } from './data-error.ts';
import type { ClassTarget } from './source.ts';

/**
 * The classes of labels: given, or one more than the highest label.
 *
 * @param where names the label at an index, such as `train-labels: label 17`
 * @throws DataError for a label outside the given classes, or where all labels are 0
 */
export function classTarget(labels: ArrayLike<number>, where: (index: number) => string, given?: number): ClassTarget {
  let classes = given ?? 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] < classes) continue;
    if (given === undefined) classes = labels[i] + 1;
    else
      throw new DataError(
        where(i),
        `a label below ${given} classes`,
        `${labels[i]}`,
        'correct the label or raise classes',
      );
  }
  if (classes < 2) throw new DataError(where(0), 'labels of at least 2 classes', '0 and no other', 'name another file');
  return { kind: 'class', storage: classes <= 256 ? 'u8' : 'i32', classes };
}
