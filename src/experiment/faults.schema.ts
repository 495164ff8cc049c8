// The options of injected faults, of workers and of the disk that checkpoints are written to. Coordinator only.
import { z } from 'zod';
import { WRITER_FAULT_KINDS, writerFaultSchema } from '../checkpoint/writer-faults.schema.ts';
import { alternatives } from '../config/scalars.schema.ts';
import { MOST_FAULTS, WORKER_FAULT_KINDS, workerFaultSchema } from '../engine/faults.schema.ts';

const faultSchema = z.discriminatedUnion('kind', [workerFaultSchema, writerFaultSchema], {
  error: alternatives([...WORKER_FAULT_KINDS, 'any', ...WRITER_FAULT_KINDS]),
});

/** `faults`: a test facility; never part of the mathematics. */
export const faultsSchema = z
  .array(faultSchema, { error: 'a list of faults such as { kind: kill, worker: 1, step: 3 }' })
  .refine((faults) => faults.reduce((sum, fault) => sum + ('count' in fault ? fault.count : 0), 0) <= MOST_FAULTS, {
    error: `at most ${MOST_FAULTS} faults`,
  });

export type FaultsConfig = z.output<typeof faultsSchema>;
