import type pg from 'pg';

import type { Database } from './database.ts';
import {
  countEventsSinceTraining,
  insertDriftDay,
  insertDriftFeatures,
  type ReferenceFeatureRow,
  selectPValuesOfDay,
  selectRecalibrationDue,
  selectReferenceDays,
  selectReferenceFeatures,
  selectRowsOfDay,
  selectUncheckedDays,
} from './sql/drift.ts';
import { lockDetector } from './sql/detectors.ts';
import { insertTrainingRequest, selectOpenTrainingRun } from './sql/training-requests.ts';
import type { RunKind } from './sql/training-runs.ts';
import { withTransaction } from './transaction.ts';

/** Maximum p-values that are read of a day. */
const MAXIMUM_READ = 50_000;
/** Days of a model with which its later ones are compared. */
const REFERENCE_DAYS = 7;

/** UTC day on which a model scored. */
export interface ScoredDay {
  readonly detector: string;
  readonly modelVersion: number;
  /** Such as `2026-11-27`. */
  readonly day: string;
  /** Events that the model scored. */
  readonly events: number;
}

/** Comparison of the p-values of a day with those of the first days of its model. */
export interface DriftDay extends ScoredDay {
  /** Number of p-values compared. */
  readonly compared: number;
  readonly stride: number;
  readonly referenceDays: number;
  /** Decimal logarithm. */
  readonly evidence: number;
  readonly drifted: boolean;
  /** Counts of the compared p-values in cells of [0, 1]. */
  readonly histogram: Float64Array;
  /** Features in descending order of their change; empty if none could be compared. */
  readonly features: readonly DriftFeature[];
}

/** Comparison of the PITs of a kind of a feature on a day with those of the first days. */
export interface DriftFeature {
  readonly feature: string;
  /** Given the rest of the event, or by itself. */
  readonly pit: 'conditional' | 'marginal';
  readonly compared: number;
  readonly stride: number;
  /** Decimal logarithm. */
  readonly evidence: number;
  readonly drifted: boolean;
  readonly change: string | null;
  readonly distance: number;
  readonly meanPit: number | null;
  readonly missingShare: number;
  /** Counts of the compared PITs in cells of [0, 1]. */
  readonly histogram: ArrayLike<number>;
}

/** Lists the days of a model that are over and were not checked for drift, the oldest first. */
export async function uncheckedDays(db: Database, detector: string, modelVersion: number): Promise<ScoredDay[]> {
  const model = { detector, modelVersion };
  const days = await withTransaction(db, (client) => selectUncheckedDays(client, model), { readOnly: true });
  return days.map((day) => ({ ...model, ...day }));
}

/**
 * Reads p-values of a day, at most about 50,000 drawn at random, in the order of the stream, and
 * the histograms of the first days of the model before it.
 */
export async function readDriftDay(
  db: Database,
  { detector, modelVersion, day, events }: ScoredDay,
): Promise<{ readonly pValues: Float64Array; readonly reference: readonly (readonly number[])[] }> {
  const ofDay = { detector, modelVersion, day };
  const share = Math.min(1, MAXIMUM_READ / events);
  const read = async (client: pg.PoolClient) => {
    const values = await selectPValuesOfDay(client, { ...ofDay, share });
    const days = await selectReferenceDays(client, { ...ofDay, days: REFERENCE_DAYS });
    return {
      pValues: Float64Array.from(values, ({ pValue }) => pValue),
      reference: days.map(({ histogram }) => histogram),
    };
  };
  return withTransaction(db, read, { readOnly: true });
}

/** Events of a day as a model read them, in the order of the stream. */
export interface DayRows {
  /** Numbers of each event, in schema order; null for a missing one. */
  readonly numbers: readonly (readonly (number | null)[])[];
  readonly levels: readonly (readonly (string | null)[])[];
  /** Features of the first days of the model before it, as they were compared. */
  readonly reference: ReadonlyMap<string, readonly ReferenceFeatureRow[]>;
}

/**
 * Reads events of a day, about `most` drawn at random, and the features of the first days of the
 * model.
 */
export async function readDriftRows(
  db: Database,
  { detector, modelVersion, day, events }: ScoredDay,
  most: number,
): Promise<DayRows> {
  const ofDay = { detector, modelVersion, day };
  const read = async (client: pg.PoolClient): Promise<DayRows> => {
    const rows = await selectRowsOfDay(client, { ...ofDay, share: Math.min(1, most / events) });
    const stored = await selectReferenceFeatures(client, { ...ofDay, days: REFERENCE_DAYS });
    const reference = new Map<string, ReferenceFeatureRow[]>();
    for (const row of stored) reference.set(row.feature, [...(reference.get(row.feature) ?? []), row]);
    return { numbers: rows.map(({ numbers }) => numbers), levels: rows.map(({ levels }) => levels), reference };
  };
  return withTransaction(db, read, { readOnly: true });
}

/** Result of {@link storeDriftDay}. */
export interface StoredDriftDay {
  /** False if another trainer has checked the day. */
  readonly stored: boolean;
  /** Id of the training that it requests; null for none. */
  readonly requestedRun: number | null;
}

/**
 * Stores the check of a day, once, and in the same transaction requests a training if the day has
 * drifted and that is `wanted`; none if a run of the detector waits or runs.
 */
export async function storeDriftDay(db: Database, day: DriftDay, wanted: boolean): Promise<StoredDriftDay> {
  return withTransaction(db, async (client) => {
    const inserted = await insertDriftDay(client, { ...day, histogram: [...day.histogram] });
    if (inserted === null) return { stored: false, requestedRun: null };
    const features = day.features.map((each, i) => ({ ...each, place: i + 1, histogram: Array.from(each.histogram) }));
    await insertDriftFeatures(client, { ...day, features: JSON.stringify(features) });
    return {
      stored: true,
      requestedRun: wanted && day.drifted ? await requestFor(client, day.detector, { requestedBy: 'drift' }) : null,
    };
  });
}

/**
 * Requests a training if models have scored at least `newRows` events since the last one began.
 * @returns the id of the run; null if they have not, or a run waits or runs.
 */
export async function requestForNewRows(db: Database, detector: string, newRows: number): Promise<number | null> {
  return withTransaction(db, async (client) => {
    const { events } = await countEventsSinceTraining(client, { detector });
    return events < newRows ? null : requestFor(client, detector, { requestedBy: 'new rows' });
  });
}

/**
 * Requests a recalibration if the champion and the last recalibration are at least `everyMs` old.
 * @returns the id of the run; null if they are not, there is no champion, or a run waits or runs.
 */
export async function requestRecalibration(db: Database, detector: string, everyMs: number): Promise<number | null> {
  return withTransaction(db, async (client) => {
    const { due } = await selectRecalibrationDue(client, { detector, everyMs });
    return due ? requestFor(client, detector, { requestedBy: 'schedule', kind: 'recalibration' }) : null;
  });
}

/** Requests a training; null if a run of the detector waits or runs, or it is deleted. */
async function requestFor(
  client: pg.PoolClient,
  detector: string,
  { requestedBy, kind = 'training' }: { readonly requestedBy: string; readonly kind?: RunKind },
): Promise<number | null> {
  const found = await lockDetector(client, { detector });
  if (found === null) return null;
  if ((await selectOpenTrainingRun(client, { detector })) !== null) return null;
  const request = { detector, detectorVersion: found.version, kind, promotion: null, requestedBy };
  return (await insertTrainingRequest(client, request)).runId;
}
