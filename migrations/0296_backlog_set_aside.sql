-- Pieces of the backlog of anomalies that cannot be written out: why, and set aside until somebody queues them again.

ALTER TABLE flowline.anomaly_backlog
  ADD COLUMN attempts         integer NOT NULL DEFAULT 0,
  ADD COLUMN error            text,
  ADD COLUMN failed_at        timestamptz,
  ADD COLUMN set_aside_at     timestamptz,
  ADD COLUMN set_aside_reason text CHECK ((set_aside_reason IS NULL) = (set_aside_at IS NULL));
COMMENT ON COLUMN flowline.anomaly_backlog.attempts IS 'Number of times that it could not be written out.';
COMMENT ON COLUMN flowline.anomaly_backlog.error IS 'Reason why it could not be written out last time; null if it was not tried, or not refused.';
COMMENT ON COLUMN flowline.anomaly_backlog.failed_at IS 'Time of the last failure.';
COMMENT ON COLUMN flowline.anomaly_backlog.set_aside_at IS 'Time at which it was set aside; null while it waits to be written out.';
COMMENT ON COLUMN flowline.anomaly_backlog.set_aside_reason IS 'Reason why it was set aside: by a person, or because its detector was deleted.';

CREATE OR REPLACE VIEW flowline.v1_anomaly_backlog AS
SELECT detector, topic, partition,
  coalesce(sum(anomalies) FILTER (WHERE set_aside_at IS NULL), 0)::bigint AS anomalies,
  min(since) FILTER (WHERE set_aside_at IS NULL) AS since,
  coalesce(sum(anomalies) FILTER (WHERE set_aside_at IS NOT NULL), 0)::bigint AS set_aside
FROM flowline.anomaly_backlog GROUP BY detector, topic, partition;
COMMENT ON COLUMN flowline.v1_anomaly_backlog.since IS 'time at which the first of those that wait was stored; null if none waits';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.set_aside IS 'anomalies that were set aside, such as those that could not be written out';

CREATE VIEW flowline.v1_anomaly_backlog_pieces AS
SELECT backlog_id, detector, topic, partition, anomalies, since, attempts, error, failed_at, set_aside_at, set_aside_reason
FROM flowline.anomaly_backlog;
COMMENT ON VIEW flowline.v1_anomaly_backlog_pieces IS
  'Stable: anomalies of incidents that are stored with their scores and not in v1_anomalies yet, in the pieces in which they are written out.';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.backlog_id IS 'id of the piece; those of a stream are written out in its order';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.topic IS 'topic of the events';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.partition IS 'partition of the events';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.anomalies IS 'anomalies in the piece';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.since IS 'time at which they were stored';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.attempts IS 'number of times that they could not be written out';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.error IS 'why they could not be written out last time; null if they were not tried';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.failed_at IS 'time of the last failure';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.set_aside_at IS 'time at which they were set aside; null while they wait';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.set_aside_reason IS 'why they were set aside: by a person, or because the detector was deleted';

-- Who may delete a detector or answer its alerts may also set aside what waits.
CREATE OR REPLACE FUNCTION flowline.grant_backlog() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  role text;
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.anomaly_backlog TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, DELETE ON flowline.anomaly_backlog TO flowline_operator;
  END IF;
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT SELECT, UPDATE (set_aside_at, set_aside_reason) ON flowline.anomaly_backlog TO %I', role);
  END LOOP;
END
$$;
