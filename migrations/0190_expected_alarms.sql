-- Alarms to be expected, complete: alpha of the events like those that a model was calibrated on, and every event like
-- those that were left out of its calibration, because they lie outside their domain or are outliers.

CREATE VIEW flowline.alarm_expectations AS
SELECT detector, version AS model_version,
       coalesce((coalesce((manifest #>> '{calibration,undefinedRows}')::double precision, 0)
                 + coalesce((manifest #>> '{calibration,trimmedRows}')::double precision, 0))
                / nullif((manifest #>> '{history,calibration,rows}')::double precision, 0), 0) AS always_rate
FROM flowline.model_versions;
COMMENT ON VIEW flowline.alarm_expectations IS
  'Share of the events that raise an alarm whatever alpha is, per model: those like the calibration rows that were left out.';

CREATE OR REPLACE VIEW flowline.v1_alert_rate_daily AS
SELECT c.detector, c.day, c.model_version, sum(c.events)::bigint AS events,
       sum(c.expected + coalesce(e.always_rate, 0) * (c.events - c.expected)) AS expected,
       sum(c.anomalies)::bigint AS measured
FROM flowline.event_counts c
LEFT JOIN flowline.alarm_expectations e ON e.detector = c.detector AND e.model_version = c.model_version
GROUP BY c.detector, c.day, c.model_version;
COMMENT ON VIEW flowline.v1_alert_rate_daily IS
  'Stable: anomalies expected (by the alpha that decided, and of events that always alarm) and measured, by UTC day and model version.';

CREATE OR REPLACE VIEW flowline.v1_calibration AS
SELECT m.detector, m.version AS model_version, c.first_day, c.last_day,
       coalesce(c.events, 0) AS events, coalesce(c.expected, 0) AS expected, coalesce(c.measured, 0) AS measured,
       c.measured / nullif(c.expected, 0) AS ratio,
       (c.measured - c.expected) / nullif(sqrt(c.expected), 0) AS deviation,
       m.alpha AS trained_alpha, (m.manifest #>> '{history,calibration,rows}')::bigint AS calibration_rows,
       (r.metrics #>> '{training,calibration,trimmedRows}')::bigint AS trimmed_rows,
       (r.metrics #>> '{training,calibration,designEffect}')::double precision AS design_effect,
       (r.metrics #>> '{training,calibration,hasTail}')::boolean AS has_tail,
       (r.metrics #>> '{training,alarms,testRows}')::bigint AS test_rows,
       (r.metrics #>> '{training,alarms,alarms}')::bigint AS test_alarms,
       (r.metrics #>> '{training,alarms,expectedRate}')::double precision AS test_expected_rate,
       (r.metrics #>> '{training,alarms,interval,low}')::double precision AS test_rate_low,
       (r.metrics #>> '{training,alarms,interval,high}')::double precision AS test_rate_high,
       (r.metrics #>> '{training,alarms,measuredRate}')::double precision AS test_measured_rate,
       r.metrics #>> '{training,alarms,verdict}' AS test_verdict
FROM flowline.model_versions m
LEFT JOIN (
  SELECT detector, model_version, min(day) AS first_day, max(day) AS last_day, sum(events)::bigint AS events,
         sum(expected) AS expected, sum(measured)::bigint AS measured
  FROM flowline.v1_alert_rate_daily GROUP BY detector, model_version) c
  ON c.detector = m.detector AND c.model_version = m.version
LEFT JOIN flowline.training_runs r
  ON r.detector = m.detector AND r.model_version = m.version AND r.status = 'succeeded';

CREATE OR REPLACE VIEW flowline.v1_detector_health AS
SELECT d.name AS detector, d.state, d.current_version AS definition_version, f.detector_version AS definition_in_force,
       (SELECT version FROM flowline.model_aliases a WHERE a.detector = d.name AND a.alias = 'champion') AS champion,
       f.model_version AS model_in_force,
       (SELECT max(version) FROM flowline.model_versions m WHERE m.detector = d.name) AS newest_model,
       f.alpha, f.alpha_note, f.since AS in_force_since, f.seen_at AS scorer_seen_at,
       f.fault_code, f.fault_reason, f.fault_remedy,
       f.held_version AS held_model, f.held_reason, f.held_remedy,
       run.status AS last_training, run.started_at AS last_training_at, run.error ->> 'message' AS last_training_error,
       (SELECT max(record_time) FROM flowline.stream_offsets o WHERE o.detector = d.name) AS last_record_at,
       (SELECT max(updated_at) FROM flowline.stream_offsets o WHERE o.detector = d.name) AS last_stored_at,
       (SELECT coalesce(sum(to_offset - from_offset), 0)::bigint FROM flowline.stream_gaps g
        WHERE g.detector = d.name) AS lost_records,
       (SELECT count(*) FROM flowline.dead_letters l
        WHERE l.detector = d.name AND l.stored_at >= now() - interval '1 day') AS dead_letters_last_day,
       (SELECT count(*) FROM flowline.alerts a WHERE a.detector = d.name AND a.due_at IS NOT NULL) AS open_alerts,
       (SELECT count(*) FROM flowline.alerts a
        WHERE a.detector = d.name AND a.due_at IS NOT NULL AND a.acknowledged_at IS NULL) AS unacknowledged_alerts,
       (SELECT count(*) FROM flowline.alert_outbox o
        WHERE o.detector = d.name AND o.sent_at IS NULL AND o.dead_at IS NULL) AS waiting_messages,
       today.events AS events_today, today.measured AS anomalies_today, today.expected AS expected_today
FROM flowline.detectors d
LEFT JOIN flowline.detectors_in_force f ON f.detector = d.name
LEFT JOIN LATERAL (
  SELECT r.status, r.started_at, r.error FROM flowline.training_runs r
  WHERE r.detector = d.name ORDER BY r.started_at DESC LIMIT 1) run ON true
CROSS JOIN LATERAL (
  SELECT coalesce(sum(c.events), 0)::bigint AS events, coalesce(sum(c.measured), 0)::bigint AS measured,
         coalesce(sum(c.expected), 0) AS expected
  FROM flowline.v1_alert_rate_daily c
  WHERE c.detector = d.name AND c.day = (now() AT TIME ZONE 'UTC')::date) today
WHERE d.state <> 'deleted';

COMMENT ON COLUMN flowline.event_counts.expected IS
  'Anomalies to be expected of events like those that the model was calibrated on: the sum over events of the alpha that decided.';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.expected IS
  'anomalies to be expected: the sum over events of the alpha that decided, and the share of events that always alarm';
COMMENT ON COLUMN flowline.v1_calibration.expected IS
  'anomalies to be expected: the sum over events of the alpha that decided, and the share of events that always alarm';
COMMENT ON COLUMN flowline.v1_calibration.trimmed_rows IS
  'outliers that were left out of them: those that the tail of the others does not explain';
COMMENT ON COLUMN flowline.v1_anomalies.expected IS
  '{feature: {median, p05, p95}}: the value expected given all the others; also ranges: [{low, high}] where there are several';
COMMENT ON COLUMN flowline.v1_anomalies.contributions IS
  '[{feature, bits, direction}], the feature first without which the event is most normal; direction is high, low or unlikely';
