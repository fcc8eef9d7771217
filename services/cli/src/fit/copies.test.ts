import { tableOfRecords, featuresOf, profileTable } from '@flowline/tables';
import { describe, expect, it } from '@jest/globals';

import { calibratedParts, copiesWarning } from './copies.ts';
import { readHistory } from './read-history.ts';

function historyOf(records: readonly object[]) {
  const data = tableOfRecords(records, 'rows.csv');
  const schema = featuresOf(profileTable(data));
  const spec = { name: 'rows', schema, lookups: {}, entity: null, family: 'realNVP' as const };
  const { table } = readHistory(data, {
    spec: { ...spec, seed: 1, members: 1, data: 'unlabelled' },
    names: { time: null, id: null },
  });
  return { where: 'rows.csv', schema, table };
}

function warningOf(records: readonly object[]): string | null {
  const { where, schema, table } = historyOf(records);
  return copiesWarning(where, schema, table);
}

const row = (i: number) => ({ x: Math.sin(i), y: (i * 7) % 10, kind: ['a', 'b'][i % 2] });
const rows = Array.from({ length: 500 }, (_, i) => row(i));

describe('copiesWarning', () => {
  it('counts rows that are copies', () => {
    expect(warningOf([...rows, ...rows.slice(0, 100)])).toMatch(/^100 of 600 rows of rows\.csv are copies of others/);
    expect(warningOf([...rows, ...rows, ...rows])).toMatch(/^1,000 of 1,500 rows/);
  });

  it('says nothing of few copies, of rows that differ in one value, and of values that repeat anyway', () => {
    expect(warningOf([...rows, ...rows.slice(0, 20)])).toBeNull();
    expect(warningOf([...rows, ...rows.map((each) => ({ ...each, kind: each.kind === 'a' ? 'b' : 'a' }))])).toBeNull();
    expect(warningOf([...rows, ...rows.map((each) => ({ ...each, x: -each.x - 1 }))])).toBeNull();
    expect(warningOf(Array.from({ length: 900 }, (_, i) => ({ step: (i % 4) / 2, other: i % 3 })))).toBeNull();
  });
});

describe('the parts of a history with copies', () => {
  const parted = (records: readonly object[]) => {
    const history = historyOf(records);
    const { table } = history;
    const [train, validation, calibration] = [0.6, 0.7, 0.9].map((share) => Math.round(share * table.size)) as [
      number,
      number,
      number,
    ];
    return {
      history,
      parts: {
        ...{ train: table.slice(0, train), validation: table.slice(train, validation) },
        ...{ calibration: table.slice(validation, calibration), test: table.slice(calibration, table.size) },
      },
    };
  };
  const copied = [...rows.slice(0, 400), ...rows.slice(0, 50), ...rows.slice(400, 440), ...rows.slice(400, 410)];

  it('calibrate and test on the rows that are not copies of earlier ones, and say how many are', () => {
    // 300 train, 50 validate, 100 calibrate (50 and 50 copies), 50 test (40 and 10 copies).
    const { history, parts } = parted(copied);
    const { parts: used, warning } = calibratedParts(history, parts, 20);
    expect([used.train.size, used.validation.size, used.calibration.size, used.test.size]).toEqual([300, 50, 50, 40]);
    expect(used.train).toBe(parts.train);
    const tested = [...rows.slice(400, 440)].map(({ x }) => x);
    expect([...used.test.numbers(0)].flatMap((values) => [...values])).toEqual(tested);
    expect(warning).toBe(
      '60 of 500 rows of rows.csv are copies of others: 60 of them calibrate and test nothing, so that the alarm rate holds for new events',
    );
  });

  it('stay as they are if too few rows would be left, with a warning of the rate', () => {
    const { history, parts } = parted(copied);
    const { parts: used, warning } = calibratedParts(history, parts, 45);
    expect(used).toBe(parts);
    expect(warning).toContain('is higher for new ones');
  });

  it('stay as they are without copies', () => {
    const { history, parts } = parted(rows);
    expect(calibratedParts(history, parts, 20)).toEqual({ parts, warning: null });
  });
});
