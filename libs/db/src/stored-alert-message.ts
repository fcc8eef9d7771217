import {
  absenceAlertMessage,
  type AlertMessage,
  anomalyAlertMessage,
  stormAlertMessage,
  type Transition,
} from '@flowline/alerts';

import type { AlertPeakRow } from './sql/alerts.ts';

/** Builds the message about a transition of a stored alert; null if the alert shows nothing. */
export function storedAlertMessage(
  detector: string,
  { fingerprint, entity, peak, storm, absence }: AlertPeakRow,
  transition: Transition,
): AlertMessage | null {
  if (peak !== null) return anomalyAlertMessage(fingerprint, transition, peak);
  if (absence !== null) return absenceAlertMessage({ detector, entity }, fingerprint, transition, absence);
  return storm === null ? null : stormAlertMessage(detector, fingerprint, transition, storm);
}
