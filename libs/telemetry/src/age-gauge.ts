import { Gauge, type Registry } from 'prom-client';

/** Seconds since a time that is set per detector, computed whenever the metrics are read. */
export class AgeGauge {
  readonly #sinceMs = new Map<string, number>();

  constructor(name: string, help: string, registers: Registry[]) {
    const sinceMs = this.#sinceMs;
    new Gauge({
      ...{ name, help, registers, labelNames: ['detector'] },
      collect() {
        for (const [detector, ms] of sinceMs) this.set({ detector }, (Date.now() - ms) / 1000);
      },
    });
  }

  /** Sets the time that the age of a detector counts from. */
  since(detector: string, time: Date): void {
    this.#sinceMs.set(detector, time.getTime());
  }
}
