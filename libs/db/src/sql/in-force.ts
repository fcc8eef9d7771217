import { statement } from '../statement.ts';

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
export const selectInForce = statement<[detector: string], InForceRow>(`
  SELECT detector_version AS "detectorVersion", model_version AS "modelVersion", alpha, alpha_note AS "alphaNote", since,
         seen_at AS "seenAt", extract(epoch FROM now() - seen_at)::float8 AS "seenSecondsAgo",
         fault_code AS "faultCode", fault_reason AS "faultReason", fault_remedy AS "faultRemedy",
         held_version AS "heldVersion", held_code AS "heldCode", held_reason AS "heldReason",
         held_remedy AS "heldRemedy", held_at AS "heldAt"
  FROM flowline.detectors_in_force WHERE detector = $1
`);
