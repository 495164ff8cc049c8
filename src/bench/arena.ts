// Sizes of a kernel's arguments → arrays in a memory of their own, filled, and the bytes that the kernel has to move. Main thread.

const PAGE_BYTES = 65_536;
/** Every array begins on a cache line, as the planner lays them out. */
const LINE_BYTES = 64;

/** Hands out arrays for one kernel call after the other. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  /** Bytes of the inputs read and the outputs written since `clear`, each once. */
  movedBytes = 0;
  /** What `room` gave: a kernel may leave anything there. */
  rooms: { address: number; bytes: number }[] = [];
  #end = PAGE_BYTES;

  constructor(bytes: number) {
    const pages = 1 + Math.ceil(bytes / PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }

  /** Begins anew: the arrays so far are nobody's. */
  clear(): void {
    this.#end = PAGE_BYTES;
    this.movedBytes = 0;
    this.rooms = [];
  }

  /** Numbers of both signs between `low` and `high`, small by default: nothing overflows, however often an output is an input again. */
  floats(n: number, low = -0.5, high = 0.5): number {
    const address = this.#reserve(4 * n, 4 * n);
    const values = new Float32Array(this.memory.buffer, address, n);
    for (let i = 0; i < n; i++) values[i] = low + ((high - low) * (Math.imul(i, 2_654_435_761) >>> 16)) / 65_536;
    return address;
  }

  /** Where one of these kernels has a positive argument. */
  positive(n: number): number {
    return this.floats(n, 0.25, 1.25);
  }

  /** Floats that are read and written. */
  update(n: number): number {
    this.movedBytes += 4 * n;
    return this.floats(n);
  }

  /** Whole numbers; what geometry and tables of addresses are made of too. */
  ints(values: ArrayLike<number>): number {
    const address = this.#reserve(4 * values.length, 4 * values.length);
    new Int32Array(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  /** n labels of so many classes. */
  labels(n: number, classes: number): number {
    return this.ints(Array.from({ length: n }, (_, i) => (i * 7) % classes));
  }

  /** Room that is not counted as moved: scratch, sums, a table of which little is read. */
  room(bytes: number): number {
    const address = this.#reserve(bytes, 0);
    this.rooms.push({ address, bytes });
    return address;
  }

  /** Counts what is read of such room. */
  countRead(bytes: number): void {
    this.movedBytes += bytes;
  }

  /** The first byte behind all arrays. */
  get end(): number {
    return this.#end;
  }

  #reserve(bytes: number, moved: number): number {
    const address = this.#end;
    this.#end = Math.ceil((address + bytes) / LINE_BYTES) * LINE_BYTES;
    if (this.#end > this.memory.buffer.byteLength) throw new Error(`arena: no room for ${bytes} bytes more`);
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    this.movedBytes += moved;
    return address;
  }
}
