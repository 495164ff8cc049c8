// Channels → bytes of scratch memory that the batch norm kernels may write; pure, run by the planner.

/** Three f32 numbers a channel, or one f64 and one f32. */
export function batchNormScratchBytes(channels: number): number {
  return 12 * Math.ceil(channels / 4) * 4;
}
