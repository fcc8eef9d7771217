import { parseDetector } from '@flowline/config';
import { describe, expect, it } from '@jest/globals';

import { tableOfRecords } from '../read-table.ts';
import { detectorName, profileTable, type TableProfile } from './profile-table.ts';
import { writtenDetector } from './written-detector.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 3, 1);

/** Rows of orders: `n` of them, one per hour. */
const orders = (n: number, more: (i: number) => object = () => ({})) =>
  tableOfRecords(
    Array.from({ length: n }, (_, i) => ({
      ...{ id: `o-${i}`, ts: START + i * HOUR, number: i + 7 },
      ...{ latency: 20 + ((i * 37) % 100) / 10, items: 1 + (i % 9), bytes: i % 50 === 0 ? 1e6 : 900 + (i % 300) },
      ...{ hit_rate: (i % 11) / 10, express: i % 7 === 0, method: ['card', 'cash', 'transfer'][i % 3] },
      ...{ wind_dir: (i * 13) % 360, flag: i % 2, region: 'eu', user: `u${i % 300}`, note: i % 40 === 0 ? 'x' : null },
      ...{ discount: i % 10 === 0 ? null : i % 4 === 0 ? 0.5 : 1.25 + (i % 3) },
      ...more(i),
    })),
    'orders.csv',
  );

const usesOf = ({ features }: TableProfile) => Object.fromEntries(features.map(({ spec }) => [spec.name, spec.type]));
const reasonsOf = ({ leftOut }: TableProfile) => Object.fromEntries(leftOut.map(({ name, reason }) => [name, reason]));

describe('profileTable', () => {
  const profile = profileTable(orders(600));

  it('finds the type of each column', () => {
    expect(usesOf(profile)).toEqual({
      ...{ latency: 'real', items: 'integer', bytes: 'positive', hit_rate: 'unit', express: 'boolean' },
      ...{ method: 'categorical', wind_dir: 'cyclic', flag: 'categorical', discount: 'real' },
      ...{ time_of_day: 'cyclic', time_of_week: 'cyclic' },
    });
    const nullable = profile.features.filter(({ spec }) => spec.nullable).map(({ spec }) => spec.name);
    expect(nullable).toEqual(['discount']);
  });

  it('leaves out ids, times, constants and texts without end, each with the reason', () => {
    expect(reasonsOf(profile)).toEqual({
      id: 'no value occurs twice: an id',
      ts: 'the time of the event',
      number: 'no value occurs twice: an id',
      region: 'one and the same value throughout',
      user: '300 different texts: an entity (source.key) or a key of a lookup, rather than a level',
      note: 'one and the same value throughout',
    });
    expect(profile).toMatchObject({ eventId: 'id', time: { spec: { field: 'ts', unit: 'ms' }, fromMs: START } });
  });

  it('takes the time of ISO text, of seconds, and the first of several', () => {
    const iso = (i: number) => new Date(START + i * HOUR).toISOString();
    const at = (extra: (i: number) => object) => profileTable(orders(60, extra)).time?.spec;
    expect(at((i) => ({ ts: iso(i) }))).toEqual({ field: 'ts', unit: 'iso' });
    expect(at((i) => ({ ts: START / 1000 + i }))).toEqual({ field: 'ts', unit: 's' });
    expect(at((i) => ({ ts: null, created_at: iso(i), shipped_at: iso(i) }))).toEqual({
      field: 'created_at',
      unit: 'iso',
    });
    // Numbers of any other name are numbers.
    expect(at((i) => ({ ts: null, size: START + i }))).toBeUndefined();
  });

  it('writes the period of a time of day in the unit of the time', () => {
    const { features } = profileTable(orders(60, (i) => ({ ts: START / 1000 + i * 3600 })));
    expect(features.find(({ spec }) => spec.name === 'time_of_day')?.spec).toMatchObject({
      from: 'ts',
      period: 86_400,
    });
  });

  it('refuses what no model can score, and columns that are not there', () => {
    const words = tableOfRecords([{ a: 'x' }, { a: 'x' }, { a: 'y' }, { a: 'y' }], 'words.csv');
    expect(() => profileTable(words)).toThrow(/words\.csv has no column of numbers that a model could score/);
    expect(() => profileTable(orders(30), { ignore: ['lable'] })).toThrow(/orders\.csv has no column "lable"/);
  });

  it('says which text makes a column of numbers one of text', () => {
    const words = (i: number) => ({ price: i === 17 ? 'oops' : String(i % 97), step: i % 40 === 0 ? '?' : `${i % 5}` });
    const found = profileTable(orders(600, words));
    expect(reasonsOf(found).price).toMatch(/^numbers, but for texts such as "oops": correct them/);
    expect(found.features.find(({ spec }) => spec.name === 'step')?.note).toBe(
      '6 levels; numbers, but for texts such as "?"',
    );
  });

  it('refuses more features than a detector takes, and leaves out columns without a name', () => {
    const many = (i: number) => Object.fromEntries(Array.from({ length: 300 }, (_, j) => [`c${j}`, (i * j) % 7]));
    expect(() => profileTable(orders(60, many))).toThrow(/has \d+ features; a detector takes 256/);
    expect(reasonsOf(profileTable(orders(60, (i) => ({ '': i * i }))))).toMatchObject({
      '(without a name)': 'no feature can be read from it',
    });
  });

  it('leaves out as asked', () => {
    expect(reasonsOf(profileTable(orders(60), { ignore: ['flag'] })).flag).toBe('as asked');
  });
});

describe('writtenDetector', () => {
  const write = (table: TableProfile, more: object = {}) =>
    writtenDetector(table, {
      ...{ name: 'orders', origin: { query: 'select * from "Orders"' }, leastRows: 834, warnings: [] },
      ...more,
    });
  const parsed = (yaml: string) => parseDetector(yaml, 'orders.yaml', () => '');

  it('is a detector that validates, with the features of the profile', () => {
    const profile = profileTable(orders(600));
    const definition = parsed(write(profile));
    expect(definition.features).toEqual(profile.features.map(({ spec }) => spec));
    expect(definition).toMatchObject({
      name: 'orders',
      source: { kafka: null, time: { field: 'ts', unit: 'ms' }, eventId: 'id' },
      history: { query: 'select * from "Orders"' },
      training: { data: 'unlabelled' },
      decision: { test: 'outlying', control: { falseAlarmsPerDay: 2 } },
    });
  });

  it('says why, in comments', () => {
    const yaml = write(profileTable(orders(600)), { warnings: ['the halves do not agree'] });
    expect(yaml).toMatch(/name: bytes, type: positive \} +# 901 to 1000000, median \d+: a long tail\n/);
    expect(yaml).toMatch(/name: discount, type: real \} +# .*; missing in 10 % of the rows\n/);
    expect(yaml).toContain('    # user: 300 different texts: an entity (source.key)');
    expect(yaml).toContain('# A training needs at least 834 rows: too few, so far;');
    expect(yaml).toContain('# ! the halves do not agree');
  });

  it('quotes names that YAML would take for something else, and keeps comments on their line', () => {
    const odd = (i: number) => ({ 'a: b #': i % 5, yes: i % 3, 'new\nline': (i * 7) % 13 });
    const profile = profileTable(
      tableOfRecords(
        Array.from({ length: 50 }, (_, i) => odd(i)),
        'odd\nname.csv',
      ),
    );
    expect(parsed(write(profile)).features.map(({ name }) => name)).toEqual(['a: b #', 'yes', 'new\nline']);
  });

  it('without a time leaves a place to name it, and asks for a rate per event', () => {
    const profile = profileTable(
      tableOfRecords(
        Array.from({ length: 50 }, (_, i) => ({ x: i % 7 })),
        'x.csv',
      ),
    );
    const definition = parsed(write(profile, { origin: { topic: 'orders.v2' } }));
    expect(definition).toMatchObject({
      source: { kafka: { topic: 'orders.v2' }, time: { field: 'ts' } },
      history: { query: null },
      decision: { test: 'outlying', control: { alpha: 1e-3 } },
    });
  });
});

describe('detectorName', () => {
  it.each([
    ['/data/Orders 2026.csv.gz', 'orders-2026'],
    ['sales.parquet', 'sales'],
    ['__x__.ndjson', 'x'],
    ['…', 'detector'],
  ])('%s becomes %s', (where, name) => {
    expect(detectorName(where)).toBe(name);
  });
});
