import { at, blocksOf, type EventBatch, type ScoredBatch, type Steps, type ValuesInForce } from '@flowline/events';

import { BinaryCopy } from './binary-copy.ts';
import { isRoundable, markExact, type Rounding, roundingOf, type RowPrecision } from './rounding.ts';
import type { InSample } from './sampling.ts';
import { EVENT_SCORE_FIELDS } from './sql/scored-events.ts';

/** Feature values of one version of a detector. */
type FeatureValues = Omit<ValuesInForce, 'rows' | 'detectorVersion'>;

/** Bytes of a row without its values and event id, rounded up. */
const ROW_BYTES = 160;

/** Fields that are encoded in one step, a millisecond or so, and those of a row without values. */
const [STEP_FIELDS, ROW_FIELDS] = [8_192, 8];

/** Bits of a row's flags; the p-value's method is counted from bit 2 on. */
const ANOMALY = 1;
const IN_SAMPLE = 2;
const METHOD = { empirical: 4, tail: 8, floor: 12 } as const;

/** Ids of the sources of a batch's events. */
export interface SourceIds {
  readonly own: number;
  /** Source of events stored with values of the definition in force. */
  readonly inForce: number;
}

/** Selection and precision of a batch's rows. */
export interface RowOptions {
  readonly inSample: InSample;
  readonly precision: RowPrecision;
}

/** Encoded rows of a batch that are kept. */
export interface KeptRows {
  readonly copy: BinaryCopy;
  /** Number of kept rows before a row of the batch. */
  readonly before: (row: number) => number;
}

/**
 * Encodes the scored events of a batch, in order and in steps: every anomaly, and other events if
 * they are in the sample.
 */
export function* scoredEventRows(batch: ScoredBatch, sources: SourceIds, options: RowOptions): Steps<KeptRows> {
  const anomalous = new Uint8Array(batch.size);
  for (const { row } of batch.anomalies) anomalous[row] = 1;
  const copy = eventCopy(batch);
  const isCompact = options.precision === 'compact';
  const rounding = isCompact && batch.numericSpreads !== undefined ? roundingOf(batch.numericSpreads) : null;
  const kept = new Uint8Array(batch.size);
  const rows: RowsToWrite = { ...sources, inSample: options.inSample, isCompact, rounding, anomalous, kept };
  for (const [start, end] of blocksOf(batch.size, stepRows(batch))) {
    for (let row = start; row < end; row++) writeScored(copy, batch, row, rows);
    yield;
  }
  return { copy, before: (row) => kept.subarray(0, row).reduce((count, one) => count + one, 0) };
}

/** Parts of the rows of a batch. */
interface RowsToWrite extends SourceIds {
  readonly inSample: InSample;
  readonly isCompact: boolean;
  readonly rounding: Rounding | null;
  /** 1 for each anomaly. */
  readonly anomalous: Uint8Array;
  /** Receives 1 for each row that is kept. */
  readonly kept: Uint8Array;
}

function writeScored(copy: BinaryCopy, batch: ScoredBatch, row: number, rows: RowsToWrite): void {
  const sampled = rows.inSample(at(batch.offsets, row));
  const isAnomaly = rows.anomalous[row] === 1;
  if (!sampled && !isAnomaly) return;
  rows.kept[row] = 1;
  const { valuesInForce } = batch;
  const rowInForce = valuesInForce === null ? -1 : at(valuesInForce.rows, row);
  const flags = (isAnomaly ? ANOMALY : 0) + (sampled ? IN_SAMPLE : 0) + METHOD[at(batch.pMethods, row)];
  beginEvent(copy, batch, row, { source: rowInForce < 0 ? rows.own : rows.inForce, flags });
  writeScore(copy, batch, row, rows.isCompact);
  if (valuesInForce === null || rowInForce < 0) writeValues(copy, batch, row, rows.rounding);
  else writeValues(copy, valuesInForce, rowInForce, null);
  writeEntity(copy, batch, row);
}

/** Encodes all events of a batch that has no model yet, exactly and in steps. */
export function* collectedEventRows(batch: EventBatch, source: number): Steps<KeptRows> {
  const copy = eventCopy(batch);
  for (const [start, end] of blocksOf(batch.size, stepRows(batch))) {
    for (let row = start; row < end; row++) {
      beginEvent(copy, batch, row, { source, flags: IN_SAMPLE }).null().null().null().null();
      writeValues(copy, batch, row, null);
      writeEntity(copy, batch, row);
    }
    yield;
  }
  return { copy, before: (row) => row };
}

/** Rows of a batch that are encoded in one step. */
const stepRows = ({ numericWidth, levelWidth }: EventBatch): number =>
  Math.max(1, Math.floor(STEP_FIELDS / (ROW_FIELDS + numericWidth + levelWidth)));

/** Creates a buffer sized for the events of a batch. */
function eventCopy({ size, numericWidth, levelWidth }: EventBatch): BinaryCopy {
  return new BinaryCopy(size * (ROW_BYTES + 12 * numericWidth + 16 * levelWidth));
}

function beginEvent(
  copy: BinaryCopy,
  batch: EventBatch,
  row: number,
  { source, flags }: { readonly source: number; readonly flags: number },
): BinaryCopy {
  return copy
    .startRow(EVENT_SCORE_FIELDS)
    .int32(source)
    .int64(at(batch.offsets, row))
    .text(at(batch.eventIds, row))
    .timestamp(at(batch.eventTimesMs, row))
    .int16(flags);
}

/** Writes log-density and p-value: exactly, then compactly; one of the two is null. */
function writeScore(copy: BinaryCopy, { logDensityNats, pValues }: ScoredBatch, row: number, isCompact: boolean): void {
  const logDensity = at(logDensityNats, row);
  const pValue = at(pValues, row);
  if (!isCompact) {
    copy.float8(logDensity).float8(pValue).null().null();
  } else if (isRoundable(pValue)) {
    copy.null().null().float4(logDensity).float4(pValue);
  } else {
    copy.null().float8(pValue).float4(logDensity).null();
  }
}

/**
 * Writes numbers and levels: numbers that rounding would move too far exactly, the others
 * compactly. Without rounding all are exact. A list without entries is null.
 */
function writeValues(
  copy: BinaryCopy,
  { numeric, numericWidth, levels, levelWidth }: FeatureValues,
  row: number,
  rounding: Rounding | null,
): void {
  writeNumbers(copy, numeric, row * numericWidth, numericWidth, rounding);
  if (levelWidth === 0) copy.null();
  else copy.textArray(levels, row * levelWidth, levelWidth);
}

function writeNumbers(
  copy: BinaryCopy,
  numbers: Float64Array,
  start: number,
  width: number,
  rounding: Rounding | null,
): void {
  if (width === 0) copy.null().null();
  else if (rounding === null) copy.float8Array(numbers, start, width).null();
  else {
    const { marks } = rounding;
    const exact = markExact(numbers, start, rounding);
    if (exact === 0) copy.null().float4Array(numbers, start, width);
    else if (exact === width) copy.float8Array(numbers, start, width).null();
    else copy.float8Array(numbers, start, width, marks, 1).float4Array(numbers, start, width, marks, 0);
  }
}

/** Writes the last field of an event's row. */
function writeEntity(copy: BinaryCopy, { entities }: EventBatch, row: number): void {
  copy.text(entities === null ? null : at(entities.names, row));
}
