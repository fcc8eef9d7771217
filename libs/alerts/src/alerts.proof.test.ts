import { describe, expect, it } from '@jest/globals';

import { checkAlertSchedules } from './testing/alert-schedules.ts';

describe('alerts under 10,000 random schedules of anomalies, kills and redeliveries', () => {
  it('are those of the naive interpreter: none lost, none twice, none out of order', () => {
    expect(() => checkAlertSchedules({ schedules: 10_000 })).not.toThrow();
  });
});
