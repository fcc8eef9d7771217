-- An alert has a life: a run of anomalies of one fingerprint that opens, grows worse and is resolved.
-- Its state changes in the transaction that stores the anomalies.

CREATE TABLE flowline.alerts (
  alert_id        uuid PRIMARY KEY,
  fingerprint     uuid NOT NULL,
  is_latest       boolean NOT NULL,
  detector        text NOT NULL,
  topic           text NOT NULL,
  partition       integer NOT NULL,
  kind            text NOT NULL,
  entity          text,
  feature         text,
  phase           text NOT NULL CHECK (phase IN ('counting', 'open', 'resolved')),
  severity        text NOT NULL,
  count           bigint NOT NULL,
  first_seen      timestamptz NOT NULL,
  last_seen       timestamptz NOT NULL,
  resolved_at     timestamptz,
  due_at          timestamptz,
  peak_bits       double precision NOT NULL,
  recent          timestamptz[] NOT NULL,
  told            text NOT NULL CHECK (told IN ('nothing', 'open', 'resolved')),
  messages        integer NOT NULL,
  paged_at        timestamptz,
  paged_severity  text,
  peak            jsonb,
  storm           jsonb,
  changed_at      timestamptz NOT NULL DEFAULT now(),
  acknowledged_at timestamptz,
  acknowledged_by text,
  snoozed_until   timestamptz,
  CHECK (peak IS NULL OR storm IS NULL),
  CHECK ((due_at IS NULL) = (phase <> 'open'))
);
COMMENT ON TABLE flowline.alerts IS 'A row for each alert: a run of anomalies of one fingerprint, with its state.';
COMMENT ON COLUMN flowline.alerts.fingerprint IS 'Id over detector, source, kind, entity and group, which its anomalies share.';
COMMENT ON COLUMN flowline.alerts.is_latest IS 'True for the one alert of its fingerprint that the next anomaly may join.';
COMMENT ON COLUMN flowline.alerts.partition IS 'Partition of its last anomaly, whose event time resolves it.';
COMMENT ON COLUMN flowline.alerts.phase IS 'counting: fewer anomalies than open an alert; then open and resolved, in turn.';
COMMENT ON COLUMN flowline.alerts.due_at IS 'Event time at which it is resolved if no anomaly comes; null unless it is open.';
COMMENT ON COLUMN flowline.alerts.recent IS 'Event times of the anomalies that may yet open it.';
COMMENT ON COLUMN flowline.alerts.told IS 'The state of the last message; it lags behind phase while pages are held back.';
COMMENT ON COLUMN flowline.alerts.messages IS 'Number of messages about it.';
COMMENT ON COLUMN flowline.alerts.paged_at IS 'Event time of the last page of the fingerprint, from which the cooldown counts.';
COMMENT ON COLUMN flowline.alerts.peak IS 'Its most surprising anomaly, as it is published; null for a storm.';
COMMENT ON COLUMN flowline.alerts.storm IS 'Of a storm: the openings by feature, and the worst by name.';

CREATE UNIQUE INDEX alerts_latest ON flowline.alerts (detector, fingerprint) WHERE is_latest;
CREATE INDEX alerts_due ON flowline.alerts (detector, topic, partition, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alerts_newest ON flowline.alerts (detector, last_seen DESC, alert_id);

-- The earliest due_at of the open alerts of a partition: most batches have nothing to resolve.
ALTER TABLE flowline.stream_offsets ADD COLUMN alerts_due timestamptz;
COMMENT ON COLUMN flowline.stream_offsets.alerts_due IS
  'The earliest event time at which an open alert of the partition is due to be resolved; null for none.';

-- Several messages have the same alert.
ALTER TABLE flowline.alert_outbox ADD COLUMN message_id uuid;
COMMENT ON COLUMN flowline.alert_outbox.message_id IS
  'Id of the message; null for a message from before alerts had a life, whose id is the alert''s.';
COMMENT ON COLUMN flowline.anomalies.alert_id IS 'The alert that the anomaly belongs to.';

CREATE VIEW flowline.v1_alerts AS
SELECT alert_id, detector, kind, entity, feature, phase AS state, severity, count, first_seen, last_seen, resolved_at,
       peak_bits, coalesce(peak ->> 'summary', storm ->> 'summary') AS summary, messages, acknowledged_at,
       acknowledged_by, snoozed_until, peak, storm, topic, partition, fingerprint
FROM flowline.alerts WHERE phase <> 'counting';
COMMENT ON VIEW flowline.v1_alerts IS 'Stable: alerts as people read them, one row per run of anomalies.';

CREATE FUNCTION flowline.grant_alerts() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.alerts TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT (alert_id, detector, phase, changed_at), DELETE ON flowline.alerts TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, DELETE, UPDATE (acknowledged_at, acknowledged_by, snoozed_until) ON flowline.alerts TO flowline_operator;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT SELECT ON flowline.v1_alerts TO flowline_reader;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_alerts() FROM PUBLIC;
