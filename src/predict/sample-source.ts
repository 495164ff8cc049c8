// What is predicted for, whatever it comes from: samples are written into the memory that they are computed in. Coordinator.
import type { Inputs } from '../data/source.ts';

/** Samples to predict for, read when there is room for them. */
export interface SampleSource {
  /** Titles of what tells the samples apart: columns of a file, or `file` and `image`. */
  readonly titles: readonly string[];
  /**
   * Writes the next samples, `most` at most, one after the other, and gives for each of them the cells under the titles.
   * @returns an empty list where there are no more
   * @throws DataError for what does not fit, with its file, line and column
   */
  read(into: Inputs, most: number): Promise<string[][]>;
}

/** One source after the other. */
export function joinSources(sources: readonly SampleSource[]): SampleSource {
  let current = 0;
  return {
    titles: sources[0].titles,
    async read(into, most) {
      for (; current < sources.length; current++) {
        const cells = await sources[current].read(into, most);
        if (cells.length > 0) return cells;
      }
      return [];
    },
  };
}
