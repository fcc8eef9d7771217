import type { ListedAlertRow, StoredAnomaly } from '@flowline/db';
import { formatBits } from '@flowline/detector';
import { formatDurationMs, printable } from '@flowline/events';

import { explanationTable, type Features } from '../anomalies/explain-anomalies.ts';
import { formatCount, formatNumber, formatTable, formatTime } from '../output.ts';

/**
 * Describes an alert for people: its life, its most surprising anomaly with every feature, and its
 * latest anomalies.
 */
export function formatAlert(alert: ListedAlertRow, anomalies: readonly StoredAnomaly[], features: Features): string {
  const { alertId, detector, state, severity, peak, storm } = alert;
  return [
    `alert ${alertId} of ${detector}: ${state}, ${severity}`,
    ...facts(alert).map(([label, text]) => `  ${label.padEnd(12)} ${text}`),
    ...(peak === null ? [] : [explanationTable(peak, features)]),
    ...(storm === null ? [] : [openings(storm)]),
    ...(anomalies.length === 0 ? [] : ['  latest anomalies', latest(anomalies)]),
  ].join('\n');
}

function facts(alert: ListedAlertRow): (readonly [string, string])[] {
  const { kind, entity, feature, count, firstSeen, lastSeen, resolvedAt, messages, summary, peak, peakBits } = alert;
  const { acknowledgedAt, acknowledgedBy, snoozedUntil } = alert;
  const counted = alert.storm !== null ? 'openings' : alert.absence === null ? 'anomalies' : 'silences';
  const id = peak === null ? '' : `, event ${printable(peak.event.id)}`;
  return [
    ['kind', feature === null ? kind : `${kind}, ${printable(feature)}`],
    ...(entity === null ? [] : [['entity', printable(entity)] as const]),
    [counted, `${formatCount(count)}, the first ${formatTime(firstSeen)}, the last ${formatTime(lastSeen)}`],
    ...(resolvedAt === null ? [] : [['resolved', formatTime(resolvedAt)] as const]),
    ...(acknowledgedAt === null
      ? []
      : [['acknowledged', `${formatTime(acknowledgedAt)} by ${printable(acknowledgedBy ?? '')}`] as const]),
    ...(snoozedUntil === null ? [] : [['snoozed', `until ${formatTime(snoozedUntil)}`] as const]),
    ['messages', formatCount(messages)],
    ...(alert.absence === null
      ? [['peak', `${formatBits(peakBits)} bits${id}`] as const]
      : [['alert after', formatDurationMs(Math.round(alert.absence.alertAfterMs))] as const]),
    ['summary', summary ?? ''],
  ];
}

/** The openings of a storm, by feature. */
function openings({ byFeature }: NonNullable<ListedAlertRow['storm']>): string {
  const rows = Object.entries(byFeature).sort(([, a], [, b]) => b - a);
  return formatTable(['feature', 'openings'], rows).replace(/^/gm, '    ');
}

function latest(anomalies: readonly StoredAnomaly[]): string {
  const rows = anomalies.map(({ eventTime, eventId, surpriseBits, pValue, summary }) => [
    formatTime(eventTime),
    eventId,
    surpriseBits.toFixed(1),
    formatNumber(pValue, 2),
    summary,
  ]);
  return formatTable(['event time', 'event', 'bits', 'p-value', 'what'], rows).replace(/^/gm, '    ');
}
