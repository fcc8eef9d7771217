import {
  at,
  type Alert,
  alertId,
  type Anomaly,
  type BatchEntities,
  type DeadLetter,
  type ScoredBatch,
  type StoredWindows,
  type ValuesInForce,
  type WindowSnapshot,
} from '@flowline/events';

/** Options of a test batch. Offsets default to first, first + 1, … */
export interface BatchOptions {
  readonly detector?: string;
  readonly topic?: string;
  readonly topicId?: string;
  readonly partition?: number;
  readonly first?: number;
  readonly size?: number;
  readonly offsets?: readonly number[];
  readonly nextOffset?: number;
  readonly modelVersion?: number;
  /** Default 0. */
  readonly fromOffset?: number;
  /** Rows that are anomalies. */
  readonly anomalies?: readonly number[];
  /** Offsets of records that could not be scored. */
  readonly deadLetters?: readonly number[];
  readonly eventIds?: readonly string[];
  readonly entities?: BatchEntities;
  readonly valuesInForce?: ValuesInForce;
}

/** Snapshot of the whole state of windows, or one that follows another. */
export function windowsAt(
  nextOffset: number,
  id = 'w',
  { follows = null, keepFrom = nextOffset }: Partial<Pick<WindowSnapshot, 'follows' | 'keepFrom'>> = {},
): WindowSnapshot {
  const pieces = [Buffer.of(nextOffset, 0, 255), Buffer.of(1)].map((bytes) => ({ nextOffset, bytes }));
  return { id, nextOffset, token: `${id} at ${nextOffset}`, pieces, follows, keepFrom, limits: [] };
}

/** Part of a snapshot that Postgres has. */
export const storedFrom = ({ id, nextOffset, token, pieces }: WindowSnapshot): StoredWindows => ({
  ...{ id, nextOffset, token, pieces },
});

export const EVENT_EPOCH_MS = Date.UTC(2026, 0, 1);

/**
 * Makes a batch like the scorer's: two numeric features and one level, with a missing value in
 * every third row.
 */
export function scoredBatch(options: BatchOptions = {}): ScoredBatch {
  const { detector = 'checkout', topic = 'orders', partition = 0, first = 0 } = options;
  const offsets = Float64Array.from(
    options.offsets ?? Array.from({ length: options.size ?? 3 }, (_, row) => first + row),
  );
  const size = offsets.length;
  const letters = (options.deadLetters ?? []).map((offset): DeadLetter => deadLetter(offset));
  const end = Math.max(first, ...offsets, ...letters.map((letter) => letter.offset)) + 1;
  const rows = Array.from({ length: size }, (_, row) => row);
  const eventIds = options.eventIds ?? rows.map((row) => `event-${at(offsets, row)}`);
  const batch: ScoredBatch = {
    detector,
    detectorVersion: 1,
    modelVersion: options.modelVersion ?? 1,
    alpha: 0.001,
    topic,
    topicId: options.topicId ?? null,
    partition,
    fromOffset: options.fromOffset ?? 0,
    nextOffset: options.nextOffset ?? end,
    lastRecordTimeMs: EVENT_EPOCH_MS + end,
    size,
    offsets,
    eventIds,
    eventTimesMs: offsets.map((offset) => EVENT_EPOCH_MS + offset * 1_000),
    entities: options.entities ?? null,
    valuesInForce: options.valuesInForce ?? null,
    numeric: Float64Array.from(rows.flatMap((row) => [row % 3 === 2 ? NaN : row + 0.5, -row])),
    numericWidth: 2,
    levels: rows.map((row) => (row % 3 === 2 ? null : `level ${row}`)),
    levelWidth: 1,
    logDensityNats: Float64Array.from(rows, (row) => -row),
    pValues: Float64Array.from(rows, (row) => 1 / (row + 1)),
    pMethods: rows.map(() => 'empirical'),
    anomalies: [],
    deadLetters: letters,
    recordAt: (offset) => ({
      ...{ offset, key: Buffer.from(`key ${offset}`), value: Buffer.from(`{"offset":${offset}}`) },
      ...{ headers: { trace: `t-${offset}` }, timestampMs: EVENT_EPOCH_MS + offset },
    }),
  };
  return { ...batch, anomalies: (options.anomalies ?? []).map((row) => anomaly(batch, row)) };
}

/** Batch of anomalies, of which those of `rows` are stored before their explanation. */
export function deferring(size: number, rows: readonly number[], options: BatchOptions = {}): ScoredBatch {
  const batch = scoredBatch({ size, anomalies: Array.from({ length: size }, (_, row) => row), ...options });
  const late = {
    ...{ contributions: [], expected: {}, nearestNormal: null, summary: '19.9 bits; the explanation follows' },
    explanation: 'deferred',
  } as const;
  const anomalies = batch.anomalies.map((each) =>
    rows.includes(each.row) ? { ...each, alert: { ...each.alert, ...late } } : each,
  );
  return { ...batch, anomalies };
}

function deadLetter(offset: number): DeadLetter {
  return {
    offset,
    reason: 'not_json',
    field: null,
    message: 'the value is not JSON: found "{"',
    key: null,
    value: Buffer.from([0x7b, 0x00, 0xff]),
    headers: { trace: `t-${offset}` },
    timestampMs: EVENT_EPOCH_MS,
  };
}

function anomaly(batch: ScoredBatch, row: number): Anomaly {
  const offset = at(batch.offsets, row);
  const alert: Alert = {
    alertId: alertId(batch.detector, batch.topic, batch.partition, offset, 'opened', 0, batch.topicId),
    detector: batch.detector,
    reason: 'low_density',
    score: { pValue: 1e-6, pMethod: 'tail', alpha: 0.001, surpriseBits: 19.9, logDensityNats: -row },
    observed: { latency_ms: 9120, amount: null },
    expected: { latency_ms: { median: 200, p05: 95, p95: 420 } },
    contributions: [{ feature: 'latency_ms', bits: 18.9, direction: 'high' }],
    nearestNormal: { latency_ms: 400 },
    summary: 'latency_ms 9120, expected 95–420 given the rest (18.9 bits; the event 19.9)',
    explanation: 'complete',
    model: { version: batch.modelVersion, family: 'realNVP', trainedRows: 1000 },
    event: {
      topic: batch.topic,
      partition: batch.partition,
      offset,
      id: at(batch.eventIds, row),
      time: new Date(at(batch.eventTimesMs, row)).toISOString(),
      entity: batch.entities?.names[row] ?? null,
    },
  };
  return { row, reason: 'low_density', alert };
}
