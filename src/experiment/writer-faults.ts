// The faults of the disk that LOCKSTEP_FAULTS asks for → what the checkpoint writer shall meet. Coordinator; tests only.
import { parse } from 'yaml';
import { WRITER_FAULT_KINDS, writerFaultSchema } from '../checkpoint/writer-faults.schema.ts';
import type { WriterFault } from '../checkpoint/writer-faults.ts';

/** Those of the list that are of the writer, such as `[{ kind: enospc, file: 1 }]`; the others are the workers'. */
export function writerFaults(given: readonly WriterFault[] = [], text = process.env.LOCKSTEP_FAULTS): WriterFault[] {
  const asked: unknown = text === undefined || text === '' ? [] : parse(text, { maxAliasCount: 0 });
  const items = Array.isArray(asked) ? asked.filter(isOfWriter) : [];
  return [...given, ...items.map((item) => writerFaultSchema.parse(item))];
}

/** Whether an item of `faults` is of the checkpoint writer. */
export function isOfWriter(item: unknown): boolean {
  const kind = typeof item === 'object' && item !== null && 'kind' in item ? item.kind : undefined;
  return WRITER_FAULT_KINDS.some((name) => name === kind);
}
