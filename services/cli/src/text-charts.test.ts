import { describe, expect, it } from '@jest/globals';

import { explanationTable } from './anomalies/explain-anomalies.ts';
import { alarmDaysLine, barsOf } from './text-charts.ts';

describe('charts of text', () => {
  it('have bars as long as their values beside the largest, and none where there is no value', () => {
    expect(barsOf([8, 4, null, 0])).toEqual(['██████████', '█████', '', '']);
    expect(barsOf([0.5], 1)).toEqual(['█████']);
  });

  it('have alarms by day from 0, with the first and the last day', () => {
    const days = [0, 7, 14].map((measured, i) => ({ day: `2026-05-0${i + 1}`, measured }));
    expect(alarmDaysLine(days)).toBe('▁▅█ at most 14, 2026-05-01 to 2026-05-03');
  });

  it('stand beside the bits of features if the output shows them, and else leave the text as it is', () => {
    const values = {
      observed: { a: 1, b: 2 },
      expected: {},
      ...{
        nearestNormal: null,
        contributions: ['a', 'b'].map((feature, i) => ({ feature, bits: 8 - 4 * i, direction: 'high' })),
      },
    };
    const [plain, drawn] = [false, true].map((hasBars) => explanationTable(values, new Map(), hasBars));
    expect(plain).toMatch(/^ +a +1 +8(\.0)?$/m);
    expect(drawn).toMatch(/^ +a +1 +8(\.0)? +█{10}$/m);
    expect(drawn).toMatch(/^ +b +2 +4(\.0)? +█{5}$/m);
  });
});
