import { entityOf, parseDetector } from '@flowline/config';
import { createRecordReader, EntityWindows } from '@flowline/features';
import { describe, expect, it } from '@jest/globals';

import { historyReading } from './history-chunks.ts';

const definitionWith = (maxRows: number) =>
  parseDetector(
    `apiVersion: flowline/v1
kind: Detector
metadata: { name: sensors }
spec:
  source: { kafka: { topic: readings }, time: { field: ts, unit: ms }, key: [sensor] }
  history: { query: "select 1", maxRows: ${maxRows} }
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

/** The wanted rows as the trainer reads them: from the start of the range, in chunks. */
function readFrom(fromMs: number, maxRows: number) {
  const wanted = rows.filter(({ ts }) => ts >= fromMs).length;
  const from = new Date(fromMs);
  const { range, read } = historyReading(definitionWith(maxRows), {}, { from, rows: wanted });
  const asked = rows.filter(({ ts }) => ts >= (range.from?.getTime() ?? 0));
  const features: number[][] = [];
  const times: number[] = [];
  for (let start = 0; start < asked.length; start += 70) {
    const chunk = asked.slice(start, start + 70);
    const { table, timesMs } = read(
      chunk.map((row) => ({ ...row })),
      Float64Array.from(chunk, ({ ts }) => ts),
    );
    const { numeric, numericWidth, size } = table;
    for (let row = 0; row < size; row++) {
      features.push([...numeric.subarray(row * numericWidth, (row + 1) * numericWidth)]);
    }
    times.push(...timesMs);
  }
  return { range, features, times };
}

/** Features of every row, computed by a scorer whose stream began with the first. */
function scored(): number[][] {
  const definition = definitionWith(1000);
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
  it('has the features that the scorer computes, from the first wanted row on', () => {
    const { range, features, times } = readFrom(4_000_000, 1_000_000);
    expect(range).toEqual({ from: new Date(3_940_000) }); // a minute earlier: the longest window
    expect(times).toEqual(rows.slice(400).map(({ ts }) => ts));
    expect(features).toEqual(scored().slice(400));
  });

  it('has no value of a window that reaches beyond its first row', () => {
    const { features, times } = readFrom(0, 1_000_000);
    const means = features.map((row) => row[2] ?? NaN);
    const known = times.filter((_, i) => !Number.isNaN(means[i]));
    expect([known[0], known.length]).toEqual([60_000, rows.length - 6]);
  });

  it('is thinned evenly after its windows have seen every row', () => {
    const { features, times } = readFrom(0, 1000);
    expect(times).toHaveLength(1000);
    expect(new Set(times).size).toBe(1000);
    const all = scored();
    expect(features).toEqual(times.map((time) => all[time / 10_000]));
    const halves = times.filter((time) => time < 6_000_000).length;
    expect(halves).toBe(500);
  });
});
