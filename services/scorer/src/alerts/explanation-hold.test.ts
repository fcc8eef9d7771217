import { describe, expect, it } from '@jest/globals';

import { explanationHold } from './explanation-hold.ts';

describe('the hold of messages that wait for their explanation', () => {
  it('is a minute, for which the relay itself has to have run', () => {
    let nowMs = 5_000;
    const hold = explanationHold(() => nowMs);
    expect(hold()).toBe(null);
    nowMs += 59_999;
    expect(hold()).toBe(null);
    nowMs += 1;
    expect(hold()).toBe(60_000);
  });
});
