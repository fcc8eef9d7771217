import type { Anomaly } from '@flowline/events';

import type { ExplainedEvents } from './explain.ts';

/** Rules and calendars that decide which anomalies are part of alerts. */
export interface AnomalyRules {
  /** The anomaly with its verdict, by the rules of the moment. */
  readonly applyTo: (anomaly: Anomaly) => Anomaly;
}

/** Rules of a run that has none: every anomaly is part of an alert. */
export const noRules: AnomalyRules = { applyTo: (anomaly) => anomaly };

/** Gives the anomalies of a batch their verdicts. */
export const applyRules =
  (rules: AnomalyRules): ((batch: ExplainedEvents) => ExplainedEvents) =>
  (batch) => {
    const { anomalies } = batch.scored;
    if (anomalies.length === 0) return batch;
    return { ...batch, scored: { ...batch.scored, anomalies: anomalies.map((anomaly) => rules.applyTo(anomaly)) } };
  };
