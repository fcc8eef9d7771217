import { statement } from '../statement.ts';

/**
 * Adds alerts to the outbox, in order; each row is a message. An alert whose event already has one
 * for the same sink and topic is left out, by its event key (hexadecimal; null for none).
 */
export const insertOutbox = statement<
  [
    detector: string,
    sink: string,
    topic: string,
    alertIds: readonly string[],
    keys: readonly string[],
    headers: readonly string[],
    values: readonly string[],
    eventKeys: readonly (string | null)[],
  ],
  never
>(`
  INSERT INTO flowline.alert_outbox (alert_id, detector, sink, topic, key, headers, value, event_key)
  SELECT alert_id, $1, $2, $3, key, headers::jsonb, value, decode(event_key, 'hex')
  FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
    WITH ORDINALITY AS message (alert_id, key, headers, value, event_key, position)
  ORDER BY position
  ON CONFLICT (sink, detector, topic, event_key) WHERE event_key IS NOT NULL DO NOTHING
`);
