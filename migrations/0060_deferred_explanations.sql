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

-- Privileges for explanations that follow their anomalies.
CREATE FUNCTION flowline.grant_explanations() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, UPDATE (deferred, top_feature, summary, alert) ON flowline.anomalies TO flowline_scorer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_explanations() FROM PUBLIC;
