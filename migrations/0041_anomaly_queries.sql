-- Indexes for the questions that people ask of anomalies: the most surprising first, by p-value, by
-- entity, by feature, by event. Event ids and entities have any length, so theirs are hashes.
CREATE INDEX anomalies_surprise ON flowline.anomalies (surprise_bits DESC, log_density_nats, anomaly_id);
CREATE INDEX anomalies_detector_surprise
  ON flowline.anomalies (detector, surprise_bits DESC, log_density_nats, anomaly_id);
CREATE INDEX anomalies_p_value ON flowline.anomalies (p_value);
CREATE INDEX anomalies_detector_p_value ON flowline.anomalies (detector, p_value);
CREATE INDEX anomalies_feature ON flowline.anomalies (top_feature, event_time DESC, anomaly_id DESC);
CREATE INDEX anomalies_event ON flowline.anomalies USING hash (event_id);
-- The expression of v1_anomalies.entity: existing rows need no change.
CREATE INDEX anomalies_entity ON flowline.anomalies USING hash ((alert #>> '{event,entity}'::text[]));
