import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutJsonLines, cutResults } from '#src/experiment/cut-rows.js';

const line = (step: number): string => `${JSON.stringify({ step, loss: 0.5 })}\n`;

describe('cutJsonLines', () => {
  it('keeps lines of steps before, whatever their order, and those of no step', () => {
    const text = `${line(3)}{"type":"note"}\n${line(10)}${line(9)}`;
    expect(cutJsonLines(text, 10, 0)).toBe(`${line(3)}{"type":"note"}\n${line(9)}`);
  });

  it('cuts a window whose steps a later row has again, and nothing else of these steps', () => {
    const window = (step: number): string => `${JSON.stringify({ step, steps: 4, loss: 0.5 })}\n`;
    const text = `${window(3)}${line(7)}${window(7)}${line(9)}${window(9)}${window(11)}`;
    expect(cutJsonLines(text, 10, 2)).toBe(`${window(3)}${line(7)}${window(7)}${line(9)}`);
  });

  it('drops a torn last line, and one that was written on after it was torn', () => {
    expect(cutJsonLines(`${line(1)}{"step":2,"lo`, 10, 0)).toBe(line(1));
    expect(cutJsonLines(`${line(1)}{"step":2,"lo${line(2)}${line(3)}`, 10, 0)).toBe(line(1) + line(3));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(20), fc.string(), (steps, step, torn) => {
        const once = cutJsonLines(steps.map(line).join('') + torn, step, 0);
        expect(cutJsonLines(once, step, 0)).toBe(once);
        expect(once).toBe(
          steps
            .filter((one) => one < step)
            .map(line)
            .join(''),
        );
      }),
    );
  });
});

describe('cutResults', () => {
  const head = 'epoch,step,seconds\n';

  it('keeps the head and the rows up to that of rowStep', () => {
    expect(cutResults(`${head}1,8,0.1\n2,16,0.1\n3,24,0.1\n3,2`, 16)).toBe(`${head}1,8,0.1\n2,16,0.1\n`);
    expect(cutResults(`${head}1,8,0.1\n`, -1)).toBe(head);
  });

  it('drops a torn head', () => {
    expect(cutResults('epoch,st', 5)).toBe('');
  });
});
