// An optimizer's options and the global batch → the options with the learning rates for that batch. Pure; coordinator.
import type { OptimizerConfig } from './optim.schema.ts';

/**
 * Every `lr` times batchSize / lrReferenceBatch (Goyal et al. 2017, arXiv:1706.02677, the linear scaling rule); as it is where no
 * reference is named. What a schedule names (minLr, maxLr, endLr) is not scaled.
 */
export function scaleToBatch(options: OptimizerConfig, batchSize: number): OptimizerConfig {
  const { lrReferenceBatch, groups } = options;
  if (lrReferenceBatch === undefined) return options;
  const scale = batchSize / lrReferenceBatch;
  return {
    ...options,
    lr: options.lr * scale,
    ...(groups && {
      groups: groups.map((group) => (group.lr === undefined ? group : { ...group, lr: group.lr * scale })),
    }),
  };
}
