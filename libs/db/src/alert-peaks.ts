import { type Alert, type Anomaly, entry } from '@flowline/events';

/** The most surprising anomaly of each alert, as far as a batch has come. */
export class AlertPeaks {
  readonly #peaks: Map<string, Alert>;

  /** @param stored peaks before the batch, by alert. */
  constructor(stored: ReadonlyMap<string, Alert>) {
    this.#peaks = new Map(stored);
  }

  /** Notes an anomaly of an alert. */
  add(alertId: string, { alert }: Anomaly): void {
    const peak = this.#peaks.get(alertId);
    if (peak !== undefined && alert.score.surpriseBits <= peak.score.surpriseBits) return;
    this.#peaks.set(alertId, { ...alert, alertId });
  }

  /** Peak of an alert that has anomalies. */
  of(alertId: string): Alert {
    return entry(this.#peaks, alertId);
  }
}
