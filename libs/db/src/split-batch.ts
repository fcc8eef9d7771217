import type { AnomalyBacklog, BatchDiscoveries, DeadLetter, EventBatch, ScoredBatch } from '@flowline/events';

import { discoveriesFrom } from './discoveries.ts';
import { firstRowBeyond } from './fence.ts';
import { idsOfRefused, splitIds } from './split-ids.ts';

/** Offsets of a batch's records, in order: its events, its dead letters and its repeats. */
export function offsetsOf({ offsets, size, deadLetters, ids }: EventBatch): readonly number[] {
  const others = [...deadLetters, ...(ids?.duplicates ?? [])];
  return [...offsets.subarray(0, size), ...others.map(({ offset }) => offset)].sort((a, b) => a - b);
}

/**
 * Splits a batch into the records before an offset and those from it on. Storing both in order has
 * the same result as storing the whole.
 */
export function splitBatch<B extends EventBatch | ScoredBatch>(batch: B, offset: number): readonly [B, B] {
  const row = firstRowBeyond(batch, offset);
  const before = offsetsOf(batch).findLast((candidate) => candidate < offset);
  const { entities, recordAt } = batch;
  const [idsBefore, idsAfter] = batch.ids === undefined ? [] : splitIds(batch.ids, offset);
  return [
    {
      ...batch,
      ...rowsOf(batch, 0, row),
      nextOffset: offset,
      lastRecordTimeMs: before === undefined ? null : recordAt(before).timestampMs,
      // The windows are in their state after the second part.
      entities: entities && { ...entities, names: entities.names.slice(0, row), seen: [], windows: null },
      deadLetters: batch.deadLetters.filter((letter) => letter.offset < offset),
      ...(idsBefore === undefined ? {} : { ids: idsBefore }),
    },
    {
      ...batch,
      ...rowsOf(batch, row, batch.size),
      fromOffset: offset,
      entities: entities && { ...entities, names: entities.names.slice(row) },
      deadLetters: batch.deadLetters.filter((letter) => letter.offset >= offset),
      ...(idsAfter === undefined ? {} : { ids: idsAfter }),
    },
  ];
}

/** Converts a batch of one record to a batch with this dead letter. */
export function asDeadLetter<B extends EventBatch | ScoredBatch>(batch: B, letter: DeadLetter): B {
  return {
    ...batch,
    ...rowsOf(batch, 0, 0),
    entities: batch.entities && { ...batch.entities, names: [] },
    deadLetters: [letter],
    // The event was tested, and is no discovery.
    ...('discoveries' in batch
      ? { discoveries: { ...discoveriesOf(batch.discoveries, batch.pValues, 0, 0), refused: batch.size } }
      : {}),
    ...(batch.ids === undefined ? {} : { ids: idsOfRefused(batch.ids) }),
  };
}

/** Columns of the rows [start, end). */
function rowsOf(batch: EventBatch | ScoredBatch, start: number, end: number): Partial<ScoredBatch> {
  const { numericWidth, levelWidth } = batch;
  const events = {
    size: end - start,
    offsets: batch.offsets.subarray(start, end),
    eventIds: batch.eventIds.slice(start, end),
    eventTimesMs: batch.eventTimesMs.subarray(start, end),
    numeric: batch.numeric.subarray(start * numericWidth, end * numericWidth),
    levels: batch.levels.slice(start * levelWidth, end * levelWidth),
  };
  if (!('pValues' in batch)) return events;
  return {
    ...events,
    logDensityNats: batch.logDensityNats.subarray(start, end),
    pValues: batch.pValues.subarray(start, end),
    pMethods: batch.pMethods.slice(start, end),
    valuesInForce: batch.valuesInForce && {
      ...batch.valuesInForce,
      rows: batch.valuesInForce.rows.subarray(start, end),
    },
    anomalies: batch.anomalies
      .filter(({ row }) => row >= start && row < end)
      .map((anomaly) => ({ ...anomaly, row: anomaly.row - start })),
    ...(batch.discoveries === undefined
      ? {}
      : { discoveries: discoveriesOf(batch.discoveries, batch.pValues, start, end) }),
    ...(batch.backlog === undefined ? {} : { backlog: backlogOf(batch.backlog, start, end) }),
  };
}

/** Tests of the rows [start, end). */
function discoveriesOf(
  discoveries: BatchDiscoveries,
  pValues: Float64Array,
  start: number,
  end: number,
): BatchDiscoveries {
  const thresholds = discoveries.thresholds.subarray(start, end);
  return { ...discoveries, ...discoveriesFrom(discoveries, pValues, start), thresholds };
}

/** Backlog of the rows [start, end), by their place among these. */
function backlogOf({ rows, pack }: AnomalyBacklog, start: number, end: number): AnomalyBacklog {
  return {
    rows: rows.filter((row) => row >= start && row < end).map((row) => row - start),
    pack: (own) => pack(own.map((row) => row + start)),
  };
}
