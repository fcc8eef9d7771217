-- An anomaly is stored at once even where there is no time to explain it; its explanation follows.

ALTER TABLE flowline.anomalies ADD COLUMN deferred boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN flowline.anomalies.deferred IS 'True while the explanation is still to come: a scorer adds it to the row.';

CREATE INDEX anomalies_deferred ON flowline.anomalies (detector, anomaly_id) WHERE deferred;

CREATE OR REPLACE VIEW flowline.v1_anomalies AS
SELECT anomaly_id, detector, event_time, event_id, summary, surprise_bits, p_value, top_feature, reason,
       alert -> 'observed' AS observed, alert -> 'expected' AS expected, alert -> 'contributions' AS contributions,
       alert -> 'nearestNormal' AS nearest_normal, log_density_nats, p_method, model_version, detector_version,
       topic, partition, "offset", scored_at, alert_id, alert #>> '{event,entity}' AS entity,
       deferred AS explanation_follows
FROM flowline.anomalies;

CREATE OR REPLACE FUNCTION flowline.grant_roles() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  granted text[] := '{}';
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_scorer;
    GRANT SELECT ON flowline.migrations, flowline.detectors, flowline.detector_versions, flowline.model_versions,
      flowline.model_aliases, flowline.model_artifacts TO flowline_scorer;
    GRANT INSERT ON flowline.scored_events, flowline.anomalies, flowline.dead_letters TO flowline_scorer;
    -- Explanations that follow their anomalies.
    GRANT SELECT, UPDATE (deferred, top_feature, summary, alert) ON flowline.anomalies TO flowline_scorer;
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
