import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimizerSchema } from '#src/optim/optim.schema.js';
import { cutSegments, planSegments, type Segment } from '#src/optim/segments.js';

/** Two dense layers, each parameter padded to 16 elements. */
const PARAMETERS = [
  { name: 'dense1.weight', elementOffset: 0, elements: 30 },
  { name: 'dense1.bias', elementOffset: 32, elements: 3 },
  { name: 'dense2.weight', elementOffset: 48, elements: 16 },
  { name: 'dense2.bias', elementOffset: 64, elements: 1 },
];

function plan(groups?: Record<string, unknown>[], isByParameter = false): readonly Segment[] {
  const optimizer = optimizerSchema.parse({ name: 'adamw', lr: 0.5, weightDecay: 0.25, groups });
  return planSegments({ parameters: PARAMETERS, parameterElements: 80, optimizer, isByParameter });
}

const OWN = { kind: 'update', lr: 0.5, weightDecay: 0.25 };

describe('planSegments', () => {
  it('gives one segment with padding where there are no groups', () => {
    expect(plan()).toEqual([{ elementOffset: 0, elements: 80, rule: OWN }]);
  });

  it('gives a segment a parameter, without padding, where they are wanted whole', () => {
    expect(plan(undefined, true)).toEqual(
      PARAMETERS.map(({ elementOffset, elements }) => ({ elementOffset, elements, rule: OWN })),
    );
  });

  it('cuts where the group changes, the first match counting', () => {
    const segments = plan([
      { match: 'dense2.bias', frozen: true },
      { match: '*.bias', weightDecay: 0, lrScale: 0.5 },
      { match: 'dense2.*', lr: 3 },
    ]);
    expect(segments).toEqual([
      { elementOffset: 0, elements: 32, rule: OWN },
      { elementOffset: 32, elements: 16, rule: { kind: 'update', lr: 0.25, weightDecay: 0 } },
      { elementOffset: 48, elements: 16, rule: { kind: 'update', lr: 3, weightDecay: 0.25 } },
      { elementOffset: 64, elements: 16, rule: { kind: 'frozen' } },
    ]);
  });

  it('merges neighbours of equal settings, whichever group they come from', () => {
    expect(plan([{ match: 'dense1.weight' }, { match: '*.bias', lr: 0.5 }])).toEqual(plan());
    expect(plan([{ match: 'dense1.*', frozen: true }])).toEqual([
      { elementOffset: 0, elements: 48, rule: { kind: 'frozen' } },
      { elementOffset: 48, elements: 32, rule: OWN },
    ]);
  });

  it('takes a name for itself: a dot is a dot', () => {
    expect(() => plan([{ match: 'dense1_weight' }])).toThrow();
    expect(() => plan([{ match: 'ense1.weigh' }])).toThrow();
  });

  it('refuses a pattern that matches nothing, and names some parameters', () => {
    expect(() => plan([{ match: '*.bias' }, { match: 'conv*' }])).toThrow(
      'optimizer.groups.1.match: expected a pattern that matches a parameter, got "conv*"; ' +
        'the parameters are dense1.weight, dense1.bias, dense2.weight, dense2.bias',
    );
  });

  it('refuses a group whose parameters all belong to earlier ones', () => {
    expect(() => plan([{ match: '*', lr: 1 }, { match: 'dense1.*' }])).toThrow(
      'optimizer.groups.1.match: expected a pattern that matches a parameter of no earlier group, got "dense1.*"; ' +
        'the first group that matches counts: put this one further up',
    );
  });

  it('refuses to freeze everything, by one group or by several', () => {
    const message = 'optimizer.groups: expected a parameter that is trained, got all 4 frozen; freeze fewer';
    expect(() => plan([{ match: '*', frozen: true }])).toThrow(message);
    const groups = ['*.bias', '*.weight'].map((match) => ({ match, frozen: true }));
    expect(() => plan(groups)).toThrow(message);
  });
});

describe('cutSegments', () => {
  it('gives every element of the segments to exactly one range', () => {
    const segments = plan([{ match: '*.bias', frozen: true }]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 79 }), { maxLength: 8 }), (inner) => {
        const cuts = [0, ...inner.sort((a, b) => a - b), 80];
        const pieces = cuts.slice(1).flatMap((end, i) => cutSegments(segments, cuts[i], end));
        const rules = pieces.flatMap(({ elements, rule }) => Array(elements).fill(rule.kind));
        expect(rules).toEqual(segments.flatMap(({ elements, rule }) => Array(elements).fill(rule.kind)));
        expect(pieces[0].elementOffset).toBe(0);
      }),
    );
  });
});
