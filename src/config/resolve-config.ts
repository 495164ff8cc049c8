// A config's values with their origins → the config with every default filled in, frozen; or all that is wrong with it. Coordinator only.
import { DEFAULT_EPOCHS, type EvaluationConfig } from '../experiment/experiment.schema.ts';
import { LABEL_LOSSES, LOSS_NAMES, lossOptions, simplifyLoss } from '../nn/loss.schema.ts';
import { fitsLoss, fittingMetrics, isMetric, isScalarMetric, naturalMode } from '../nn/metrics.schema.ts';
import { type ConfigIssue, throwIssues } from './config-error.ts';
import { type ConfigNode, formatPath, nodeAt, type Path, plainValue, scalarAt } from './config-node.ts';
import { configSchema, type ParsedConfig, type TrainConfig } from './config-schema.ts';
import { describeIssue } from './describe-issue.ts';
import { refuseLaterKeys } from './later-keys.ts';
import { alternatives } from './scalars.schema.ts';
import { showNode } from './show-value.ts';

/**
 * Resolves the tree; keys of later parts are taken out of it.
 *
 * @param found what reading it has found so far, told together with what is found here
 * @param defaultName the name of a config that has none
 * @throws ConfigError
 */
export function resolveConfig(root: ConfigNode, found: readonly ConfigIssue[], defaultName: string): TrainConfig {
  if (!(root.content instanceof Map)) throwIssues([...found, notMappingIssue(root)]);
  const issues = [...found, ...refuseLaterKeys(root), ...betweenKeysIssues(root)];
  const { data, error } = configSchema.safeParse(plainValue(root));
  // What was refused once, as a number that cannot be or as a part that is not built, is not refused again.
  const isFound = new Set(issues.map(({ path }) => formatPath(path)));
  const described = (error?.issues ?? []).flatMap((issue) => describeIssue(root, issue));
  throwIssues([...issues, ...described.filter(({ path }) => !isFound.has(formatPath(path)))]);
  return freezeDeep(complete(data!, defaultName));
}

function notMappingIssue(root: ConfigNode): ConfigIssue {
  const expected = 'a mapping with keys such as name, data, model';
  return { origin: root.origin, path: [], expected, got: showNode(root), advice: 'begin with name: my-run' };
}

/** What the schemas of single parts cannot see. Values may be of any type here. */
function betweenKeysIssues(root: ConfigNode): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const refuse = (path: Path, expected: string, advice: string) => {
    const node = nodeAt(root, path)!;
    issues.push({ origin: node.keyOrigin ?? node.origin, path, expected, got: showNode(node), advice });
  };
  const hasBoth = nodeAt(root, ['epochs']) !== undefined && nodeAt(root, ['steps']) !== undefined;
  if (hasBoth) refuse(['steps'], 'epochs or steps, not both', 'remove one of them');
  refuseMetrics(root, refuse);
  if (scalarAt(root, ['data', 'shuffle']) === false && nodeAt(root, ['data', 'sampling']) !== undefined)
    refuse(['data', 'sampling'], 'no sampling, as shuffle is false', 'remove it, or set shuffle to true');
  const workers = scalarAt(root, ['workers']);
  const maxWorkers = scalarAt(root, ['maxWorkers']);
  if (typeof workers === 'number' && typeof maxWorkers === 'number' && maxWorkers < workers)
    refuse(['maxWorkers'], `${workers} or more, as workers is ${workers}`, 'raise it, or lower workers');
  if (scalarAt(root, ['optimizer', 'lr']) === 0 && nodeAt(root, ['schedule']) !== undefined)
    refuse(['optimizer', 'lr'], 'a number above 0, as there is a schedule', 'raise it, or remove schedule');
  return issues;
}

/** Metrics that cannot be made of the loss's outputs and targets. */
function refuseMetrics(root: ConfigNode, refuse: (path: Path, expected: string, advice: string) => void): void {
  const lossName = scalarAt(root, ['loss']) ?? scalarAt(root, ['loss', 'name']);
  const loss = LOSS_NAMES.find((name) => name === lossName);
  if (loss === undefined) return;
  const metrics = nodeAt(root, ['evaluation', 'metrics'])?.content;
  const paths = Array.isArray(metrics) ? metrics.map((_, i) => ['evaluation', 'metrics', i]) : [];
  for (const path of [['evaluation', 'metric'], ...paths]) {
    const metric = scalarAt(root, path);
    const isWatched = path.length === 2;
    if (typeof metric !== 'string' || !isMetric(metric) || fitsLoss(metric, loss)) continue;
    const fitting = fittingMetrics(loss).filter((name) => !isWatched || isScalarMetric(name));
    const words = isWatched ? ['auto', 'loss', ...fitting] : fitting;
    const expected = words.length === 0 ? 'no metrics' : alternatives(words);
    refuse(path, `${expected}, as ${loss} has no ${metric}`, 'use another metric or another loss');
  }
}

/** Fills in the defaults that depend on other keys; the keys stand in the order of the schema. */
function complete(parsed: ParsedConfig, defaultName: string): TrainConfig {
  const hasLength = parsed.epochs !== undefined || parsed.steps !== undefined;
  const values: Record<string, unknown> = {
    ...parsed,
    name: parsed.name ?? defaultName,
    loss: simplifyLoss(parsed.loss),
    evaluation: completeEvaluation(parsed),
    ...(!hasLength && { epochs: DEFAULT_EPOCHS }),
  };
  const entries = Object.keys(configSchema.shape).map((key) => [key, values[key]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function completeEvaluation({ evaluation, loss }: ParsedConfig): EvaluationConfig {
  const automatic = LABEL_LOSSES.includes(lossOptions(loss).name) ? 'accuracy' : 'loss';
  const metric = evaluation.metric === 'auto' ? automatic : evaluation.metric;
  const metrics = [...new Set(evaluation.metrics)];
  return {
    everyEpochs: evaluation.everyEpochs,
    metric,
    mode: evaluation.mode ?? naturalMode(metric),
    ...(evaluation.patience !== undefined && { patience: evaluation.patience }),
    minDelta: evaluation.minDelta,
    ...(metrics.length > 0 && { metrics }),
  };
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) freezeDeep(child);
  return Object.freeze(value);
}
