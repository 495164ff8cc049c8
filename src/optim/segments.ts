// The places of parameters and statistics and the optimizer's groups → segments with one rule each. Pure; coordinator and workers.
import { ModelError } from '../graph/model-error.ts';
import type { GroupConfig, OptimizerConfig } from './optim.schema.ts';

/** What of a plan's parameter decides its segment. */
export interface ParameterPlace {
  readonly name: string;
  readonly elementOffset: number;
  readonly elements: number;
}

/** What of a plan's running statistic decides its segment. */
export interface StatisticPlace {
  readonly elementOffset: number;
  readonly elements: number;
  readonly momentum: number;
}

/**
 * What UPDATE does with a segment: run the optimizer with these settings, copy parameters and states, or move statistics by `momentum`
 * towards their mean over the global batch.
 */
export type SegmentRule =
  | { readonly kind: 'update'; readonly lr: number; readonly weightDecay: number }
  | { readonly kind: 'frozen' }
  | { readonly kind: 'statistic'; readonly momentum: number };

/** Parameters that lie one after the other and share a rule. */
export interface Segment {
  readonly elementOffset: number;
  readonly elements: number;
  readonly rule: SegmentRule;
}

/** How the parameters are cut. */
export interface SegmentSpec {
  readonly parameters: readonly ParameterPlace[];
  /** Behind all parameters. */
  readonly statistics?: readonly StatisticPlace[];
  /** All parameters and statistics with their padding. */
  readonly parameterElements: number;
  readonly optimizer: OptimizerConfig;
  /** One segment a parameter, without its padding, in place of merged ones. */
  readonly isByParameter: boolean;
}

/**
 * The segments in the order of the parameters. Neighbours of one rule are one segment, padding included: without groups there is one.
 * @throws ModelError where a group has no parameter of its own, or all are frozen.
 */
export function planSegments(spec: SegmentSpec): Segment[] {
  const { parameters, statistics = [], parameterElements, optimizer, isByParameter } = spec;
  const trainedElements = statistics[0]?.elementOffset ?? parameterElements;
  const ruleOf = matchRules(parameters, optimizer);
  const segments: Segment[] = [];
  parameters.forEach(({ name, elementOffset, elements }, index) => {
    const rule = ruleOf(name);
    const end = parameters[index + 1]?.elementOffset ?? trainedElements;
    const last = segments.at(-1);
    if (isByParameter) segments.push({ elementOffset, elements, rule });
    else if (last?.rule === rule) segments[segments.length - 1] = { ...last, elements: end - last.elementOffset };
    else segments.push({ elementOffset, elements: end - elementOffset, rule });
  });
  for (const { elementOffset, elements, momentum } of statistics) {
    segments.push({ elementOffset, elements, rule: { kind: 'statistic', momentum } });
  }
  return segments;
}

/** What of the segments lies in [begin, end). */
export function cutSegments(segments: readonly Segment[], begin: number, end: number): Segment[] {
  return segments.flatMap(({ elementOffset, elements, rule }) => {
    const first = Math.max(begin, elementOffset);
    const behind = Math.min(end, elementOffset + elements);
    return first < behind ? [{ elementOffset: first, elements: behind - first, rule }] : [];
  });
}

/** Whether the first group that matches a parameter's name keeps it as it is. */
export function frozenNames({ groups = [] }: OptimizerConfig): (name: string) => boolean {
  const patterns = groups.map(({ match }) => toRegExp(match));
  return (name) => groups[patterns.findIndex((pattern) => pattern.test(name))]?.frozen === true;
}

/** Name → the rule of the first group that matches; equal rules are one object. */
function matchRules(parameters: readonly ParameterPlace[], optimizer: OptimizerConfig): (name: string) => SegmentRule {
  const { lr, weightDecay, groups = [] } = optimizer;
  const patterns = groups.map(({ match }) => toRegExp(match));
  const groupOf = (name: string): number => patterns.findIndex((pattern) => pattern.test(name));
  const taken = new Set(parameters.map(({ name }) => groupOf(name)));
  const idle = groups.findIndex((_, index) => !taken.has(index));
  if (idle >= 0) throw new ModelError(describeNoMatch(idle, patterns[idle], groups[idle].match, parameters));
  if ([...taken].every((index) => groups[index]?.frozen)) {
    throw new ModelError(
      `optimizer.groups: expected a parameter that is trained, got all ${parameters.length} frozen; freeze fewer`,
    );
  }
  const rules = [...groups.map((group) => ruleOfGroup(optimizer, group)), { kind: 'update', lr, weightDecay } as const];
  const distinct = new Map<string, SegmentRule>();
  for (const rule of rules) if (!distinct.has(JSON.stringify(rule))) distinct.set(JSON.stringify(rule), rule);
  return (name) => {
    const index = groupOf(name);
    return distinct.get(JSON.stringify(rules[index < 0 ? groups.length : index]))!;
  };
}

function ruleOfGroup(optimizer: OptimizerConfig, group: GroupConfig): SegmentRule {
  if (group.frozen) return { kind: 'frozen' };
  const lr = group.lr ?? optimizer.lr * (group.lrScale ?? 1);
  return { kind: 'update', lr, weightDecay: group.weightDecay ?? optimizer.weightDecay };
}

/** `*` stands for any text, also none; everything else for itself. */
function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su');
}

const SHOWN_NAMES = 6;

function describeNoMatch(index: number, pattern: RegExp, match: string, parameters: readonly ParameterPlace[]): string {
  const where = `optimizer.groups.${index}.match`;
  if (parameters.some(({ name }) => pattern.test(name))) {
    return `${where}: expected a pattern that matches a parameter of no earlier group, got ${JSON.stringify(match)}; the first group that matches counts: put this one further up`;
  }
  const names = parameters.slice(0, SHOWN_NAMES).map(({ name }) => name);
  const more = parameters.length > SHOWN_NAMES ? ', …' : '';
  return (
    `${where}: expected a pattern that matches a parameter, got ${JSON.stringify(match)}; ` +
    `the parameters are ${names.join(', ')}${more}`
  );
}
