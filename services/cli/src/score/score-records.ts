import { type Detector, surpriseBits } from '@flowline/detector';
import { createFileReader, type FileReader } from './file-reader.ts';

import type { FileRecord } from './read-records.ts';
import type { ScoredRow } from './write-scores.ts';

/** Rows scored at once: wide enough for the kernels, little enough to stream. */
export const BATCH_ROWS = 4096;

/** Scores records as they arrive, in their order: every record gives exactly one row, a score or what was wrong with it. */
export async function* scoreRecords(
  records: AsyncIterable<FileRecord>,
  detector: Detector,
  explain: boolean,
): AsyncGenerator<readonly ScoredRow[]> {
  const reader = createFileReader(detector.bundle);
  let batch: FileRecord[] = [];
  for await (const record of records) {
    if (batch.push(record) < BATCH_ROWS) continue;
    yield await scoreBatch(batch, reader, detector, explain);
    batch = [];
  }
  if (batch.length > 0) yield await scoreBatch(batch, reader, detector, explain);
}

async function scoreBatch(
  batch: readonly FileRecord[],
  reader: FileReader,
  detector: Detector,
  explain: boolean,
): Promise<readonly ScoredRow[]> {
  const rows = new Map<number, ScoredRow>();
  const readable = batch.flatMap((record) => {
    if ('value' in record) return [record];
    rows.set(record.row, { row: record.row, error: record.fault });
    return [];
  });
  const { table, accepted, faults } = reader(readable.map(({ value }) => value));
  for (const { index, reason, message } of faults) {
    const row = readable[index]?.row ?? NaN;
    rows.set(row, { row, error: { reason, message } });
  }
  const scores = await detector.score(table);
  const anomalies = Array.from(accepted.keys()).filter((i) => (scores.pValues[i] ?? NaN) <= detector.alpha);
  const explanations = explain ? await detector.explain(table, anomalies, scores) : [];
  const summaries = new Map(explanations.map(({ summary }, i) => [anomalies[i] ?? NaN, summary]));
  const anomalous = new Set(anomalies);
  accepted.forEach((index, i) => {
    const row = readable[index]?.row ?? NaN;
    const pValue = scores.pValues[i] ?? NaN;
    const summary = summaries.get(i);
    rows.set(row, {
      row,
      logDensityNats: scores.logDensityNats[i] ?? NaN,
      pValue,
      surpriseBits: surpriseBits(pValue),
      anomaly: anomalous.has(i),
      ...(summary === undefined ? {} : { summary }),
    });
  });
  return batch.flatMap(({ row }) => rows.get(row) ?? []);
}
