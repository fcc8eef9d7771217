import { statement } from '../statement.ts';

/**
 * Stores which definition, model and alpha score a detector; `since` is the time of their last
 * change.
 */
export const upsertScoring = statement<
  [
    detector: string,
    detectorVersion: number,
    modelVersion: number | null,
    alpha: number | null,
    alphaNote: string | null,
    faultCode: string | null,
    faultReason: string | null,
    faultRemedy: string | null,
  ],
  never
>(`
  INSERT INTO flowline.detectors_in_force AS known
    (detector, detector_version, model_version, alpha, alpha_note, fault_code, fault_reason, fault_remedy, since, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), now())
  ON CONFLICT (detector) DO UPDATE SET
    since = CASE WHEN (known.detector_version, known.model_version, known.alpha)
      IS NOT DISTINCT FROM (excluded.detector_version, excluded.model_version, excluded.alpha) THEN known.since ELSE now() END,
    detector_version = excluded.detector_version, model_version = excluded.model_version, alpha = excluded.alpha,
    alpha_note = excluded.alpha_note, fault_code = excluded.fault_code, fault_reason = excluded.fault_reason,
    fault_remedy = excluded.fault_remedy, seen_at = now()
`);
