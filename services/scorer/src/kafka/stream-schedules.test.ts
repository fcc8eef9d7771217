import { describe, expect, it } from '@jest/globals';

import { checkStreamSchedules } from '../testing/stream-schedules.ts';

describe('the fence of streams whose topics have several lives', () => {
  it('holds under schedules of openings, fetches, commits, zombies, resets and lost commits', () => {
    expect(() => checkStreamSchedules({ schedules: 500 })).not.toThrow();
  });
});
