// SIGINT, SIGTERM and a reader that went away → one AbortSignal and an exit code. The main thread; from here a run is stopped.

/** 128 + the signal's number, as shells tell it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
/** As if SIGPIPE (13) had ended the process, which Node ignores. */
const BROKEN_PIPE_EXIT_CODE = 141;

/** Listens from its making until `release`. The first signal asks the run to end after its step, the second ends the process. */
export class StopSignals {
  readonly #controller = new AbortController();
  readonly #onSignal = (signal: NodeJS.Signals) => this.#receive(signal as keyof typeof EXIT_CODES);
  readonly #onPipeError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') this.#stop(BROKEN_PIPE_EXIT_CODE);
  };
  readonly #onFirst: () => void;
  #exitCode: number | null = null;

  /** @param onFirst called at the first signal, to tell the person who waits. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
    for (const name of Object.keys(EXIT_CODES)) process.on(name, this.#onSignal);
    process.stdout.on('error', this.#onPipeError);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What a run that was stopped exits with; null while no signal came. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  /** From here on signals do what they do by default. */
  release(): void {
    for (const name of Object.keys(EXIT_CODES)) process.off(name, this.#onSignal);
    process.stdout.off('error', this.#onPipeError);
  }

  #receive(name: keyof typeof EXIT_CODES): void {
    // Threads that wait in native code cannot hold this up: the process is gone with the call.
    if (this.#controller.signal.aborted) process.exit(EXIT_CODES[name]);
    else this.#onFirst();
    this.#stop(EXIT_CODES[name]);
  }

  #stop(exitCode: number): void {
    this.#exitCode ??= exitCode;
    this.#controller.abort();
  }
}
