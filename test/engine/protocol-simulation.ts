// The protocol's machines on plain arrays under a random schedule, with deaths, joins and a reader; checks the invariants.
import { type Coordinator, coordinatorNext, createCoordinator, isQuiet } from '#src/engine/coordinator-machine.js';
import type { Operation } from '#src/engine/protocol-operation.js';
import {
  COMMIT,
  ctlPhase,
  ctlStep,
  initializeWords,
  layOutWords,
  OP,
  PHASE,
  SEAT,
  seatWord,
  slotBuffer,
  slotStep,
} from '#src/engine/protocol-words.js';
import { createReader, type Reader, readerNext } from '#src/engine/reader-machine.js';
import { createWorker, type Worker, workerNext } from '#src/engine/worker-machine.js';

export interface SimulationSpec {
  seed: number;
  shards: number;
  ranges: number;
  workers: number;
  steps: number;
  hasNorm: boolean;
  allowsBackups: boolean;
  /** Workers that die at a random moment; each is replaced. */
  deaths: number;
  hasReader: boolean;
  /** Steps after which everybody parks and the chunks of an evaluation are done. */
  evaluationEvery: number;
  /** At every pause another number of workers may train. */
  hasLimits?: boolean;
}

export interface SimulationResult {
  operations: number;
  /** Shards computed in all: more than steps times V where work was done twice. */
  shardsComputed: number;
  evaluations: number;
  /** The most seats that were let go at once in training. */
  mostTraining: number;
}

interface Buffer {
  step: number;
  shard: number;
}

interface Thread {
  machine: Worker;
  isAlive: boolean;
  waitsOn: number;
  /** Turns that a shard, range or copy still takes. */
  busy: number;
  doing: number;
}

/** Turns after which a schedule that gets nowhere is called a deadlock. */
const MOST_TURNS = 400_000;

/** Runs one schedule; throws where an invariant does not hold or nothing can move. */
export function simulate(spec: SimulationSpec): SimulationResult {
  return new Simulation(spec).run();
}

class Simulation {
  readonly spec: SimulationSpec;
  readonly words;
  readonly w64: BigInt64Array;
  readonly w32: Int32Array;
  readonly buffers: Buffer[];
  /** generations[g][r]: the step whose state lies there, -1 while it is half written. */
  readonly generations: number[][];
  readonly chunkDone: number[];
  threads: Thread[];
  readonly coordinator: Coordinator;
  readonly reader: Reader;
  readerBusy = 0;
  readerGeneration: number[] = [];
  deathsLeft: number;
  goal = 0;
  result: SimulationResult = { operations: 0, shardsComputed: 0, evaluations: 0, mostTraining: 0 };
  state: number;

  constructor(spec: SimulationSpec) {
    this.spec = spec;
    this.state = spec.seed | 1;
    this.words = layOutWords({
      shards: spec.shards,
      ranges: spec.ranges,
      chunks: 3,
      seats: spec.workers + 1,
      hasNorm: spec.hasNorm,
    });
    this.w64 = new BigInt64Array(this.words.count64);
    this.w32 = new Int32Array(this.words.count32);
    initializeWords(this.words, this.w64, this.w32, 0);
    this.buffers = Array.from({ length: spec.shards + spec.workers + 1 }, () => ({ step: -1, shard: -1 }));
    this.generations = [new Array(spec.ranges).fill(0), new Array(spec.ranges).fill(-1)];
    this.chunkDone = new Array(3).fill(-1);
    this.coordinator = createCoordinator(this.words);
    this.reader = createReader(this.words, 0);
    this.threads = [];
    this.deathsLeft = spec.deaths;
    for (let seat = 0; seat < spec.workers; seat++) this.spawn(seat);
  }

  /** xorshift32: the schedule is a pure function of the seed. */
  random(below: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % below;
  }

  check(holds: boolean, what: string): void {
    if (!holds) throw new Error(`${what}; ${JSON.stringify(this.spec)}`);
  }

  spawn(seat: number): void {
    this.w32[seatWord(this.words, seat)] = SEAT.boot;
    this.coordinator.live[seat] = 1;
    const machine = createWorker(this.words, seat, this.spec.allowsBackups);
    this.threads[seat] = { machine, isAlive: true, waitsOn: -1, busy: 0, doing: -1 };
  }

  get step(): number {
    return ctlStep(this.w64[this.words.ctl]);
  }

  run(): SimulationResult {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      if (this.turnCoordinator()) return this.result;
      const seat = this.random(this.threads.length);
      this.turnWorker(this.threads[seat]);
      if (this.spec.hasReader && this.random(4) === 0) this.turnReader();
      if (this.deathsLeft > 0 && this.random(400) === 0) this.kill();
    }
    throw new Error(`no end in ${MOST_TURNS} turns at step ${this.step}; ${JSON.stringify(this.spec)}`);
  }

  // A thread ends between any two operations, and in the middle of its work; its exit is seen later.
  kill(): void {
    const alive = this.threads.filter(({ isAlive }) => isAlive);
    const victim = alive[this.random(alive.length)];
    if (victim === undefined) return;
    victim.isAlive = false;
    this.deathsLeft--;
    this.coordinator.gone[victim.machine.seat] = 1;
  }

  /** One look of the coordinator, as engine.ts does it; true when the run is over. */
  turnCoordinator(): boolean {
    if (this.random(6) !== 0) return false;
    const m = this.coordinator;
    const { evaluationEvery, steps } = this.spec;
    m.goal = BigInt(this.goal);
    const op = coordinatorNext(m);
    if (op === OP.freed) this.spawn(m.index);
    else if (op !== OP.rest) this.perform(op, m);
    if (op !== OP.rest || !isQuiet(m) || m.evaluation !== 0) return false;
    if (this.step < this.goal) return false;
    if (this.step >= steps) return true;
    if (
      this.step > 0 &&
      evaluationEvery > 0 &&
      this.step % evaluationEvery === 0 &&
      this.result.evaluations < this.step / evaluationEvery
    ) {
      this.result.evaluations++;
      m.evaluation = PHASE.validate;
      return false;
    }
    if (this.spec.hasLimits) m.mostRunning = 1 + this.random(this.spec.workers);
    this.goal = Math.min(steps, this.step + (evaluationEvery || steps));
    return false;
  }

  turnWorker(thread: Thread): void {
    const { machine: m } = thread;
    if (!thread.isAlive || thread.waitsOn >= 0) return;
    if (thread.busy > 0) {
      this.work(thread);
      return;
    }
    const op = workerNext(m);
    this.result.operations++;
    switch (op) {
      case OP.runShard:
      case OP.doRange:
        thread.busy = 1 + this.random(8);
        thread.doing = op;
        this.beginWork(thread);
        return;
      case OP.decide:
        m.result32 = this.decide(m);
        return;
      case OP.isLate:
        m.result32 = this.random(2);
        return;
      case OP.leave:
        throw new Error('a worker left that was not told to');
      case OP.broken:
        throw new Error(`a claim was lost; ${JSON.stringify(this.spec)}`);
      case OP.wait32:
        if (this.w32[m.word] === m.value32) thread.waitsOn = m.word;
        return;
      case OP.spin32:
        m.result32 = this.w32[m.word] !== m.value32 ? 1 : 0;
        return;
      default:
        this.perform(op, m);
    }
  }

  beginWork({ machine: m, doing }: Thread): void {
    if (m.phase <= PHASE.update) {
      const running = this.threads.filter(({ machine }) => this.w32[seatWord(this.words, machine.seat)] === SEAT.run);
      this.check(running.length <= this.coordinator.mostRunning, `${running.length} workers train`);
      this.result.mostTraining = Math.max(this.result.mostTraining, running.length);
    }
    if (doing === OP.runShard) {
      this.result.shardsComputed++;
      // Nobody reads this buffer: it is in no slot of the step that is reduced now (I3).
      for (let v = 0; v < this.spec.shards; v++) {
        this.check(
          slotBuffer(this.w64[this.words.slots + v]) !== m.own,
          `buffer ${m.own} is in slot ${v} and written by ${m.seat}`,
        );
      }
      this.buffers[m.own] = { step: -1, shard: -1 };
      return;
    }
    // A claimed range means that the phase is still on (I1).
    this.check(this.step === m.step && ctlPhase(this.w64[this.words.ctl]) === m.phase, 'a claim outlived its phase');
    if (m.phase === PHASE.update) this.generations[(m.step + 1) & 1][m.index] = -1;
  }

  work(thread: Thread): void {
    const { machine: m } = thread;
    thread.busy--;
    if (thread.doing === OP.runShard && this.step !== m.step) {
      thread.busy = 0;
      m.result32 = 0;
      return;
    }
    if (thread.busy > 0) return;
    if (thread.doing === OP.runShard) {
      this.buffers[m.own] = { step: m.step, shard: m.index };
      m.result32 = 1;
    } else if (m.phase === PHASE.validate) {
      this.chunkDone[m.index] = m.step;
    } else {
      this.reduce(m);
    }
  }

  /** A range reads all V slots and the old generation: they must be whole and of this step (I2, I5). */
  reduce(m: Worker): void {
    for (let v = 0; v < this.spec.shards; v++) {
      const slot = this.w64[this.words.slots + v];
      const { step, shard } = this.buffers[slotBuffer(slot)];
      this.check(
        slotStep(slot) === m.step && step === m.step && shard === v,
        `slot ${v} of step ${m.step} holds ${shard} of ${step}`,
      );
    }
    this.check(this.generations[m.step & 1][m.index] === m.step, `range ${m.index} of generation ${m.step} is torn`);
    if (m.phase === PHASE.update) this.generations[(m.step + 1) & 1][m.index] = m.step + 1;
  }

  decide(m: Worker): number {
    if (m.phase === PHASE.validate) {
      this.check(
        this.chunkDone.every((step) => step === m.step),
        'a chunk is missing in an evaluation',
      );
      return PHASE.shards;
    }
    if (m.phase === PHASE.shards) return this.spec.hasNorm ? PHASE.norm : PHASE.update;
    return m.phase === PHASE.norm ? PHASE.update : COMMIT;
  }

  turnReader(): void {
    const m = this.reader;
    const current = this.generations[m.generation];
    if (this.readerBusy > 0) {
      // While it copies, nobody writes what it copies.
      this.check(
        current.every((step, r) => step === this.readerGeneration[r]),
        `generation ${m.step} changed under the reader`,
      );
      this.readerBusy--;
      return;
    }
    const op = readerNext(m);
    if (op === OP.copy) {
      this.check(
        current.every((step) => step === m.step),
        `the reader sees a torn generation ${m.step}`,
      );
      this.readerGeneration = [...current];
      this.readerBusy = 1 + this.random(30);
    } else if (op === OP.leave) {
      Object.assign(this.reader, createReader(this.words, 0));
    } else {
      this.perform(op, m);
    }
  }

  perform(op: number, m: Operation): void {
    const before = this.step;
    switch (op) {
      case OP.load64:
        m.result64 = this.w64[m.word];
        break;
      case OP.store64:
        this.w64[m.word] = m.value64;
        break;
      case OP.compareExchange64:
        m.result64 = this.w64[m.word];
        if (m.result64 === m.expected) this.w64[m.word] = m.value64;
        break;
      case OP.and64:
        m.result64 = this.w64[m.word];
        this.w64[m.word] &= m.value64;
        break;
      case OP.load32:
        m.result32 = this.w32[m.word];
        break;
      case OP.store32:
        this.w32[m.word] = m.value32;
        break;
      case OP.add32:
        m.result32 = this.w32[m.word];
        this.w32[m.word] += m.value32;
        break;
      case OP.or32:
        m.result32 = this.w32[m.word];
        this.w32[m.word] |= m.value32;
        break;
      case OP.and32:
        m.result32 = this.w32[m.word];
        this.w32[m.word] &= m.value32;
        break;
      case OP.notify32:
        for (const thread of this.threads) if (thread.waitsOn === m.word) thread.waitsOn = -1;
        break;
      default:
        throw new Error(`unexpected operation ${op}`);
    }
    if (this.step !== before) {
      this.check(this.step === before + 1, `step ${before} was followed by ${this.step}`);
      this.check(
        this.generations[this.step & 1].every((step) => step === this.step),
        `step ${before} was committed torn`,
      );
    }
  }
}
