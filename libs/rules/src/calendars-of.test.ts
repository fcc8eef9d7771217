import { describe, expect, it } from '@jest/globals';

import { calendarsOf } from './calendars-of.ts';

describe('calendarsOf', () => {
  it('finds every calendar that a condition names, once', () => {
    const when = 'calendar.nights && (bits > 9.0 || calendar["on-call"]) && !calendar.nights';
    expect(calendarsOf({ when })).toEqual(['nights', 'on-call']);
    expect(calendarsOf({ when: 'x.calendar > 1.0' })).toEqual([]);
  });

  it('finds none in a condition that cannot be compiled', () => {
    expect(calendarsOf({ when: 'calendar.nights &&' })).toEqual([]);
  });
});
