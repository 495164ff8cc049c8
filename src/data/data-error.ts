// A finding about a dataset → one line for the person who named that dataset; coordinator.

/** Data that cannot be trained on: `<where>: expected <what>, got <value>; <what to do>`. */
export class DataError extends Error {
  /** Bad input, for the command line. */
  readonly exitCode = 2;

  constructor(where: string, expected: string, got: string, advice: string, options?: ErrorOptions) {
    super(`${where}: expected ${expected}, got ${got}; ${advice}`, options);
    this.name = 'DataError';
  }

  /** One that another process has put into words. */
  static of(message: string): DataError {
    const error = new DataError('', '', '', '');
    error.message = message;
    return error;
  }
}
