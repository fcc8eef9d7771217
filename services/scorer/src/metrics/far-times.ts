import { at, DAY_MS } from '@flowline/events';
import type { Logger, Metrics } from '@flowline/telemetry';

const AHEAD_MS = DAY_MS;
const BEHIND_MS = 366 * DAY_MS;
/** Interval between two warnings, so that a replay of old events does not warn with every batch. */
const WARN_EVERY_MS = 3_600_000;

/** Times of a batch's events, in milliseconds since the epoch, and their ids. */
export interface TimedEvents {
  readonly eventTimesMs: Float64Array;
  readonly eventIds: readonly string[];
}

/**
 * Reports events whose time is more than a day ahead of now or more than a year behind: a wrong
 * clock, or a wrong unit. They are scored like all others, but excluded from training.
 */
export class FarTimes {
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
  note({ eventTimesMs, eventIds }: TimedEvents, nowMs = Date.now()): void {
    const isFar = (timeMs: number): boolean => timeMs - nowMs > AHEAD_MS || timeMs - nowMs < -BEHIND_MS;
    const first = eventTimesMs.findIndex(isFar);
    if (first < 0) return;
    const events = eventTimesMs.filter(isFar).length;
    this.#metrics.eventsFarFromNow.inc({ detector: this.#detector }, events);
    this.#events += events;
    if (nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    const eventTime = new Date(at(eventTimesMs, first)).toISOString();
    this.#logger.warn(
      { events: this.#events, eventId: eventIds[first], eventTime },
      'event times are far from now: check the clock and source.time.unit',
    );
    this.#events = 0;
    this.#warnedMs = nowMs;
  }
}
