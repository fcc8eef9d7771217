-- Entities: events that share a key, and the past of each that windows look at.

ALTER TABLE flowline.scored_events ADD COLUMN entity text;

CREATE TABLE flowline.window_snapshots (
  detector    text NOT NULL,
  topic       text NOT NULL,
  partition   integer NOT NULL,
  windows_id  text NOT NULL,
  next_offset bigint NOT NULL,
  state       bytea NOT NULL,
  stored_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, topic, partition)
);

CREATE TABLE flowline.entity_partitions (
  detector  text NOT NULL,
  topic     text NOT NULL,
  entity    text NOT NULL,
  partition integer NOT NULL,
  PRIMARY KEY (detector, topic, entity)
);

CREATE OR REPLACE VIEW flowline.v1_anomalies AS
SELECT anomaly_id, detector, event_time, event_id, summary, surprise_bits, p_value, top_feature, reason,
       alert -> 'observed' AS observed, alert -> 'expected' AS expected, alert -> 'contributions' AS contributions,
       alert -> 'nearestNormal' AS nearest_normal, log_density_nats, p_method, model_version, detector_version,
       topic, partition, "offset", scored_at, alert_id, alert #>> '{event,entity}' AS entity
FROM flowline.anomalies;

COMMENT ON COLUMN flowline.scored_events.entity IS 'The value of the detector''s key, a JSON list where it has several fields; null where events stand alone.';
COMMENT ON TABLE flowline.window_snapshots IS 'The past of a partition''s entities before next_offset; what came later is read again from the topic.';
COMMENT ON TABLE flowline.entity_partitions IS 'The partition that each entity''s events arrive in: one.';
