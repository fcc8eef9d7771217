import { type Detector, type Scores, surpriseBits } from '@flowline/detector';
import { at, type Explanation, isAnomalous, Numeral, turn } from '@flowline/events';
import { type Fault, type FeatureTable, rowValues } from '@flowline/features';

import { eventFault, fieldReader } from './event-fault.ts';
import type { EventNames } from './event-names.ts';
import { createFileReader, type FileReader } from './file-reader.ts';
import type { FileRecord } from './file-record.ts';
import type { EventExplanation, RowNames, ScoredRow } from './scored-row.ts';

/** Rows scored at once: enough for the kernels, few enough to stream. */
export const BATCH_ROWS = 4096;

/** Options of {@link scoreRecords}. */
export interface ScoreOptions {
  readonly names: EventNames;
  /**
   * `anomalies` adds the summary and the observed values to each anomaly, `every` adds the whole
   * explanation to each event.
   */
  readonly explain: 'nothing' | 'anomalies' | 'every';
  /** Rejects with its reason between two batches, and between two explanations of `every`. */
  readonly signal?: AbortSignal | undefined;
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
  const { names } = options;
  const parts = {
    ...{ reader: createFileReader(detector.bundle), faultOf: eventFault(names), namesOf: namesReader(names) },
    ...{ detector, options },
  };
  let batch: FileRecord[] = [];
  for await (const record of records) {
    if (batch.push(record) < BATCH_ROWS) continue;
    yield await scoreBatch(batch, parts);
    batch = [];
  }
  if (batch.length > 0) yield await scoreBatch(batch, parts);
}

interface Scoring {
  readonly reader: FileReader;
  readonly faultOf: (record: unknown) => Fault | null;
  readonly namesOf: NamesReader;
  readonly detector: Detector;
  readonly options: ScoreOptions;
}

async function scoreBatch(
  batch: readonly FileRecord[],
  { reader, faultOf, namesOf, detector, options: { explain, signal } }: Scoring,
): Promise<readonly ScoredRow[]> {
  const rows = new Map<number, ScoredRow>();
  const refuse = (row: number, value: unknown, { reason, message }: ScoreFault): [] => {
    rows.set(row, { row, ...namesOf(value), entity: null, error: { reason, message } });
    return [];
  };
  const readable = batch.flatMap((record) => {
    if (!('value' in record)) return refuse(record.row, null, record.fault);
    const fault = faultOf(record.value);
    return fault === null ? [record] : refuse(record.row, record.value, fault);
  });
  const { table, accepted, faults, entities } = reader(readable.map(({ value }) => value));
  for (const fault of faults) {
    const { row, value } = at(readable, fault.index);
    refuse(row, value, fault);
  }
  signal?.throwIfAborted();
  const scores = await detector.score(table);
  const anomalies = Array.from(accepted.keys()).filter((i) => isAnomalous(at(scores.pValues, i), detector.alpha));
  const why = new Map(await explained(detector, table, { anomalies, scores, explain, signal }));
  const anomalous = new Set(anomalies);
  accepted.forEach((index, i) => {
    const { row, value } = at(readable, index);
    const pValue = at(scores.pValues, i);
    rows.set(row, {
      row,
      ...namesOf(value),
      entity: entities?.[i] ?? null,
      logDensityNats: at(scores.logDensityNats, i),
      pValue,
      surpriseBits: surpriseBits(pValue),
      anomaly: anomalous.has(i),
      ...why.get(i),
    });
  });
  return batch.flatMap(({ row }) => rows.get(row) ?? []);
}

interface Explained {
  readonly anomalies: readonly number[];
  readonly scores: Scores;
  readonly explain: ScoreOptions['explain'];
  readonly signal: AbortSignal | undefined;
}

/** Explanations by row: of the anomalies, or of every row. */
async function explained(
  detector: Detector,
  table: FeatureTable,
  { anomalies, scores, explain, signal }: Explained,
): Promise<(readonly [number, EventExplanation])[]> {
  if (explain === 'nothing') return [];
  const rows = explain === 'every' ? Array.from({ length: table.size }, (_, row) => row) : anomalies;
  const explanations =
    explain === 'every'
      ? await explainedFully(detector, table, { rows, scores, signal })
      : await detector.explain(table, rows, scores);
  return explanations.map((explanation, i) => {
    const row = at(rows, i);
    const { summary } = explanation;
    const observed = rowValues(detector.bundle.schema, table, row);
    return [row, explain === 'every' ? { summary, observed, explanation } : { summary, observed }];
  });
}

/** Explanations of rows: at once, or, with a signal, one at a time. */
async function explainedFully(
  detector: Detector,
  table: FeatureTable,
  { rows, scores, signal }: { readonly rows: readonly number[] } & Pick<Explained, 'scores' | 'signal'>,
): Promise<readonly Explanation[]> {
  if (signal === undefined) return detector.explainFully(table, rows, scores);
  const found: Explanation[] = [];
  for (const row of rows) {
    await turn(signal);
    found.push(...(await detector.explainFully(table, [row], scores)));
  }
  return found;
}

interface ScoreFault {
  readonly reason: string;
  readonly message: string;
}

type NamesReader = (record: unknown) => Pick<RowNames, 'time' | 'id'>;

function namesReader({ time, id }: EventNames): NamesReader {
  const [timeAt, idAt] = [fieldReaderOf(time?.field ?? null), fieldReaderOf(id)];
  return (record) => ({ time: textOf(timeAt(record)), id: textOf(idAt(record)) });
}

const fieldReaderOf = (field: string | null): ((record: unknown) => unknown) =>
  field === null ? () => null : fieldReader(field);

/** Text of a field in its original spelling; null if it has none. */
function textOf(value: unknown): string | null {
  if (value instanceof Numeral) return value.text;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
