import { absenceLookMs } from '@flowline/alerts';
import type { AbsenceOptions } from '@flowline/config';
import { Arrivals, databaseTimeMs, MAX_WATCHED, watchAbsences, type WatchedStream } from '@flowline/db';
import type { KafkaSource } from '@flowline/kafka';
import { pause } from '@flowline/telemetry';

import type { ProcessParts } from '../process-parts.ts';
import type { AbsenceInForce } from './absence-in-force.ts';
import { ReadingEnds } from './reading-ends.ts';

/** Shortest and longest time between two looks. */
const MIN_EVERY_MS = 250;
const MAX_EVERY_MS = 10_000;
/** Time after which intervals that are to be learned are looked for again. */
const MIN_UNWATCHED_MS = 1_000;
const WARN_EVERY_MS = 60_000;

/** Parts of the watch of one run. */
export interface AbsenceWatchParts extends Pick<ProcessParts, 'db' | 'logger' | 'metrics'> {
  readonly stream: Omit<WatchedStream, 'policy'>;
  readonly absence: Pick<AbsenceInForce, 'policy' | 'refresh'>;
  readonly source: Pick<KafkaSource, 'lag' | 'inFlight'>;
}

/** Looks regularly for absences until the signal. A look that fails is left out. */
export async function watchForAbsences(parts: AbsenceWatchParts, signal: AbortSignal): Promise<void> {
  const { stream, absence, logger } = parts;
  const { detector } = stream;
  const ends = new ReadingEnds();
  let failures = 0;
  for (;;) {
    const { policy } = absence;
    const wantedMs = policy == null ? MIN_UNWATCHED_MS : absenceLookMs(policy);
    await pause(Math.min(MAX_EVERY_MS, Math.max(MIN_EVERY_MS, wantedMs)), signal);
    if (signal.aborted) return;
    try {
      await absence.refresh();
      await lookOnce(parts, ends);
      failures = 0;
    } catch (err) {
      if (failures++ === 0)
        logger.warn({ detector, err }, 'absences cannot be looked for; nothing is absent meanwhile');
    }
  }
}

async function lookOnce(
  { db, logger, metrics, stream, absence, source }: AbsenceWatchParts,
  ends: ReadingEnds,
): Promise<void> {
  const { detector, topic } = stream;
  const { policy } = absence;
  if (policy == null) return;
  // By the clock that notes arrivals: that of this process may have stood still.
  const atMs = await databaseTimeMs(db);
  const lags = await source.lag();
  const report = await watchAbsences(db, { ...stream, policy }, ends.look(lags, source.inFlight, atMs));
  if (report.absent > 0) metrics.absences.inc({ detector }, report.absent);
  if (report.absent + report.back > 0) logger.info({ detector, topic, ...report }, 'absences');
}

/** Creates the notes of arrivals that the watch of absences reads. */
export function absenceArrivals(
  { per }: Pick<AbsenceOptions, 'per'>,
  absence: AbsenceInForce,
  detector: string,
  { logger, metrics }: Pick<ProcessParts, 'logger' | 'metrics'>,
): Arrivals {
  let warnedMs = -Infinity;
  return new Arrivals({
    per,
    stepMs: () => absence.stepMs(),
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
