-- Anomalies say which rules they met, and whether they are part of an alert.

ALTER TABLE flowline.anomalies
  ALTER COLUMN alert_id DROP NOT NULL,
  ADD COLUMN rules text[] NOT NULL DEFAULT '{}',
  ADD COLUMN suppressed_by text,
  ADD COLUMN excluded_from_training boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN flowline.anomalies.alert_id IS 'The alert that the anomaly belongs to; null for one that is suppressed.';
COMMENT ON COLUMN flowline.anomalies.rules IS 'Names of the rules that it met, and calendar/NAME.';
COMMENT ON COLUMN flowline.anomalies.suppressed_by IS
  'The rule or calendar, or the bound (direction, minEffect), that keeps it from being part of an alert.';
COMMENT ON COLUMN flowline.anomalies.excluded_from_training IS 'True if models are not to learn from the event.';
CREATE INDEX anomalies_excluded ON flowline.anomalies (detector, event_time) WHERE excluded_from_training;

CREATE OR REPLACE VIEW flowline.v1_anomalies AS
SELECT anomaly_id, detector, event_time, event_id, summary, surprise_bits, p_value, top_feature, reason,
       alert -> 'observed' AS observed, alert -> 'expected' AS expected, alert -> 'contributions' AS contributions,
       alert -> 'nearestNormal' AS nearest_normal, log_density_nats, p_method, model_version, detector_version,
       topic, partition, "offset", scored_at, alert_id, alert #>> '{event,entity}' AS entity,
       deferred AS explanation_follows, rules, suppressed_by
FROM flowline.anomalies;

-- Training leaves out the events that rules exclude.
CREATE OR REPLACE FUNCTION flowline.grant_resources() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resources TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.resource_faults TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resources TO flowline_trainer;
    GRANT SELECT (topic, partition, "offset", event_time, excluded_from_training) ON flowline.anomalies TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE ON flowline.resources TO flowline_operator;
    GRANT SELECT, INSERT ON flowline.resource_versions TO flowline_operator;
    GRANT SELECT ON flowline.resource_faults TO flowline_operator;
  END IF;
END
$$;
