import {
  championVersions,
  type Database,
  readDriftDay,
  type ScoredDay,
  storeDriftDay,
  uncheckedDays,
} from '@flowline/db';
import { driftOfDay } from '@flowline/detector';
import { DAY_MS } from '@flowline/events';
import { Random } from '@flowline/flows';
import { type Logger, type Metrics, pause } from '@flowline/telemetry';

/** A detector whose days are checked. */
export interface DriftingDetector {
  readonly name: string;
  /** True if a training is requested when a day has drifted. */
  readonly trains: boolean;
}

/** Environment of the checks. */
export interface DriftCheckParts {
  readonly db: Database;
  /** Lists the active detectors. */
  readonly list: () => Promise<readonly DriftingDetector[]>;
  readonly metrics: Pick<Metrics, 'driftEvidence'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const EVERY_MS = 600_000;

/**
 * Checks each day of the champions for drift of its p-values once it is over, until the signal. A
 * failure is logged and repeated.
 */
export async function checkDrift(parts: DriftCheckParts): Promise<void> {
  const { db, list, logger, signal, everyMs = EVERY_MS } = parts;
  while (!signal.aborted) {
    try {
      const champions = await championVersions(db);
      for (const detector of await list()) {
        const version = champions.get(detector.name);
        if (version === undefined) continue;
        for (const day of await uncheckedDays(db, detector.name, version)) {
          await checkDay(parts, day, detector.trains);
        }
      }
    } catch (err) {
      logger.warn({ err }, 'drift cannot be checked; trying again');
    }
    await pause(everyMs, signal);
  }
}

async function checkDay({ db, metrics, logger }: DriftCheckParts, day: ScoredDay, trains: boolean): Promise<void> {
  const { pValues, reference } = await readDriftDay(db, day);
  const found = driftOfDay(pValues, reference, new Random(seedOf(day)));
  const checked = { ...day, ...found, referenceDays: reference.length };
  const { stored, requestedRun } = await storeDriftDay(db, checked, trains);
  if (!stored) return;
  const { detector, modelVersion, day: date } = day;
  const { evidence, drifted, compared } = found;
  metrics.driftEvidence.set({ detector }, evidence);
  const fields = { detector, modelVersion, day: date, evidence, compared, requestedRun };
  if (drifted) logger.warn(fields, 'the p-values of the day have drifted from those of the first days of the model');
  else logger.info(fields, 'the p-values of the day have not drifted');
}

/** Seed by which ties are broken: the same for a day, whoever checks it. */
const seedOf = ({ day, modelVersion }: ScoredDay): number =>
  modelVersion * 100_000 + Date.parse(`${day}T00:00:00Z`) / DAY_MS;
