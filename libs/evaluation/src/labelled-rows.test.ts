import { tableOfRecords } from '@flowline/tables';
import { describe, expect, it } from '@jest/globals';

import { labelledRows } from './labelled-rows.ts';
import { preparedRows } from './evaluate-baseline.ts';

const records = [
  { amount: 1, kind: 'a', ok: true, at: '2026-05-01T00:00:00Z', label: 0 },
  { amount: null, kind: 'b', ok: false, at: '2026-05-01T00:00:01Z', label: 1 },
  { amount: 3, kind: 'a', ok: true, at: '2026-05-01T00:00:02Z', label: 0 },
  { amount: 5, kind: 'c', ok: true, at: '2026-05-01T00:00:03Z', label: null },
];
const table = tableOfRecords(records, 'orders');

describe('labelledRows', () => {
  it('takes numbers as they are, text as levels, and leaves out times and rows without a label', () => {
    const found = labelledRows(table, { label: 'label' });
    expect(found.schema.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
      ['amount', 'real', true],
      ['kind', 'categorical', false],
      ['ok', 'boolean', false],
    ]);
    expect([...found.labels]).toEqual([0, 1, 0]);
    expect(found).toMatchObject({ unlabelled: 1, leftOut: [{ name: 'at', reason: 'a time' }] });
    expect([...found.table.numeric]).toEqual([1, NaN, 3]);
    expect(found.table.levels).toEqual(['a', 'true', 'b', 'false', 'a', 'true']);
  });

  it('names the most frequent label as the one that may be normal', () => {
    const records = ['fraud', 'ok', 'ok'].map((label, x) => ({ x, label }));
    expect(() => labelledRows(tableOfRecords(records, 'texts.csv'), { label: 'label' })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_USAGE', remedy: expect.stringContaining('--normal "ok"') }),
    );
    const numbers = Array.from({ length: 50 }, (_, x) => ({ x, label: x / 7 }));
    expect(() => labelledRows(tableOfRecords(numbers, 'numbers.csv'), { label: 'label' })).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('Name a column of few labels') }),
    );
  });

  it('takes every label but the normal one for an anomaly', () => {
    const { labels } = labelledRows(table, { label: 'kind', normal: 'a' });
    expect([...labels]).toEqual([0, 1, 0, 1]);
  });

  it.each([
    [{ label: 'lable' }, 'FLOWLINE_USAGE', /no column "lable".*--label/],
    [{ label: 'kind' }, 'FLOWLINE_USAGE', /labels of orders in "kind" are "a", "b", "c": not 0 and 1/],
    [{ label: 'kind', normal: 'z' }, 'FLOWLINE_USAGE', /none is "z", which --normal names/],
  ])('refuses the label %p in one message', (options, code, message) => {
    expect(() => labelledRows(table, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('takes no label for a class by the names of objects, and no row number for a feature', () => {
    const row = (label: string) => (_: unknown, i: number) => ({ id: i, x: i % 7, label });
    const rows = [...Array.from({ length: 20 }, row('toString')), ...Array.from({ length: 20 }, row('constructor'))];
    const named = tableOfRecords(
      rows.map((each, id) => ({ ...each, id })),
      'named.csv',
    );
    expect(() => labelledRows(named, { label: 'label' })).toThrow(/are "toString", "constructor": not 0 and 1/);
    expect(labelledRows(named, { label: 'label', normal: 'toString' })).toMatchObject({
      schema: [{ name: 'x' }],
      leftOut: [{ name: 'id', reason: 'an id: no value occurs twice' }],
    });
  });

  it('refuses a table of one class, and one without numbers', () => {
    const normal = tableOfRecords([{ x: 1, label: 0 }], 'normal.csv');
    expect(() => labelledRows(normal, { label: 'label' })).toThrow(/Every row is normal by the column "label"/);
    const words = tableOfRecords([{ kind: 'a', label: 0 }, { kind: 'a', label: 1 }], 'words.csv'); // prettier-ignore
    expect(() => labelledRows(words, { label: 'label' })).toThrow(/no column of numbers besides the label/);
  });

  it('gives baselines medians for missing numbers and a column per level', () => {
    const split = { protocol: 'one-class' as const, train: Int32Array.from([0, 2]), test: Int32Array.from([1]) };
    const { train, test } = preparedRows({ ...labelledRows(table, { label: 'label' }), ...split });
    // amount, kind a, ok true; each standardised on rows 0 and 2.
    expect(train).toMatchObject({ rows: 2, columns: 3 });
    expect([...train.values]).toEqual([-1, 0, 0, 1, 0, 0]);
    expect([...test.values]).toEqual([1, -1, -1]);
  });
});
