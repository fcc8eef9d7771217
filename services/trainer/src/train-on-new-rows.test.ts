import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { trainOnNewRows } from './train-on-new-rows.ts';

describe('trainings for new rows', () => {
  it('are asked for by each detector that counts, again and again, whatever fails in between', async () => {
    const stop = new AbortController();
    const asked: string[] = [];
    let readings = 0;
    await trainOnNewRows({
      list: () => {
        readings++;
        if (readings === 1) return Promise.reject(new Error('the database is away'));
        return Promise.resolve([
          { name: 'a', newRows: 1_000 },
          { name: 'b', newRows: 2_000 },
        ]);
      },
      request: (detector, newRows) => {
        asked.push(`${detector} ${newRows}`);
        if (asked.length === 4) stop.abort();
        return Promise.resolve(asked.length === 1 ? 7 : null);
      },
      logger: silentLogger,
      signal: stop.signal,
      everyMs: 1,
    });
    expect(asked).toEqual(['a 1000', 'b 2000', 'a 1000', 'b 2000']);
    expect(readings).toBe(3);
  });
});
