import { at, type EventBatch, type ScoredBatch, type ValuesInForce } from '@flowline/events';

import { BinaryCopy } from './binary-copy.ts';
import { isRoundable, markExact, type Rounding, roundingOf, type RowPrecision } from './rounding.ts';
import type { InSample } from './sampling.ts';
import { EVENT_SCORE_FIELDS } from './sql/scored-events.ts';

/** Feature values of one version of a detector. */
type FeatureValues = Omit<ValuesInForce, 'rows' | 'detectorVersion'>;

/** Bytes of a row without its values and event id, rounded up. */
const ROW_BYTES = 160;

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
 * Encodes the scored events of a batch, in order: every anomaly, and other events if they are in
 * the sample.
 */
export function scoredEventRows(
  batch: ScoredBatch,
  { own, inForce }: SourceIds,
  { inSample, precision }: RowOptions,
): KeptRows {
  const anomalous = new Uint8Array(batch.size);
  for (const { row } of batch.anomalies) anomalous[row] = 1;
  const copy = eventCopy(batch);
  const { valuesInForce, numericSpreads } = batch;
  const isCompact = precision === 'compact';
  const rounding = isCompact && numericSpreads !== undefined ? roundingOf(numericSpreads) : null;
  const kept = new Uint8Array(batch.size);
  for (let row = 0; row < batch.size; row++) {
    const sampled = inSample(at(batch.offsets, row));
    if (!sampled && anomalous[row] !== 1) continue;
    kept[row] = 1;
    const rowInForce = valuesInForce === null ? -1 : at(valuesInForce.rows, row);
    const flags = (anomalous[row] === 1 ? ANOMALY : 0) + (sampled ? IN_SAMPLE : 0) + METHOD[at(batch.pMethods, row)];
    beginEvent(copy, batch, row, { source: rowInForce < 0 ? own : inForce, flags });
    writeScore(copy, batch, row, isCompact);
    if (valuesInForce === null || rowInForce < 0) writeValues(copy, batch, row, rounding);
    else writeValues(copy, valuesInForce, rowInForce, null);
    writeEntity(copy, batch, row);
  }
  return { copy, before: (row) => kept.subarray(0, row).reduce((count, one) => count + one, 0) };
}

/** Encodes all events of a batch that has no model yet, exactly. */
export function collectedEventRows(batch: EventBatch, source: number): KeptRows {
  const copy = eventCopy(batch);
  for (let row = 0; row < batch.size; row++) {
    beginEvent(copy, batch, row, { source, flags: IN_SAMPLE }).null().null().null().null();
    writeValues(copy, batch, row, null);
    writeEntity(copy, batch, row);
  }
  return { copy, before: (row) => row };
}

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
