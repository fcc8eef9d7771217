import { statement } from '../statement.ts';

/**
 * Takes alerts to be sent, in their order; each row is a message. One whose event has an alert for the
 * same addressee already (by its key: hexadecimal, null for none) is left out.
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
