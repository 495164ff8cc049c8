// The engine's machines into the cells of a state and out of them: all that they note, but for intents that the model does not have.
import type { Coordinator } from '#src/engine/coordinator-machine.js';
import type { Reader } from '#src/engine/reader-machine.js';
import type { Worker } from '#src/engine/worker-machine.js';
import { C, COORDINATOR, R, READER, SEATS, type Values, W, WORKER, WORKER_CELLS } from './cells.ts';

type State = Int32Array;

const bitsOf = (flags: Uint8Array): number => {
  let bits = 0;
  for (let i = 0; i < flags.length; i++) bits |= flags[i] << i;
  return bits;
};
const setBits = (flags: Uint8Array, bits: number): void => {
  for (let i = 0; i < flags.length; i++) flags[i] = (bits >> i) & 1;
};

export function loadWorker(s: State, values: Values, seat: number, m: Worker): Worker {
  const at = WORKER + seat * WORKER_CELLS;
  m.seat = seat;
  m.at = s[at + W.at];
  m.afterRing = s[at + W.afterRing];
  m.sleeperWord = s[at + W.sleeperWord];
  m.own = s[at + W.own];
  m.entered = s[at + W.entered];
  m.step = s[at + W.step];
  m.phase = s[at + W.phase];
  m.index = s[at + W.index];
  m.bell = s[at + W.bell];
  m.isOpen = s[at + W.isOpen] === 1;
  setBits(m.known, s[at + W.known]);
  m.lateIndex = s[at + W.lateIndex];
  m.firstClaim = s[at + W.firstClaim];
  m.word = s[at + W.word];
  m.value32 = s[at + W.value32];
  m.ctl = values.of(s[at + W.ctl]);
  m.slot = values.of(s[at + W.slot]);
  m.claim = values.of(s[at + W.claim]);
  m.mine = values.of(s[at + W.mine]);
  m.expected = values.of(s[at + W.expected]);
  m.value64 = values.of(s[at + W.value64]);
  m.tag = values.of(s[at + W.tag]);
  m.slotTag = values.of(s[at + W.slotTag]);
  m.units = s[at + W.units];
  return m;
}

export function saveWorker(s: State, values: Values, m: Worker, pending: number): void {
  const at = WORKER + m.seat * WORKER_CELLS;
  s[at + W.at] = m.at;
  s[at + W.afterRing] = m.afterRing;
  s[at + W.sleeperWord] = m.sleeperWord;
  s[at + W.own] = m.own;
  s[at + W.entered] = m.entered;
  s[at + W.step] = m.step;
  s[at + W.phase] = m.phase;
  s[at + W.index] = m.index;
  s[at + W.bell] = m.bell;
  s[at + W.isOpen] = m.isOpen ? 1 : 0;
  s[at + W.known] = bitsOf(m.known);
  s[at + W.lateIndex] = m.lateIndex;
  s[at + W.firstClaim] = m.firstClaim;
  s[at + W.word] = m.word;
  s[at + W.value32] = m.value32;
  s[at + W.ctl] = values.id(m.ctl);
  s[at + W.slot] = values.id(m.slot);
  s[at + W.claim] = values.id(m.claim);
  s[at + W.mine] = values.id(m.mine);
  s[at + W.expected] = values.id(m.expected);
  s[at + W.value64] = values.id(m.value64);
  s[at + W.tag] = values.id(m.tag);
  s[at + W.slotTag] = values.id(m.slotTag);
  s[at + W.units] = m.units;
  s[at + W.pending] = pending;
}

export function loadCoordinator(s: State, values: Values, m: Coordinator): Coordinator {
  const at = COORDINATOR;
  m.at = s[at + C.at];
  m.afterRing = s[at + C.afterRing];
  m.sleeperWord = s[at + C.sleeperWord];
  setBits(m.live, s[at + C.live]);
  setBits(m.gone, s[at + C.gone]);
  setBits(m.dealt, s[at + C.dealt]);
  setBits(m.leaving, s[at + C.leaving]);
  for (let seat = 0; seat < SEATS; seat++) m.seats[seat] = s[at + C.seats + seat];
  m.ctl = values.of(s[at + C.ctl]);
  m.running = s[at + C.running];
  m.undealt = s[at + C.undealt];
  m.staying = s[at + C.staying];
  m.written = values.of(s[at + C.written]);
  m.seat = s[at + C.seat];
  m.index = s[at + C.index];
  m.claim = values.of(s[at + C.claim]);
  setBits(m.used, s[at + C.used]);
  m.buffer = s[at + C.buffer];
  m.word = s[at + C.word];
  m.value32 = s[at + C.value32];
  m.expected = values.of(s[at + C.expected]);
  m.value64 = values.of(s[at + C.value64]);
  m.goal = values.of(s[at + C.goal]);
  return m;
}

export function saveCoordinator(s: State, values: Values, m: Coordinator, pending: number): void {
  const at = COORDINATOR;
  s[at] = pending;
  s[at + C.at] = m.at;
  s[at + C.afterRing] = m.afterRing;
  s[at + C.sleeperWord] = m.sleeperWord;
  s[at + C.live] = bitsOf(m.live);
  s[at + C.gone] = bitsOf(m.gone);
  s[at + C.dealt] = bitsOf(m.dealt);
  s[at + C.leaving] = bitsOf(m.leaving);
  for (let seat = 0; seat < SEATS; seat++) s[at + C.seats + seat] = m.seats[seat];
  s[at + C.ctl] = values.id(m.ctl);
  s[at + C.running] = m.running;
  s[at + C.undealt] = m.undealt;
  s[at + C.staying] = m.staying;
  s[at + C.written] = values.id(m.written);
  s[at + C.seat] = m.seat;
  s[at + C.index] = m.index;
  s[at + C.claim] = values.id(m.claim);
  s[at + C.used] = bitsOf(m.used);
  s[at + C.buffer] = m.buffer;
  s[at + C.word] = m.word;
  s[at + C.value32] = m.value32;
  s[at + C.expected] = values.id(m.expected);
  s[at + C.value64] = values.id(m.value64);
  s[at + C.goal] = values.id(m.goal);
}

export function loadReader(s: State, values: Values, m: Reader): Reader {
  const at = READER;
  m.at = s[at + R.at];
  m.afterRing = s[at + R.afterRing];
  m.sleeperWord = s[at + R.sleeperWord];
  m.ctl = values.of(s[at + R.ctl]);
  m.generation = s[at + R.generation];
  m.step = s[at + R.step];
  m.word = s[at + R.word];
  m.expected = values.of(s[at + R.expected]);
  m.value64 = values.of(s[at + R.value64]);
  m.value32 = s[at + R.value32];
  return m;
}

export function saveReader(s: State, values: Values, m: Reader, pending: number): void {
  const at = READER;
  s[at] = pending;
  s[at + R.at] = m.at;
  s[at + R.afterRing] = m.afterRing;
  s[at + R.sleeperWord] = m.sleeperWord;
  s[at + R.ctl] = values.id(m.ctl);
  s[at + R.generation] = m.generation;
  s[at + R.step] = m.step;
  s[at + R.word] = m.word;
  s[at + R.expected] = values.id(m.expected);
  s[at + R.value64] = values.id(m.value64);
  s[at + R.value32] = m.value32;
}
