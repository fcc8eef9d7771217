import { at, type EntitySpec } from '@flowline/events';
import { featuresOf, profileTable, tableOfRecords } from '@flowline/tables';
import { describe, expect, it } from '@jest/globals';

import { readHistory } from './read-history.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 3, 1);

/** Rows in the reverse order of their times, one per minute. */
const rows = (count: number, more: (i: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ ts: START + (count - 1 - i) * MINUTE, x: (i * 37) % 101, kind: ['a', 'b'][i % 2] },
    ...more(i),
  }));

function historyOf(records: readonly object[], bounds: { mostRows?: number } = {}, entity: EntitySpec | null = null) {
  const table = tableOfRecords(records, 'rows.ndjson', bounds);
  const profile = profileTable(table);
  const spec = { name: 'rows', schema: featuresOf(profile), lookups: {}, entity, family: 'realNVP' as const };
  return readHistory(table, {
    spec: { ...spec, seed: 1, members: 1, data: 'unlabelled' },
    names: { time: profile.time?.spec ?? null, id: null },
  });
}

describe('readHistory', () => {
  it('puts rows in the order of their time, across blocks', () => {
    const history = historyOf(rows(10_000));
    expect(history.timesMs).toEqual(Float64Array.from({ length: 10_000 }, (_, i) => START + i * MINUTE));
    const first = history.table.slice(0, 1);
    const oldest = at(rows(10_000), 9_999);
    expect([...first.numbers(0)].map((values) => values[0])).toEqual([oldest.x]);
    expect(history.eventsPerDay).toBeCloseTo(1_440, -1);
  });

  it('counts the events per day of the whole file, where the table has some of its rows', () => {
    const thinned = historyOf(rows(10_000), { mostRows: 1_000 });
    expect(thinned.timesMs.length).toBeLessThanOrEqual(1_000);
    expect(thinned.eventsPerDay).toBeGreaterThan(1_300);
    expect(thinned.eventsPerDay).toBeLessThan(1_600);
  });

  it('refuses to look back over some of the rows', () => {
    const entity: EntitySpec = { key: ['kind'], time: { field: 'ts', unit: 'ms' } };
    expect(() => historyOf(rows(10_000), { mostRows: 1_000 }, entity)).toThrow(
      /has 10,000 rows, of which \d+ fit into memory: features that look back need each one/,
    );
  });

  it('leaves out rows that do not fit, with the first reason, and refuses a table of them', () => {
    const infinite = (every: number) => rows(200, (i) => (i % every === 3 ? { x: Infinity } : {}));
    expect(historyOf(infinite(100)).rejected).toEqual({
      rows: 2,
      example: 'x is Infinity; expected a finite number.',
    });
    expect(() => historyOf(infinite(10))).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_HISTORY_INVALID',
        message: '10 % of the rows of rows.ndjson do not fit the features.',
      }),
    );
  });
});
