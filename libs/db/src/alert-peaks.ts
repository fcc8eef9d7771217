import { type Alert, type Anomaly, entry } from '@flowline/events';

/** The most surprising anomaly of each alert, as far as a batch has come. */
export class AlertPeaks {
  readonly #peaks: Map<string, Alert>;
  readonly #changed = new Set<string>();

  /** @param stored peaks before the batch, by alert. */
  constructor(stored: ReadonlyMap<string, Alert>) {
    this.#peaks = new Map(stored);
  }

  /** Notes an anomaly of an alert. */
  add(alertId: string, { alert }: Anomaly): void {
    const peak = this.#peaks.get(alertId);
    if (peak !== undefined && alert.score.surpriseBits <= peak.score.surpriseBits) return;
    this.#peaks.set(alertId, { ...alert, alertId });
    this.#changed.add(alertId);
  }

  /** Peak of an alert that has anomalies. */
  of(alertId: string): Alert {
    return entry(this.#peaks, alertId);
  }

  /** Peak of an alert if the batch has changed it; null otherwise. */
  changedOf(alertId: string): Alert | null {
    return this.#changed.has(alertId) ? this.of(alertId) : null;
  }
}
