import { execute, maybe, one } from '../statement.ts';

/** Last reported scoring state of a detector, and the model that is held back. */
export interface InForceRow {
  readonly detectorVersion: number | null;
  readonly modelVersion: number | null;
  readonly alpha: number | null;
  readonly alphaNote: string | null;
  readonly since: Date | null;
  readonly seenAt: Date | null;
  /** Seconds since a scorer last reported, by the clock of the database; null if none ever did. */
  readonly seenSecondsAgo: number | null;
  readonly faultCode: string | null;
  readonly faultReason: string | null;
  readonly faultRemedy: string | null;
  readonly heldVersion: number | null;
  readonly heldCode: string | null;
  readonly heldReason: string | null;
  readonly heldRemedy: string | null;
  readonly heldAt: Date | null;
}

/** Selects the scoring state of a detector. */
export const selectInForce = maybe<InForceRow, { detector: string }>(`
  SELECT detector_version AS "detectorVersion", model_version AS "modelVersion", alpha,
         alpha_note AS "alphaNote", since, seen_at AS "seenAt",
         extract(epoch FROM now() - seen_at)::float8 AS "seenSecondsAgo",
         fault_code AS "faultCode", fault_reason AS "faultReason", fault_remedy AS "faultRemedy",
         held_version AS "heldVersion", held_code AS "heldCode", held_reason AS "heldReason",
         held_remedy AS "heldRemedy", held_at AS "heldAt"
  FROM flowline.detectors_in_force WHERE detector = :detector
`);

/**
 * Stores which definition, model and alpha score a detector; `since` is the time of their last
 * change.
 */
export const upsertScoring = execute<{
  detector: string;
  detectorVersion: number;
  modelVersion: number | null;
  alpha: number | null;
  alphaNote: string | null;
  faultCode: string | null;
  faultReason: string | null;
  faultRemedy: string | null;
}>(`
  INSERT INTO flowline.detectors_in_force AS known
    (detector, detector_version, model_version, alpha, alpha_note, fault_code, fault_reason, fault_remedy,
     since, seen_at)
  VALUES (:detector, :detectorVersion, :modelVersion, :alpha, :alphaNote, :faultCode, :faultReason, :faultRemedy,
    now(), now())
  ON CONFLICT (detector) DO UPDATE SET
    since = CASE WHEN (known.detector_version, known.model_version, known.alpha)
      IS NOT DISTINCT FROM (excluded.detector_version, excluded.model_version, excluded.alpha)
      THEN known.since ELSE now() END,
    detector_version = excluded.detector_version, model_version = excluded.model_version, alpha = excluded.alpha,
    alpha_note = excluded.alpha_note, fault_code = excluded.fault_code, fault_reason = excluded.fault_reason,
    fault_remedy = excluded.fault_remedy, seen_at = now()
`);

/** Stores which model version is held back and why; all null if none is. */
export const upsertHeld = execute<{
  detector: string;
  version: number | null;
  code: string | null;
  reason: string | null;
  remedy: string | null;
}>(`
  INSERT INTO flowline.detectors_in_force (detector, held_version, held_code, held_reason, held_remedy, held_at)
  VALUES (:detector, :version, :code, :reason, :remedy, CASE WHEN :version::integer IS NULL THEN NULL ELSE now() END)
  ON CONFLICT (detector) DO UPDATE SET held_version = excluded.held_version, held_code = excluded.held_code,
    held_reason = excluded.held_reason, held_remedy = excluded.held_remedy, held_at = excluded.held_at
`);

/** Alarms of a detector: expected by the alpha in force at scoring, and measured. */
export interface AlarmRateRow {
  readonly events: number;
  readonly expected: number;
  readonly measured: number;
}

/** Sums a detector's alarms over the last `days` UTC days, including today. */
export const selectAlarmRate = one<AlarmRateRow, { detector: string; days: number }>(`
  SELECT coalesce(sum(events), 0)::float8 AS events, coalesce(sum(expected), 0) AS expected,
         coalesce(sum(measured), 0)::float8 AS measured
  FROM flowline.v1_alert_rate_daily
  WHERE detector = :detector AND day > (now() AT TIME ZONE 'UTC')::date - :days::integer
`);
