import type { CommitReport } from '@flowline/events';
import type { Logger } from '@flowline/telemetry';

/** Records after which the share of duplicates is looked at. */
const RECORDS = 1_000;
/** Share of duplicates that no producer's retries explain. */
const SUSPICIOUS = 0.5;
const WARN_EVERY_MS = 3_600_000;

/**
 * Warns when most records are duplicates: then `source.eventId` hardly names an id of events, but
 * that of a sensor or a customer, and events are left out that ought to be scored.
 */
export class RepeatedIds {
  readonly #logger: Logger;
  #records = 0;
  #duplicates = 0;
  #warnedMs = -Infinity;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Counts the records of a stored batch. */
  note(
    { report: { stored, deadLetters, duplicates = 0 } }: { readonly report: CommitReport },
    nowMs = performance.now(),
  ): void {
    this.#duplicates += duplicates;
    this.#records += stored + deadLetters + duplicates;
    if (this.#records < RECORDS) return;
    const [records, repeats] = [this.#records, this.#duplicates];
    this.#records = 0;
    this.#duplicates = 0;
    if (repeats < SUSPICIOUS * records || nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = nowMs;
    this.#logger.warn(
      {
        ...{ records, duplicates: repeats },
        remedy: 'Name a field that no two events share, or leave source.eventId out.',
      },
      'most records are duplicates, which are not scored: does source.eventId identify events?',
    );
  }
}
