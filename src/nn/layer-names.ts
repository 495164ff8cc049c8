// The layers of one level → their names on that level. Pure; coordinator only.
import { ModelError } from '../graph/model-error.ts';

/** The input, the targets, the loss and the model itself are named in errors and in the plan as layers are. */
export const RESERVED_NAMES: readonly string[] = ['input', 'target', 'loss', 'model'];

/** What is known of a layer before it has a name. */
export interface UnnamedLayer {
  readonly kind: string;
  readonly name?: string;
}

/**
 * Names layers; one without a name is called after its kind and its number among the layers of that kind: `dense1`, `relu1`, `dense2`.
 * @param where how the list is written: `model`, `model[2].residual`
 * @throws ModelError where a name is taken or reserved.
 */
export function nameLayers(layers: readonly UnnamedLayer[], where: string, reserved: readonly string[]): string[] {
  const counts = new Map<string, number>();
  const names = layers.map(({ kind, name }) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return name ?? `${kind}${count}`;
  });
  names.forEach((name, i) => {
    const first = names.indexOf(name);
    if (first === i && !reserved.includes(name)) return;
    const other = first === i ? 'a reserved name' : `the name of ${where}[${first}] too`;
    throw new ModelError(`${where}[${i}]: expected a layer name of its own, got ${name}, ${other}; set another name`);
  });
  return names;
}
