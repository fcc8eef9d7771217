-- Anomalies of an incident: more than can be written out with their batch. They wait, packed, in the order in
-- which they came, and a scorer writes them out: their rows, and what becomes of their alerts.

CREATE TABLE flowline.anomaly_backlog (
  backlog_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector   text NOT NULL,
  topic      text NOT NULL,
  partition  integer NOT NULL,
  anomalies  integer NOT NULL,
  since      timestamptz NOT NULL DEFAULT now(),
  packed     bytea NOT NULL
);
ALTER TABLE flowline.anomaly_backlog ALTER COLUMN packed SET STORAGE EXTERNAL;
CREATE INDEX anomaly_backlog_stream ON flowline.anomaly_backlog (detector, topic, partition, backlog_id);
COMMENT ON TABLE flowline.anomaly_backlog IS 'Anomalies that wait to be written out, in pieces; their events are stored.';
COMMENT ON COLUMN flowline.anomaly_backlog.anomalies IS 'Number of anomalies in the piece.';
COMMENT ON COLUMN flowline.anomaly_backlog.since IS 'Time at which their batch was stored.';
COMMENT ON COLUMN flowline.anomaly_backlog.packed IS 'The anomalies: a JSON header after its length, and columns of float64.';

CREATE VIEW flowline.v1_anomaly_backlog AS
SELECT detector, topic, partition, sum(anomalies)::bigint AS anomalies, min(since) AS since
FROM flowline.anomaly_backlog GROUP BY detector, topic, partition;
COMMENT ON VIEW flowline.v1_anomaly_backlog IS
  'Stable: anomalies of incidents that are stored with their scores and not in v1_anomalies yet, by stream.';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.topic IS 'topic of the events';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.partition IS 'partition of the events';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.anomalies IS 'anomalies that wait';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.since IS 'time at which the first of them was stored';

-- Privileges for the backlog of anomalies.
CREATE FUNCTION flowline.grant_backlog() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.anomaly_backlog TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, DELETE ON flowline.anomaly_backlog TO flowline_operator;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_backlog() FROM PUBLIC;
