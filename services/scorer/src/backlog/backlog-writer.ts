import type { DetectorDefinition } from '@flowline/config';
import { type Database, writeOutBacklog, type WrittenPiece } from '@flowline/db';
import { unpackAnomalies } from '@flowline/detector';

import { alertAddress } from '../alerts/open-alerts.ts';
import type { AlertsChoice } from '../arguments.ts';
import type { AnomalyRules } from '../steps/apply-rules.ts';

/**
 * Writes out the backlog of a detector's anomalies piece by piece, by the rules of the moment at
 * which they are written.
 */
export function backlogWriter(
  db: Database,
  definition: DetectorDefinition,
  { rules, alerts }: { readonly rules: AnomalyRules; readonly alerts: AlertsChoice },
): () => Promise<WrittenPiece | null> {
  const { name: detector } = definition;
  return () =>
    writeOutBacklog(db, {
      detector,
      unpack: (packed) => {
        const batch = unpackAnomalies(packed);
        return { ...batch, anomalies: batch.anomalies.map((anomaly) => rules.applyTo(anomaly)) };
      },
      alerting: (topic) => alertAddress(alerts, definition, topic),
    });
}
