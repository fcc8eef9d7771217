import type { ScoredRow } from '@flowline/operations/scoring';
import { describe, expect, it } from '@jest/globals';

import { scoreLine } from './write-scores.ts';

const row: ScoredRow = {
  ...{ row: 1, time: null, id: 'a\u001b[2J\u009b', entity: null },
  ...{ logDensityNats: -1, pValue: 0.5, surpriseBits: 1, anomaly: false },
};

describe('scoreLine', () => {
  it('keeps ids as they are in files, and shows them on a terminal', () => {
    expect(scoreLine(row, 'csv')).toBe('1,,a\u001b[2J\u009b,,-1,0.5,1,false,,,\n');
    expect(scoreLine(row, 'csv', true)).toBe('1,,a\\u001b[2J\\u009b,,-1,0.5,1,false,,,\n');
    const json = scoreLine(row, 'ndjson');
    expect(json).toContain('a\\u001b[2J\\u009b');
    expect(JSON.parse(json)).toEqual(row);
  });
});
