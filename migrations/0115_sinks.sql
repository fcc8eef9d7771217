-- Each sink has its own place in the outbox: a message waits for each of the sinks that its detector names,
-- and is tried again by itself.

ALTER TABLE flowline.alert_outbox
  ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN failing_since timestamptz;
COMMENT ON COLUMN flowline.alert_outbox.sink IS
  'Who sends it: kafka (the topic of the detector), stdout (a scorer that prints the alerts of its own source), or the name of a sink.';
COMMENT ON COLUMN flowline.alert_outbox.topic IS
  'The topic of the sink: of kafka, a topic; of stdout, the source; empty for a sink that is named.';
COMMENT ON COLUMN flowline.alert_outbox.due_at IS
  'When a sink that is named is next tried; while it is being sent, when others may take it over.';
COMMENT ON COLUMN flowline.alert_outbox.failing_since IS 'First failure of the attempts since it was stored or redriven.';

CREATE INDEX alert_outbox_due ON flowline.alert_outbox (sink, due_at, outbox_id)
  WHERE sent_at IS NULL AND dead_at IS NULL;
-- Messages about one alert are sent in order.
CREATE INDEX alert_outbox_alert ON flowline.alert_outbox (alert_id, sink, outbox_id);

CREATE FUNCTION flowline.grant_sinks() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT UPDATE (due_at, failing_since) ON flowline.alert_outbox TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT UPDATE (due_at, failing_since) ON flowline.alert_outbox TO flowline_operator;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_sinks() FROM PUBLIC;
