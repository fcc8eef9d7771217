import { parseDetector } from '@flowline/config';
import { describe, expect, it } from '@jest/globals';

import { storedReader } from './stored-events.ts';

const definition = parseDetector(
  `
apiVersion: flowline/v1
kind: Detector
metadata: { name: stored }
spec:
  source: { kafka: { topic: t }, time: { field: ts, unit: ms } }
  history: { from: scored_events }
  features:
    - { name: a, type: real }
    - { name: b, type: real }
    - { name: level, type: categorical }
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
`,
  'stored.yaml',
);

/** Reads rows of stored events: exact values, compact ones, levels. */
function read(rows: readonly (readonly unknown[])[]) {
  const reader = storedReader(definition);
  const cells = [0, 1, 2].map((i) => ({ kind: 'values' as const, values: rows.map((row) => row[i]) }));
  const timesMs = new Float64Array(rows.length);
  reader.read({ size: rows.length, timesMs, timeValues: null, badTimes: null, cells, totals: null }, timesMs, null);
  return reader.builder.table().rows(0, rows.length);
}

describe('the reader of stored events', () => {
  it('takes each number from where it is stored', () => {
    const table = read([
      [[null, 1e12 + 0.5], [0.1, null], ['x']],
      [null, [1, 2], [null]],
      [[3, 4], null, ['y']],
      [[null, 5], [null, null], ['y']],
    ]);
    expect([...table.numeric]).toEqual([0.1, 1e12 + 0.5, 1, 2, 3, 4, NaN, 5]);
    expect(table.levels).toEqual(['x', null, 'y', 'y']);
  });

  it.each([
    ['too few numbers', [[1], null, ['x']]],
    ['no numbers', [null, null, ['x']]],
    ['no levels', [[1, 2], null, null]],
  ])('refuses an event with %s', (_, row) => {
    expect(() => read([row])).toThrow(expect.objectContaining({ code: 'FLOWLINE_HISTORY_INVALID' }));
  });
});
