// A prepared run and its samples → the header of its ledger. Coordinator.
import { configSha256 } from '../config/config-hash.ts';
import { planSha256 } from '../plan/plan.ts';
import type { LedgerHeader } from './ledger.ts';
import type { PreparedRun } from './prepare.ts';
import type { Session } from './session.ts';
import { lockstepVersion } from './version.ts';

/** Undefined where the run keeps no ledger. Before the session's engine has started only. */
export function ledgerHeader(run: PreparedRun, session: Session): LedgerHeader | undefined {
  const { config, numerics, plan, training, model } = run;
  if (training.ledger === undefined) return undefined;
  return {
    ledger: 1,
    version: lockstepVersion(),
    configSha256: configSha256(config, numerics.numerics, model?.sha256),
    planSha256: planSha256(plan),
    datasetSha256: session.datasetSha256(),
    backend: numerics.identity,
    everySteps: training.ledger.everySteps,
  };
}
