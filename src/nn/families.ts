// A model family's options and the dataset's shapes → the layers that a config would list for it. Pure; coordinator only.
import { ModelError } from '../graph/model-error.ts';
import { elementCount } from '../graph/tensor-type.ts';
import type { FamilyConfig } from './families.schema.ts';
import { type LayerConfig, layersSchema } from './layers.schema.ts';
import type { LossName } from './nn.schema.ts';
import type { SampleSpec } from './trace.ts';

type Layers = readonly Readonly<Record<string, unknown>>[];

/**
 * The layers of a family, resolved as those of a config are.
 * @throws ModelError where the family cannot learn such data.
 */
export function familyLayers(family: FamilyConfig, loss: LossName, samples: SampleSpec): readonly LayerConfig[] {
  return layersSchema.parse(listLayers(family, loss, samples));
}

function listLayers(family: FamilyConfig, loss: LossName, samples: SampleSpec): Layers {
  switch (family.name) {
    case 'linear':
      return outputLayers(loss, samples);
    case 'logistic':
      return logistic(loss, samples);
    case 'mlp': {
      const { hidden, activation } = family;
      return [...hidden.map((units) => ({ dense: units, activation })), ...outputLayers(loss, samples)];
    }
  }
}

/** Logistic regression: a linear layer of class scores. */
function logistic(loss: LossName, samples: SampleSpec): Layers {
  if (samples.target.kind === 'class') return outputLayers(loss, samples);
  throw new ModelError(
    `model: expected data with class labels for logistic, got values of shape (${samples.target.shape.join(',')}); set model.name: linear, or use data with labels`,
  );
}

/** One output a class, or as many as the targets have numbers, in their shape. */
export function outputLayers(_loss: LossName, { target }: SampleSpec): Layers {
  if (target.kind === 'class') return [{ dense: target.classes }];
  const units = { dense: elementCount(target.shape) };
  return target.shape.length === 1 ? [units] : [units, { reshape: target.shape }];
}
