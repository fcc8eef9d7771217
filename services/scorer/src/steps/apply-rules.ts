import type { Anomaly } from '@flowline/events';

import type { ExplainedEvents } from './explain.ts';

/** Rules and calendars that decide which anomalies are part of alerts. */
export interface AnomalyRules {
  /** The anomaly with its verdict, by the rules of the moment. */
  readonly applyTo: (anomaly: Anomaly) => Anomaly;
  /**
   * Latest start of a silence that has lasted `forMs` at `untilMs`, the times of calendars that
   * suppress alerts left out; null if there is none.
   */
  readonly silentSince: (untilMs: number, forMs: number, entity: string | null) => number | null;
}

/** Rules of a run that has none: every anomaly is part of an alert. */
export const noRules: AnomalyRules = {
  applyTo: (anomaly) => anomaly,
  silentSince: (untilMs, forMs) => untilMs - forMs,
};

/** Gives the anomalies of a batch their verdicts. */
export const applyRules =
  (rules: AnomalyRules): ((batch: ExplainedEvents) => ExplainedEvents) =>
  (batch) => {
    const { anomalies } = batch.scored;
    if (anomalies.length === 0) return batch;
    return { ...batch, scored: { ...batch.scored, anomalies: anomalies.map((anomaly) => rules.applyTo(anomaly)) } };
  };
