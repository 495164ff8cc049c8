// Speed-ups by numbers of workers → the share of a step that does not get faster. Pure.

/** How much faster than one worker. */
export interface SpeedUp {
  /** Workers, or how many of them the shards let work at once. */
  workers: number;
  speedUp: number;
}

/**
 * The s of 1 / S(N) = s + (1 - s) / N that fits best in the sense of least squares, cut to [0, 1]; null without a speed-up of more than
 * one worker.
 * @see Amdahl 1967, "Validity of the single processor approach to achieving large scale computing capabilities", AFIPS 30
 */
export function serialFraction(speedUps: readonly SpeedUp[]): number | null {
  // With y = 1/S - 1/N and x = 1 - 1/N it is the line y = s x through the origin.
  let xy = 0;
  let xx = 0;
  for (const { workers, speedUp } of speedUps) {
    const x = 1 - 1 / workers;
    xy += x * (1 / speedUp - 1 / workers);
    xx += x * x;
  }
  return xx === 0 ? null : Math.min(1, Math.max(0, xy / xx));
}
