import {
  championVersions,
  type Database,
  readDriftDay,
  type ScoredDay,
  storeDriftDay,
  uncheckedDays,
} from '@flowline/db';
import { driftOfDay, type ModelBundle } from '@flowline/detector';
import { DAY_MS } from '@flowline/events';
import { Random } from '@flowline/flows';
import type { Logger, Metrics } from '@flowline/telemetry';

import { driftOfRows } from './drift-of-rows.ts';
import { poll } from './poll.ts';
import { readChampion } from './read-champion.ts';

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
  readonly metrics: Pick<Metrics, 'driftEvidence' | 'driftedFeatures'>;
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
  await poll({ everyMs, logger, signal, failure: 'drift cannot be checked' }, async () => {
    const champions = await championVersions(db);
    for (const detector of await list()) {
      const version = champions.get(detector.name);
      if (version === undefined) continue;
      const days = await uncheckedDays(db, detector.name, version);
      if (days.length > 0) await checkDays(parts, days, detector);
    }
  });
}

/** Checks days of the champion of a detector, unless another has become it meanwhile. */
async function checkDays(parts: DriftCheckParts, days: readonly ScoredDay[], { name, trains }: DriftingDetector) {
  const champion = await readChampion(parts.db, parts.logger, name);
  for (const day of days) {
    if (parts.signal.aborted || champion?.version !== day.modelVersion) return;
    await checkDay(parts, day, { bundle: champion.bundle, trains });
  }
}

/** Without a bundle, which another release has written, the p-values alone are compared. */
async function checkDay(
  { db, metrics, logger }: DriftCheckParts,
  day: ScoredDay,
  { bundle, trains }: { readonly bundle: ModelBundle | null; readonly trains: boolean },
): Promise<void> {
  const { pValues, reference } = await readDriftDay(db, day);
  const random = new Random(seedOf(day));
  const found = driftOfDay(pValues, reference, random);
  const features = bundle === null ? [] : await driftOfRows(db, day, bundle, random);
  const checked = { ...day, ...found, referenceDays: reference.length, features };
  const { stored, requestedRun } = await storeDriftDay(db, checked, trains);
  if (!stored) return;
  const { detector, modelVersion, day: date } = day;
  const { evidence, drifted, compared } = found;
  const moved = features.filter((feature) => feature.drifted);
  metrics.driftEvidence.set({ detector }, evidence);
  metrics.driftedFeatures.set({ detector }, new Set(moved.map(({ feature }) => feature)).size);
  const words = moved.map(({ feature, pit, change }) => `${feature} (${pit}): ${change}`);
  const fields = { detector, modelVersion, day: date, evidence, compared, moved: words, requestedRun };
  if (drifted) logger.warn(fields, 'the p-values of the day have drifted from those of the first days of the model');
  else logger.info(fields, 'the p-values of the day have not drifted');
}

/** Seed by which ties are broken: the same for a day, whoever checks it. */
const seedOf = ({ day, modelVersion }: ScoredDay): number =>
  modelVersion * 100_000 + Date.parse(`${day}T00:00:00Z`) / DAY_MS;
