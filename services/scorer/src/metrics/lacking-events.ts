import type { Logger, Metrics } from '@flowline/telemetry';

import type { CommittedEvents } from '../steps/commit.ts';

/** Interval between two warnings: a producer that omits a new field does so again and again. */
const WARN_EVERY_MS = 3_600_000;

/**
 * Counts scored events that are history for the definition in force, and reports those that it
 * cannot read.
 */
export class LackingEvents {
  readonly #detector: string;
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  #events = 0;
  #warnedMs = -Infinity;

  constructor(detector: string, metrics: Metrics, logger: Logger) {
    this.#detector = detector;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  /** Checks a stored batch. */
  note({ inForce, scored, report }: Pick<CommittedEvents, 'inForce' | 'scored' | 'report'>, nowMs = Date.now()): void {
    const { valuesInForce } = scored;
    if (inForce === null || valuesInForce === null || report.alreadyStored > 0) return;
    const lacking = valuesInForce.rows.filter((row) => row < 0).length;
    this.#metrics.eventsCollected.inc({ detector: this.#detector }, scored.size - lacking);
    this.#events += lacking;
    if (lacking === 0 || nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    const example = inForce.events.deadLetters.find(({ offset }) => scored.offsets.includes(offset));
    this.#logger.warn(
      { events: this.#events, detectorVersion: inForce.detectorVersion, example: example?.message ?? null },
      'the definition in force cannot read some events: they are scored, but are no history for its next model',
    );
    this.#events = 0;
    this.#warnedMs = nowMs;
  }
}
