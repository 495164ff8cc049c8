// The error of a model that cannot be: shapes that do not fit, a loss that does not fit its target; thrown while a model is built or compiled.

/** A model that was described wrongly; the message has the form `<layer>: expected <what>, got <value>; <what to do>`. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly exitCode = 2;
}
