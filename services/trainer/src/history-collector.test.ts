import { entityOf, parseDetector } from '@flowline/config';
import type { HistoryBatch } from '@flowline/db';
import { atOnce } from '@flowline/events';
import { createRecordReader, EntityWindows } from '@flowline/features';
import { describe, expect, it } from '@jest/globals';

import { type CollectorOptions, HistoryCollector } from './history-collector.ts';
import { historyReader, longestWindowMs } from './history-reader.ts';

const definition = parseDetector(
  `apiVersion: flowline/v1
kind: Detector
metadata: { name: sensors }
spec:
  source: { kafka: { topic: readings }, time: { field: ts, unit: ms }, key: [sensor] }
  history: { query: "select 1", maxRows: 1000 }
  features:
    - { name: level, type: real }
    - { name: before, type: real, from: { lag: { of: level } } }
    - { name: mean, type: real, from: { rolling: { of: level, statistic: mean, over: 1m } } }
  training: { data: clean }
  decision: { control: { alpha: 0.01 } }
  alerts: { topic: alerts }
`,
  'test detector',
);

/** Readings of three sensors in turn, ten seconds apart. */
const rows = Array.from({ length: 1200 }, (_, i) => ({ sensor: `s${i % 3}`, ts: i * 10_000, level: Math.sin(i) }));

/** Rows as a batch of the database. */
function batchOf(
  columns: readonly { readonly name: string }[],
  chunk: readonly Record<string, unknown>[],
): HistoryBatch {
  const timesMs = Float64Array.from(chunk, ({ ts }) => Number(ts));
  const cells = columns.map(({ name }) => ({ kind: 'values' as const, values: chunk.map((row) => row[name]) }));
  return { size: chunk.length, timesMs, timeValues: null, badTimes: null, cells, totals: null };
}

/** The rows of a history that are kept, read in batches from `readFromMs` on. */
function collect(options: CollectorOptions & { readonly readFromMs?: number; readonly seenFromMs?: number } = {}) {
  const { readFromMs = 0, seenFromMs = null } = options;
  const reader = historyReader(definition, {}, ['ts', 'sensor', 'level', 'unused'], seenFromMs);
  const collector = new HistoryCollector(reader, options);
  const read = rows.filter(({ ts }) => ts >= readFromMs);
  collector.totalRows = rows.filter(({ ts }) => ts >= (options.wantedFromMs ?? 0)).length;
  for (let start = 0; start < read.length; start += 70) {
    const batch = batchOf(reader.columns, read.slice(start, start + 70));
    collector.add(batch, batch.timesMs);
  }
  const { table, timesMs } = atOnce(collector.rowsWithin(-Infinity, Infinity));
  const { numeric, numericWidth } = table.rows(0, table.size);
  const features = [...timesMs.keys()].map((i) => [...numeric.subarray(i * numericWidth, (i + 1) * numericWidth)]);
  return { columns: reader.columns, features, times: [...timesMs], days: collector.days() };
}

/** Features of every row, computed by a scorer whose stream began with the first. */
function scored(): number[][] {
  const entity = entityOf(definition)!;
  const windows = new EntityWindows({ schema: definition.features, lookups: {}, entity, seenFromMs: rows[0]!.ts });
  const offsets = Float64Array.from(rows, (_, i) => i);
  const { numeric, numericWidth } = createRecordReader(definition.features, {}).read(
    rows.map((row) => ({ ...row })),
    windows.batch(offsets),
  ).table;
  return rows.map((_, i) => [...numeric.subarray(i * numericWidth, (i + 1) * numericWidth)]);
}

describe('a history with windows', () => {
  it('reads the columns of the features and the key, and no others', () => {
    expect(collect().columns).toEqual([
      { name: 'sensor', asName: true },
      { name: 'level', asName: false },
    ]);
  });

  it('has the features that the scorer computes, from the first wanted row on', () => {
    const options = { fromMs: 4_000_000, wantedFromMs: 4_000_000, readFromMs: 3_940_000, seenFromMs: 3_940_000 };
    const { features, times } = collect(options);
    expect(times).toEqual(rows.slice(400).map(({ ts }) => ts));
    expect(features).toEqual(scored().slice(400));
  });

  it('has no row whose windows have not seen their whole duration', () => {
    const { features, times } = collect({ fillMs: longestWindowMs(definition) });
    expect(times).toEqual(rows.slice(6).map(({ ts }) => ts));
    expect(features.flat().some((value) => Number.isNaN(value))).toBe(false);
  });

  it('counts the rows of the whole range, those that only fill windows included', () => {
    const { days } = collect({ fillMs: longestWindowMs(definition) });
    expect(days).toEqual([{ startMs: 0, rows: rows.length, firstMs: 0, lastMs: 11_990_000 }]);
  });

  it('is thinned evenly after its windows have seen every row', () => {
    const { features, times } = collect({ maxRows: 1000 });
    expect(times).toHaveLength(1000);
    expect(new Set(times).size).toBe(1000);
    const all = scored();
    expect(features).toEqual(times.map((time) => all[time / 10_000]));
    const halves = times.filter((time) => time < 6_000_000).length;
    expect(halves).toBe(500);
  });

  it('is thinned to random rows by a seed, so that sensors that report in turn are all kept', () => {
    const { times } = collect({ maxRows: 400, seed: 1 });
    expect(times.map((time) => Math.floor(time / 30_000))).toEqual(Array.from({ length: 400 }, (_, k) => k));
    const counts = [0, 1, 2].map((sensor) => times.filter((time) => (time / 10_000) % 3 === sensor).length);
    for (const count of counts) expect(Math.abs(count - 400 / 3)).toBeLessThan(40);
    expect(collect({ maxRows: 400, seed: 1 }).times).toEqual(times);
    expect(collect({ maxRows: 400, seed: 2 }).times).not.toEqual(times);
  });
});

describe('a history without windows', () => {
  const plain = { ...definition, features: definition.features.slice(0, 1) };
  const collected = (order: readonly Record<string, unknown>[]) => {
    const reader = historyReader(plain, {}, ['ts', 'sensor', 'level'], null);
    const collector = new HistoryCollector(reader);
    for (let start = 0; start < order.length; start += 70) {
      const batch = batchOf(reader.columns, order.slice(start, start + 70));
      collector.add(batch, batch.timesMs);
    }
    const days = collector.days();
    const { table, timesMs, rowsRead } = atOnce(collector.rowsWithin(1_000_000, 10_000_000));
    return { days, times: [...timesMs], levels: [...table.rows(0, table.size).numeric], rowsRead };
  };

  it('is the same in whatever order its rows are read', () => {
    const days = rows.map((row, i) => ({ ...row, ts: i * 3_000_000 }));
    for (const each of [rows, days])
      expect(collected(each.toSorted((a, b) => a.level - b.level))).toEqual(collected(each));
  });

  it('keeps rows of one time in the order in which they are read', () => {
    const tied = rows.map((row, i) => ({ ...row, ts: 2_000_000 + (i % 2) }));
    const [even, odd] = [0, 1].map((rest) => tied.filter((_, i) => i % 2 === rest).map(({ level }) => level));
    expect(collected(tied).levels).toEqual([...even!, ...odd!]);
  });
});
