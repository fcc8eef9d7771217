import { type Logger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { RepeatedIds } from './repeated-ids.ts';

const HOUR_MS = 3_600_000;

describe('RepeatedIds', () => {
  it('warns when most records are duplicates, once an hour, and not of what retries explain', () => {
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const repeated = new RepeatedIds(logger);
    const note = (stored: number, duplicates: number | undefined, nowMs: number): void =>
      repeated.note(
        {
          report: {
            ...{ stored, alreadyStored: 0, anomalies: 0, deadLetters: 0, refused: 0 },
            ...(duplicates === undefined ? {} : { duplicates }),
          },
        },
        nowMs,
      );
    note(5_000, undefined, 0);
    note(600, 400, 0);
    // Too few to tell.
    note(1, 400, 0);
    expect(warnings).toEqual([]);
    note(1, 600, 0);
    expect(warnings).toEqual([expect.objectContaining({ records: 1_002, duplicates: 1_000 })]);
    note(1, 2_000, HOUR_MS - 1);
    expect(warnings).toHaveLength(1);
    note(1, 2_000, HOUR_MS);
    expect(warnings).toHaveLength(2);
  });
});
