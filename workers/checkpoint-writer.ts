// The entry of the thread that copies held generations and writes them as checkpoints; it sleeps in its event loop otherwise.
import { parentPort, workerData } from 'node:worker_threads';
import type { PackedSection } from '../src/checkpoint/checkpoint.ts';
import { type CopiedMessage, type CopyMessage, SnapshotWriter, type WriteMessage } from '../src/checkpoint/writer.ts';
import type { WriterFault } from '../src/checkpoint/writer-faults.ts';
import { releaseHold } from '../src/engine/hold.ts';
import type { MemoryMap } from '../src/engine/memory-map.ts';
import { attachViews } from '../src/engine/shared-views.ts';

const { memory, map, fixed, faults } = workerData as {
  memory: WebAssembly.Memory;
  map: MemoryMap;
  fixed: readonly PackedSection[];
  faults: readonly WriterFault[];
};
const views = attachViews(memory, map);
const port = parentPort!;
const writer = new SnapshotWriter({
  memory,
  fixed,
  faults,
  release: (hold) => releaseHold(hold, views),
  reply: (reply) => port.postMessage(reply),
});
// A closed port lets the thread end when what it writes is written.
port.on('message', (message: CopyMessage | CopiedMessage | WriteMessage | { kind: 'close' }) => {
  if (message.kind === 'close') port.close();
  else writer.receive(message);
});
