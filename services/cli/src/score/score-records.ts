import { type Detector, isAnomalous, surpriseBits } from '@flowline/detector';
import { at, Numeral } from '@flowline/events';
import { rowValues } from '@flowline/features';

import { createFileReader, type FileReader } from './file-reader.ts';
import type { FileRecord } from './read-records.ts';
import type { RowNames, ScoredRow } from './write-scores.ts';

/** Rows scored at once: enough for the kernels, few enough to stream. */
export const BATCH_ROWS = 4096;

/** The (dotted) fields that identify an event; null if unknown. */
export interface EventNames {
  readonly time: string | null;
  readonly id: string | null;
}

/** Options of {@link scoreRecords}. */
export interface ScoreOptions {
  readonly names: EventNames;
  /** Adds the summary and the observed values to each anomaly. */
  readonly explain: boolean;
}

/**
 * Scores records as they arrive, in order. Every record yields exactly one row, with a score or a
 * fault.
 */
export async function* scoreRecords(
  records: AsyncIterable<FileRecord>,
  detector: Detector,
  options: ScoreOptions,
): AsyncGenerator<readonly ScoredRow[]> {
  const reader = createFileReader(detector.bundle);
  let batch: FileRecord[] = [];
  for await (const record of records) {
    if (batch.push(record) < BATCH_ROWS) continue;
    yield await scoreBatch(batch, reader, detector, options);
    batch = [];
  }
  if (batch.length > 0) yield await scoreBatch(batch, reader, detector, options);
}

async function scoreBatch(
  batch: readonly FileRecord[],
  reader: FileReader,
  detector: Detector,
  { names, explain }: ScoreOptions,
): Promise<readonly ScoredRow[]> {
  const rows = new Map<number, ScoredRow>();
  const readable = batch.flatMap((record) => {
    if ('value' in record) return [record];
    rows.set(record.row, { row: record.row, time: null, id: null, entity: null, error: record.fault });
    return [];
  });
  const { table, accepted, faults, entities } = reader(readable.map(({ value }) => value));
  for (const { index, reason, message } of faults) {
    const { row = NaN, value = null } = readable[index] ?? {};
    rows.set(row, { row, ...namesOf(value, names), entity: null, error: { reason, message } });
  }
  const scores = await detector.score(table);
  const anomalies = Array.from(accepted.keys()).filter((i) => isAnomalous(at(scores.pValues, i), detector.alpha));
  const explanations = explain ? await detector.explain(table, anomalies, scores) : [];
  const { schema } = detector.bundle;
  const why = new Map(
    explanations.map(({ summary }, i) => {
      const row = anomalies[i] ?? NaN;
      return [row, { summary, observed: rowValues(schema, table, row) }];
    }),
  );
  const anomalous = new Set(anomalies);
  accepted.forEach((index, i) => {
    const { row = NaN, value = null } = readable[index] ?? {};
    const pValue = scores.pValues[i] ?? NaN;
    rows.set(row, {
      row,
      ...namesOf(value, names),
      entity: entities?.[i] ?? null,
      logDensityNats: scores.logDensityNats[i] ?? NaN,
      pValue,
      surpriseBits: surpriseBits(pValue),
      anomaly: anomalous.has(i),
      ...why.get(i),
    });
  });
  return batch.flatMap(({ row }) => rows.get(row) ?? []);
}

function namesOf(record: unknown, { time, id }: EventNames): Pick<RowNames, 'time' | 'id'> {
  return { time: textAt(record, time), id: textAt(record, id) };
}

/** Text of a field in its original spelling; null if it has none. */
function textAt(record: unknown, field: string | null): string | null {
  if (field === null) return null;
  let value = record;
  for (const part of field.split('.')) {
    const isNode: boolean = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    if (!isNode) return null;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  if (value instanceof Numeral) return value.text;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
