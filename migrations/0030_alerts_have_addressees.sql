-- An alert in the outbox has an addressee (a sink and a topic of it), is sent once per event, and ends
-- somewhere even where nobody takes it.

ALTER TABLE flowline.alert_outbox
  ADD COLUMN sink      text NOT NULL DEFAULT 'kafka',
  ADD COLUMN event_key bytea,
  ADD COLUMN dead_at   timestamptz,
  ADD COLUMN error     text,
  ADD COLUMN attempts  integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT alert_outbox_ends_once CHECK (sent_at IS NULL OR dead_at IS NULL);

COMMENT ON COLUMN flowline.alert_outbox.sink IS
  'Who sends it: kafka, or stdout, a scorer that prints the alerts of its own source; others leave it alone.';
COMMENT ON COLUMN flowline.alert_outbox.topic IS 'The topic of the sink: of kafka, a topic; of stdout, the source.';
COMMENT ON COLUMN flowline.alert_outbox.event_key IS
  'SHA-256 of the declared event id: a repeat of the event raises no second alert; null where ids are positions.';
COMMENT ON COLUMN flowline.alert_outbox.dead_at IS
  'When it was set aside, because the sink refuses it as it is; null: it waits, or was sent.';
COMMENT ON COLUMN flowline.alert_outbox.error IS 'Why the sink refused it the last time.';
COMMENT ON COLUMN flowline.alert_outbox.attempts IS 'How often the sink has refused it.';

-- A queue for each addressee: what cannot be sent holds up nothing of another.
DROP INDEX flowline.alert_outbox_pending;
CREATE INDEX alert_outbox_waiting ON flowline.alert_outbox (sink, detector, topic, outbox_id)
  WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX alert_outbox_dead ON flowline.alert_outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX alert_outbox_sent ON flowline.alert_outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE UNIQUE INDEX alert_outbox_event ON flowline.alert_outbox (sink, detector, topic, event_key)
  WHERE event_key IS NOT NULL;
