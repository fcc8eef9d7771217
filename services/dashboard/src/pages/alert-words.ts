import type { Item } from '../client/call.ts';

type Alert = Item<'GET /v1/alerts'>;

/** Title of an alert in a sentence. */
export function titleOf({
  summary,
  kind,
  feature,
  detector,
  entity,
}: Pick<Alert, 'summary' | 'kind' | 'feature' | 'detector' | 'entity'>): string {
  if (summary !== null && summary !== '') return summary;
  if (kind === 'storm') return `Many alerts of ${detector} at once`;
  if (kind === 'absence') return `No events of ${entity ?? detector}`;
  return feature === null ? `Improbable events of ${detector}` : `Improbable ${feature}`;
}

/** State of an alert in words. */
export function stateOf({
  state,
  acknowledgedBy,
  snoozedUntil,
}: Pick<Alert, 'state' | 'acknowledgedBy' | 'snoozedUntil'>): string {
  if (state === 'resolved') return 'resolved';
  if (snoozedUntil !== null && new Date(snoozedUntil).getTime() > Date.now()) return 'snoozed';
  return acknowledgedBy === null ? 'open' : `seen by ${acknowledgedBy}`;
}
