-- A message about an alert leaves with the explanation of its anomaly: one that was stored before that
-- waits for it, and holds up later messages of its fingerprint, but no others.

ALTER TABLE flowline.alert_outbox
  ADD COLUMN fingerprint uuid,
  ADD COLUMN awaits bigint;
COMMENT ON COLUMN flowline.alert_outbox.fingerprint IS
  'The fingerprint of the alert: a message that is held back holds up later ones of it; null for a message from before.';
COMMENT ON COLUMN flowline.alert_outbox.awaits IS
  'The anomaly whose explanation the message leaves with, which was still to come when it was stored; null for none, 0 for one that was not there.';

CREATE INDEX alert_outbox_awaiting ON flowline.alert_outbox (detector, sink, topic, outbox_id)
  WHERE awaits IS NOT NULL AND sent_at IS NULL AND dead_at IS NULL;
