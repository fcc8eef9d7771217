import type { AlertMessage } from '@flowline/alerts';
import type { OutboxMessage } from '@flowline/stream';

/** Message about an alert that a sink forms anew, as the outbox holds it. */
export function alertOf({ value }: OutboxMessage): AlertMessage {
  return JSON.parse(value) as AlertMessage;
}

/** Number of what an alert counts, in words: "1 silence", "3 anomalies", "60 openings". */
export function countOf({ kind, count }: Pick<AlertMessage, 'kind' | 'count'>): string {
  const [one, many] = kind === 'absence' || kind === 'storm' ? COUNTED[kind] : COUNTED.anomaly;
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

const COUNTED = {
  anomaly: ['anomaly', 'anomalies'],
  absence: ['silence', 'silences'],
  storm: ['opening', 'openings'],
} as const;
