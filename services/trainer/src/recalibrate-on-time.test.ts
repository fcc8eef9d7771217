import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { recalibrateOnTime } from './recalibrate-on-time.ts';

describe('recalibrations on time', () => {
  it('are requested of each detector with its own interval, again and again', async () => {
    const stop = new AbortController();
    const asked: [string, number][] = [];
    await recalibrateOnTime({
      list: () =>
        Promise.resolve([
          { name: 'a', everyMs: 3_600_000 },
          { name: 'b', everyMs: 7_200_000 },
        ]),
      request: (detector, everyMs) => {
        asked.push([detector, everyMs]);
        if (asked.length === 4) stop.abort();
        return Promise.resolve(detector === 'a' ? 7 : null);
      },
      ...{ logger: silentLogger, signal: stop.signal, everyMs: 1 },
    });
    expect(asked).toEqual([
      ['a', 3_600_000],
      ['b', 7_200_000],
      ['a', 3_600_000],
      ['b', 7_200_000],
    ]);
  });
});
