-- Windows are stored in pieces: what has changed since the snapshot before, and a share of the rest in turn.

ALTER TABLE flowline.window_snapshots
  ADD COLUMN token text,
  ADD COLUMN limits text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN flowline.window_snapshots.token IS
  'The name of the last snapshot, which the next one extends; null where the state is in one piece, as before pieces.';
COMMENT ON COLUMN flowline.window_snapshots.state IS 'Empty where there is a token: the state is in window_pieces.';
COMMENT ON COLUMN flowline.window_snapshots.limits IS
  'The limits of the windows that were reached between the last two snapshots.';

CREATE TABLE flowline.window_pieces (
  detector    text NOT NULL,
  topic       text NOT NULL,
  partition   integer NOT NULL,
  next_offset bigint NOT NULL,
  part        integer NOT NULL,
  bytes       bytea NOT NULL,
  PRIMARY KEY (detector, topic, partition, next_offset, part),
  FOREIGN KEY (detector, topic, partition) REFERENCES flowline.window_snapshots ON DELETE CASCADE
);
-- Mostly numbers, on which compression only spends time.
ALTER TABLE flowline.window_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE flowline.window_pieces IS
  'The state of a partition''s windows in the order in which it was stored; later pieces replace parts of earlier ones.';

CREATE OR REPLACE FUNCTION flowline.grant_roles() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  granted text[] := '{}';
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_scorer;
    GRANT SELECT ON flowline.migrations, flowline.detectors, flowline.detector_versions, flowline.model_versions,
      flowline.model_aliases, flowline.model_artifacts TO flowline_scorer;
    GRANT INSERT ON flowline.scored_events, flowline.anomalies, flowline.dead_letters TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.stream_offsets TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.stream_gaps TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.window_snapshots, flowline.window_pieces,
      flowline.entity_partitions TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE ON flowline.event_counts TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE (sent_at, dead_at, error, attempts) ON flowline.alert_outbox TO flowline_scorer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer) TO flowline_scorer;
    IF to_regprocedure('flowline.identify_database()') IS NOT NULL THEN
      GRANT EXECUTE ON FUNCTION flowline.identify_database() TO flowline_scorer;
    END IF;
    granted := granted || 'flowline_scorer'::text;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_trainer;
    -- The lock of a detector is a row lock, for which one column must be changeable.
    GRANT SELECT, UPDATE (applied_at) ON flowline.detectors TO flowline_trainer;
    GRANT SELECT ON flowline.migrations, flowline.detector_versions, flowline.scored_events TO flowline_trainer;
    GRANT SELECT, INSERT ON flowline.model_versions, flowline.model_artifacts TO flowline_trainer;
    GRANT SELECT, INSERT, UPDATE ON flowline.model_aliases, flowline.training_runs TO flowline_trainer;
    GRANT SELECT (anomaly_id, detector, scored_at), DELETE ON flowline.anomalies TO flowline_trainer;
    GRANT SELECT (outbox_id, detector, sink, created_at, sent_at, dead_at), DELETE ON flowline.alert_outbox TO flowline_trainer;
    GRANT SELECT (dead_letter_id, detector, stored_at), DELETE ON flowline.dead_letters TO flowline_trainer;
    GRANT SELECT (detector, last_seen), DELETE ON flowline.entity_partitions TO flowline_trainer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer), flowline.drop_partition_before(date) TO flowline_trainer;
    granted := granted || 'flowline_trainer'::text;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_operator;
    GRANT SELECT ON ALL TABLES IN SCHEMA flowline TO flowline_operator;
    GRANT INSERT, UPDATE ON flowline.detectors, flowline.model_aliases TO flowline_operator;
    GRANT INSERT ON flowline.detector_versions TO flowline_operator;
    GRANT UPDATE (redriven_at) ON flowline.dead_letters TO flowline_operator;
    -- Alerts that were set aside are sent again; those that wait go with a detector that is deleted.
    GRANT UPDATE (dead_at), DELETE ON flowline.alert_outbox TO flowline_operator;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer) TO flowline_operator;
    IF to_regprocedure('flowline.settle_identity(boolean)') IS NOT NULL THEN
      GRANT EXECUTE ON FUNCTION flowline.identify_database(), flowline.settle_identity(boolean) TO flowline_operator;
    END IF;
    granted := granted || 'flowline_operator'::text;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_reader;
    GRANT SELECT ON flowline.v1_anomalies, flowline.v1_alert_rate_daily, flowline.detectors, flowline.detector_versions,
      flowline.model_versions, flowline.model_aliases, flowline.training_runs, flowline.stream_offsets, flowline.stream_gaps
      TO flowline_reader;
    granted := granted || 'flowline_reader'::text;
  END IF;
  RETURN granted;
END
$$;
