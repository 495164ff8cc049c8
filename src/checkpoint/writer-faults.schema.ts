// The options of faults of the disk, for tests: what the checkpoint writer shall meet. Coordinator only.
import { mapping, oneOf, wholeNumber } from '../config/scalars.schema.ts';

/** The ways in which a disk fails. */
export const WRITER_FAULT_KINDS = ['shortWrite', 'enospc', 'eio', 'fsyncError'] as const;

/** An item of `faults` that is of the checkpoint writer. */
export const writerFaultSchema = mapping({
  kind: oneOf(WRITER_FAULT_KINDS).describe('shortWrite: a part is written; enospc: the disk is full; eio; fsyncError'),
  file: wholeNumber(0).describe('the checkpoint that a process writes as number so and so, counted from 0'),
});
