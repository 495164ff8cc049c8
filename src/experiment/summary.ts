// The figures of a run that is over → summary.json. Coordinator; pure.
import { configSha256 } from '../config/config-hash.ts';
import type { LeftOut } from '../data/source.ts';
import { planSha256 } from '../plan/plan.ts';
import { countParameters } from './describe-run.ts';
import { cpuModel } from './environment.ts';
import type { BestEpoch, EndedBy, Summary } from './events.ts';
import type { PreparedRun } from './prepare.ts';
import type { LossAndMetric, RunStatistics } from './run-statistics.ts';
import type { Straggler } from './straggler.ts';
import { lockstepVersion } from './version.ts';

/** What only the run itself knows; what it never had is undefined. */
export interface Outcome {
  status: Summary['status'];
  error?: Error;
  endedBy?: EndedBy;
  /** Steps committed. */
  steps: number;
  /** How many trained: fewer than there are threads where that was measured to be better. */
  workers: number;
  /** Workers that were lost and replaced. */
  recoveries: number;
  straggler?: Straggler;
  statistics: RunStatistics;
  noise?: Summary['noise'];
  validation?: LossAndMetric;
  /** Of `weights/last`. */
  test?: LossAndMetric;
  best?: BestEpoch;
  hashes?: { weightsSha256: string; stateSha256: string };
  durationMs: number;
  resumes: NonNullable<Summary['resumes']>;
}

/** The whole summary. */
export function summarize(run: PreparedRun, outcome: Outcome): Summary {
  const { config, numerics, plan, batchSize } = run;
  const { statistics, test, best, error } = outcome;
  return {
    status: outcome.status,
    ...(error && { error: error.message }),
    ...(outcome.endedBy && { endedBy: outcome.endedBy }),
    name: config.name,
    version: lockstepVersion(),
    steps: outcome.steps,
    epochs: Math.floor(outcome.steps / run.stepsPerEpoch),
    skippedSteps: statistics.skippedSteps,
    samplesSeen: statistics.samplesSeen,
    ...(isLeftOut(run.dataset.leftOut) && { leftOut: run.dataset.leftOut }),
    workers: outcome.workers,
    ...(outcome.recoveries > 0 && { recoveries: outcome.recoveries }),
    ...(outcome.straggler && { straggler: outcome.straggler }),
    shards: config.shards,
    batchSize,
    numerics: numerics.numerics,
    backend: numerics.identity,
    parameters: countParameters(run),
    trainLoss: statistics.trainLoss,
    validationLoss: outcome.validation?.loss ?? null,
    testLoss: test?.loss ?? null,
    testAccuracy: plan.metric === 'accuracy' ? (test?.metric ?? null) : null,
    ...(outcome.validation?.values && { validationMetrics: outcome.validation.values }),
    ...(test?.values && { testMetrics: test.values }),
    ...(best && { best }),
    ...(outcome.resumes.length > 0 && { resumes: outcome.resumes }),
    samplesPerSecond: statistics.samplesPerSecond(),
    stepMs: statistics.stepMs(),
    phaseMs: statistics.phaseMs(),
    ...(run.map.stream !== null && { sampleWait: statistics.sampleWait() ?? undefined }),
    ...(outcome.noise && { noise: outcome.noise }),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    weightsSha256: outcome.hashes?.weightsSha256 ?? null,
    stateSha256: outcome.hashes?.stateSha256 ?? null,
    planSha256: planSha256(plan),
    configSha256: configSha256(config, numerics.numerics, run.modelSha256),
    durationMs: outcome.durationMs,
    node: process.versions.node,
    cpu: cpuModel(),
  };
}

function isLeftOut(leftOut: LeftOut | undefined): leftOut is LeftOut {
  return leftOut !== undefined && leftOut.skipped + leftOut.dropped > 0;
}
