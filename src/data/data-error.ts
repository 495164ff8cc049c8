// A finding about a dataset → one line for the person who named that dataset; coordinator.

/** Data that cannot be trained on: `<where>: expected <what>, got <value>; <what to do>`. The command line exits with 2. */
export class DataError extends Error {
  constructor(where: string, expected: string, got: string, advice: string, options?: ErrorOptions) {
    super(`${where}: expected ${expected}, got ${got}; ${advice}`, options);
    this.name = 'DataError';
  }
}
