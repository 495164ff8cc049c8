// What a random number is for → one word of its Philox counter, so that no two uses ever share a number; any thread.

/**
 * The uses of randomness, one number each, never reused or renumbered: they are part of the bits of every run.
 *
 * A random block of four 32-bit words is a pure function of
 * counter = (position, epoch or step, sample id or parameter, purpose) and key = (seed's low 32 bits, seed's high bits).
 * What a purpose does not need of the middle words is 0; each use says at its call what its words mean.
 *
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"
 */
export const PURPOSE = {
  /** An epoch's order: position = draws of the permutation, epoch. */
  shuffle: 1,
  /** The train, validation and test parts: position = draws of the permutation. */
  split: 2,
  /** Parameters before the first step: position = element / 4, parameter. */
  initialisation: 3,
  /** Samples of the synthetic source: position, what is drawn, sample id or row. */
  synthetic: 4,
  /** Elements that dropout keeps: position = element of the sample / 4, step, sample id; the layer's position in the purpose's upper 24 bits. */
  dropout: 5,
  /**
   * What training does to a sample: position = 0 for what is drawn of the whole sample, from 1 on its elements / 4; epoch, sample id; the
   * place in `data.augment` in the purpose's upper 24 bits.
   */
  augmentation: 8,
  /** Tensors of the eager API: position = element / 4, what is drawn. */
  eager: 16,
} as const;

export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];
