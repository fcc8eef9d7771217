import { absenceLookMs, type AbsencePolicy, absenceStepMs } from '@flowline/alerts';
import { Arrivals, databaseTimeMs, MAX_WATCHED, watchAbsences, type WatchedStream } from '@flowline/db';
import type { KafkaSource } from '@flowline/kafka';
import { type Logger, type Metrics, pause } from '@flowline/telemetry';

import type { ProcessParts } from '../process-parts.ts';
import { ReadingEnds } from './reading-ends.ts';

/** Shortest and longest time between two looks. */
const MIN_EVERY_MS = 250;
const MAX_EVERY_MS = 10_000;
const WARN_EVERY_MS = 60_000;

/** Parts of the watch of one run. */
export interface AbsenceWatchParts extends Pick<ProcessParts, 'db' | 'logger' | 'metrics'> {
  readonly stream: WatchedStream;
  readonly source: Pick<KafkaSource, 'lag' | 'inFlight'>;
}

/** Looks regularly for absences until the signal. A look that fails is left out. */
export async function watchForAbsences(parts: AbsenceWatchParts, signal: AbortSignal): Promise<void> {
  const { stream, logger } = parts;
  const { detector, policy } = stream;
  const everyMs = Math.min(MAX_EVERY_MS, Math.max(MIN_EVERY_MS, absenceLookMs(policy)));
  const ends = new ReadingEnds();
  let failures = 0;
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    try {
      await lookOnce(parts, ends);
      failures = 0;
    } catch (err) {
      if (failures++ === 0)
        logger.warn({ detector, err }, 'absences cannot be looked for; nothing is absent meanwhile');
    }
  }
}

async function lookOnce({ db, logger, metrics, stream, source }: AbsenceWatchParts, ends: ReadingEnds): Promise<void> {
  const { detector, topic } = stream;
  // By the clock that notes arrivals: that of this process may have stood still.
  const atMs = await databaseTimeMs(db);
  const lags = await source.lag();
  const report = await watchAbsences(db, stream, ends.look(lags, source.inFlight, atMs));
  if (report.absent > 0) metrics.absences.inc({ detector }, report.absent);
  if (report.absent + report.back > 0) logger.info({ detector, topic, ...report }, 'absences');
}

/** Creates the notes of arrivals that the watch of absences reads. */
export function absenceArrivals(policy: AbsencePolicy, detector: string, logger: Logger, metrics: Metrics): Arrivals {
  let warnedMs = -Infinity;
  return new Arrivals({
    per: policy.per,
    stepMs: absenceStepMs(policy),
    onLimit: (refused) => {
      metrics.entitiesUnwatched.inc({ detector }, refused);
      if (performance.now() - warnedMs < WARN_EVERY_MS) return;
      warnedMs = performance.now();
      const remedy = 'Shorten alerts.absence.forgetAfter, so that entities that have gone make room for new ones.';
      logger.warn(
        { detector, refused, remedy },
        `the absence of ${MAX_WATCHED.toLocaleString('en')} entities is watched: that of others is not`,
      );
    },
  });
}
