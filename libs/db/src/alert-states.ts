import {
  type AlertKind,
  type AlertLife,
  type AlertPolicy,
  type AlertRules,
  dueAt,
  type Storm,
  stormPolicy,
  stormSummary,
} from '@flowline/alerts';
import type { Alert } from '@flowline/events';

import { jsonText } from './json-text.ts';
import { type AlertStateRow, NEVER_DUE, type StoredAbsence, type StoredStorm } from './sql/alerts.ts';

/** Place of an alert: what all alerts of a source's partition have in common. */
export interface AlertPlace {
  readonly detector: string;
  readonly topic: string;
  readonly partition: number;
}

/** Alert as it is stored after a batch. */
export interface StoredAlert {
  readonly fingerprint: string;
  readonly kind: AlertKind;
  readonly entity: string | null;
  readonly feature: string | null;
  readonly life: AlertLife;
  readonly isLatest: boolean;
  /** Its most surprising anomaly; null for a storm, or for the one that is stored already. */
  readonly peak: Alert | null;
  readonly storm: Pick<Storm, 'byFeature' | 'worst'> | null;
  /** The silence that it is about, if it is about one. */
  readonly absence?: StoredAbsence;
  /** True if the clock resolves it, and no event time (default false). */
  readonly isWatched?: boolean;
}

/** Converts a row to the life of its alert. */
export function lifeOf(row: AlertStateRow): AlertLife {
  const { alertId, phase, count, peakBits, severity, recent, resolvedAt, told, messages, pagedAt, pagedSeverity } = row;
  return {
    ...{ alertId, phase, count, peakBits, severity, told, messages },
    firstMs: row.firstSeen.getTime(),
    lastMs: row.lastSeen.getTime(),
    recentMs: recent.map((time) => time.getTime()),
    resolvedMs: resolvedAt === null ? null : resolvedAt.getTime(),
    page: pagedAt === null || pagedSeverity === null ? null : { timeMs: pagedAt.getTime(), severity: pagedSeverity },
  };
}

/** Converts the row of a storm, with its life; null for an alert that is none. */
export function stormOf({ storm }: AlertStateRow, life: AlertLife): Storm | null {
  return storm === null ? null : { life, byFeature: storm.byFeature, worst: storm.worst };
}

/** Rules of the life of an alert: those of its detector, or of a storm of it. */
export function policyOf(kind: AlertKind, rules: AlertRules): AlertPolicy {
  return kind === 'storm' ? stormPolicy(rules) : rules;
}

/** Converts alerts to the JSON list that is stored; those that are over come first. */
export function alertRowsJson(alerts: readonly StoredAlert[], place: AlertPlace, rules: AlertRules): string {
  const ordered = alerts.toSorted((a, b) => Number(a.isLatest) - Number(b.isLatest));
  return jsonText(ordered.map((alert) => rowOf(alert, place, policyOf(alert.kind, rules))));
}

function rowOf(
  { life, fingerprint, kind, entity, feature, isLatest, peak, storm, absence, isWatched = false }: StoredAlert,
  place: AlertPlace,
  policy: AlertPolicy,
) {
  const { alertId, phase, severity, count, firstMs, lastMs, recentMs, resolvedMs, peakBits, told, messages, page } =
    life;
  const dueMs = dueAt(life, policy);
  const dueTime = dueMs === null ? null : isWatched ? NEVER_DUE : isoTime(dueMs);
  return {
    ...{ alert_id: alertId, fingerprint, is_latest: isLatest, ...place, kind, entity, feature, phase, severity, count },
    ...{ first_seen: isoTime(firstMs), last_seen: isoTime(lastMs), recent: recentMs.map(isoTime) },
    resolved_at: resolvedMs === null ? null : isoTime(resolvedMs),
    due_at: dueTime,
    ...{ peak_bits: peakBits, told, messages },
    ...{ paged_at: page === null ? null : isoTime(page.timeMs), paged_severity: page?.severity ?? null },
    peak,
    storm: storm === null ? null : storedStorm(storm, life),
    absence: absence ?? null,
  };
}

const storedStorm = ({ byFeature, worst }: Pick<Storm, 'byFeature' | 'worst'>, life: AlertLife): StoredStorm => ({
  byFeature,
  worst,
  summary: stormSummary(life, byFeature),
});

const isoTime = (ms: number): string => new Date(ms).toISOString();
