import { type Alert, type Anomaly } from '@flowline/events';

/**
 * The most surprising anomaly of each alert, as far as a batch has come. Those of earlier batches
 * are known by their surprise alone: they stay where they are stored.
 */
export class AlertPeaks {
  readonly #bits: Map<string, number>;
  readonly #peaks = new Map<string, Alert>();

  /** @param stored surprise of the peaks before the batch, in bits, by alert. */
  constructor(stored: ReadonlyMap<string, number>) {
    this.#bits = new Map(stored);
  }

  /** Notes an anomaly of an alert. */
  add(alertId: string, { alert }: Anomaly): void {
    const { surpriseBits } = alert.score;
    const bits = this.#bits.get(alertId);
    if (bits !== undefined && surpriseBits <= bits) return;
    this.#bits.set(alertId, surpriseBits);
    this.#peaks.set(alertId, { ...alert, alertId });
  }

  /** Peak of an alert; null if it is one of an earlier batch. */
  of(alertId: string): Alert | null {
    return this.#peaks.get(alertId) ?? null;
  }
}
