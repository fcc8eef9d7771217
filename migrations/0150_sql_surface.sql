-- The views that people and programs query: stable in their names, columns and types. None of them
-- reads the stored events, so that each is as fast over ten million of them as over none.

CREATE VIEW flowline.v1_detector_health AS
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
  SELECT coalesce(sum(c.events), 0)::bigint AS events, coalesce(sum(c.anomalies), 0)::bigint AS measured,
         coalesce(sum(c.expected), 0) AS expected
  FROM flowline.event_counts c
  WHERE c.detector = d.name AND c.day = (now() AT TIME ZONE 'UTC')::date) today
WHERE d.state <> 'deleted';

CREATE VIEW flowline.v1_model_leaderboard AS
SELECT m.detector, m.version AS model_version, m.detector_version AS definition_version,
       ARRAY(SELECT a.alias FROM flowline.model_aliases a
             WHERE a.detector = m.detector AND a.version = m.version ORDER BY a.alias) AS aliases,
       CASE WHEN held.nll IS NOT NULL
         THEN rank() OVER (PARTITION BY m.detector ORDER BY held.nll NULLS LAST) END AS rank,
       held.nll AS heldout_nll_nats, held.error AS heldout_standard_error,
       (r.metrics #>> '{comparison,champion}')::integer AS compared_with,
       (r.metrics #>> '{comparison,meanDifferenceNats}')::double precision AS gain_nats,
       (r.metrics #>> '{comparison,standardError}')::double precision AS gain_standard_error,
       r.promoted, r.metrics #>> '{promotion,reason}' AS promotion_reason,
       m.manifest ->> 'family' AS family, (m.manifest ->> 'members')::integer AS members,
       (m.manifest #>> '{history,train,rows}')::bigint AS train_rows,
       (m.manifest #>> '{history,calibration,rows}')::bigint AS calibration_rows,
       (m.manifest #>> '{history,test,rows}')::bigint AS test_rows,
       (r.metrics #>> '{training,seconds}')::double precision AS training_seconds,
       r.run_id AS training_run, m.created_at AS trained_at
FROM flowline.model_versions m
LEFT JOIN flowline.training_runs r
  ON r.detector = m.detector AND r.model_version = m.version AND r.status = 'succeeded'
CROSS JOIN LATERAL (
  SELECT (m.manifest #>> '{heldOut,nllNats}')::double precision AS nll,
         (m.manifest #>> '{heldOut,standardError}')::double precision AS error) held;

CREATE VIEW flowline.v1_calibration AS
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
         sum(expected) AS expected, sum(anomalies)::bigint AS measured
  FROM flowline.event_counts GROUP BY detector, model_version) c
  ON c.detector = m.detector AND c.model_version = m.version
LEFT JOIN flowline.training_runs r
  ON r.detector = m.detector AND r.model_version = m.version AND r.status = 'succeeded';

-- The days come from the counts of events, so that a day or a detector is found by anomalies_scored_at.
CREATE VIEW flowline.v1_feature_contribution_daily AS
SELECT d.detector, d.day, c.feature, count(*) AS anomalies,
       count(*) FILTER (WHERE a.top_feature = c.feature) AS as_top_feature,
       count(*) FILTER (WHERE c.direction = 'high') AS high,
       count(*) FILTER (WHERE c.direction = 'low') AS low,
       count(*) FILTER (WHERE c.direction = 'unlikely') AS unlikely,
       sum(c.bits) AS bits, max(c.bits) AS most_bits
FROM (SELECT DISTINCT detector, day FROM flowline.event_counts) d
JOIN flowline.anomalies a
  ON a.detector = d.detector AND a.scored_at >= d.day::timestamp AT TIME ZONE 'UTC'
  AND a.scored_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
CROSS JOIN LATERAL jsonb_to_recordset(a.alert -> 'contributions')
  AS c (feature text, bits double precision, direction text)
GROUP BY d.detector, d.day, c.feature;

COMMENT ON VIEW flowline.v1_detector_health IS 'Stable: a row per detector: what scores it, why not something newer, and what waits.';
COMMENT ON VIEW flowline.v1_model_leaderboard IS 'Stable: a row per model, with its held-out likelihood and how it compared with the champion of its time.';
COMMENT ON VIEW flowline.v1_calibration IS 'Stable: a row per model: alarms expected and measured on the stream, and on the test rows of its training.';
COMMENT ON VIEW flowline.v1_feature_contribution_daily IS 'Stable: what each feature contributed to the anomalies of a UTC day of scoring.';

-- What each column is, as docs/reference/sql.md shows it; a view that is not there is passed over.
DO $do$
DECLARE
  view_columns record;
  described    record;
BEGIN
  FOR view_columns IN SELECT key, value FROM jsonb_each('{
  "v1_anomalies": {
    "anomaly_id": "id of the anomaly, growing",
    "detector": "name of the detector",
    "event_time": "time of the event",
    "event_id": "id of the event, or its place in the stream",
    "summary": "one line for people",
    "surprise_bits": "-log2 of the p-value, in bits",
    "p_value": "share of normal events that are at least as improbable",
    "top_feature": "feature that contributes most; null for none, or while the explanation follows",
    "reason": "low_density or out_of_domain",
    "observed": "{feature: value}, in original units",
    "expected": "{feature: {median, p05, p95}}: the value expected given all the others",
    "contributions": "[{feature, bits, direction}], the largest first; direction is high, low or unlikely",
    "nearest_normal": "{feature: value} of the closest usual event",
    "log_density_nats": "log p(event), in nats; -Infinity outside the domain",
    "p_method": "empirical, tail (fitted beyond the calibration rows) or floor (at most this)",
    "model_version": "model that scored it",
    "detector_version": "definition that was in force",
    "topic": "stream that it came from",
    "partition": "partition of the stream",
    "offset": "offset within the partition",
    "scored_at": "time of scoring",
    "alert_id": "alert that it belongs to; null if it is suppressed",
    "entity": "entity (source.key); null if events stand alone",
    "explanation_follows": "true while the explanation is still to come",
    "rules": "names of the rules that it met, and calendar/NAME",
    "suppressed_by": "rule, calendar or bound that keeps it from being part of an alert; null for none"},
  "v1_alerts": {
    "alert_id": "id of the alert",
    "detector": "name of the detector",
    "kind": "density, out_of_domain or storm",
    "entity": "entity (source.key); null if events stand alone, and for storms",
    "feature": "feature by which it is grouped; null for none",
    "state": "open or resolved",
    "severity": "info, warning, major or critical",
    "count": "anomalies so far; of a storm, alerts",
    "first_seen": "event time of its first anomaly",
    "last_seen": "event time of its last anomaly",
    "resolved_at": "event time of its end; null unless it is resolved",
    "peak_bits": "surprise of its most surprising anomaly, in bits",
    "summary": "one line for people, of the most surprising anomaly",
    "messages": "messages about it",
    "acknowledged_at": "time of the acknowledgement; null for none",
    "acknowledged_by": "who acknowledged it",
    "snoozed_until": "time until which its messages are held back; null for none",
    "peak": "its most surprising anomaly, as it is published; null for a storm",
    "storm": "of a storm: openings by feature, and the worst by name; null otherwise",
    "topic": "stream that it comes from",
    "partition": "partition of its last anomaly",
    "fingerprint": "id that all alerts of the same detector, source, kind, entity and group share"},
  "v1_alert_rate_daily": {
    "detector": "name of the detector",
    "day": "UTC day of scoring",
    "model_version": "model that scored",
    "events": "events that were scored, stored or not",
    "expected": "anomalies to be expected: the sum over events of the alpha that decided",
    "measured": "anomalies"},
  "v1_detector_health": {
    "detector": "name of the detector",
    "state": "active or paused",
    "definition_version": "version of the definition that was applied last",
    "definition_in_force": "version that a scorer follows; null if none ever did",
    "champion": "model that is to score; null before the first",
    "model_in_force": "model that a scorer uses; null for none",
    "newest_model": "model that was trained last; null for none",
    "alpha": "p-value up to which an event is an anomaly",
    "alpha_note": "why alpha is not what the definition asks for; null where it is",
    "in_force_since": "time since which this definition, model and alpha score together",
    "scorer_seen_at": "last report of a scorer, which comes every ten seconds",
    "fault_code": "error code of what keeps a scorer from using the champion; null for nothing",
    "fault_reason": "the same in words",
    "fault_remedy": "what to do about it",
    "held_model": "newest model that is held back; null for none",
    "held_reason": "why it is held back",
    "held_remedy": "what to do about it",
    "last_training": "running, succeeded, failed or abandoned; null for none",
    "last_training_at": "start of the last training",
    "last_training_error": "why it failed; null if it did not",
    "last_record_at": "time of the newest record that is stored, as Kafka has it",
    "last_stored_at": "time at which records were last stored",
    "lost_records": "records that the topic no longer held when they were due",
    "dead_letters_last_day": "records of the last 24 hours that could not be scored",
    "open_alerts": "alerts that are open",
    "unacknowledged_alerts": "open alerts that nobody has acknowledged",
    "waiting_messages": "messages that are still to be sent, per sink",
    "events_today": "events scored on this UTC day",
    "anomalies_today": "anomalies of this UTC day",
    "expected_today": "anomalies to be expected of them"},
  "v1_model_leaderboard": {
    "detector": "name of the detector",
    "model_version": "version of the model",
    "definition_version": "definition that it was trained for",
    "aliases": "champion (scores), previous, challenger (held back), or none",
    "rank": "place among the models of the detector by heldout_nll_nats, 1 the best; each has test rows of its own",
    "heldout_nll_nats": "mean of -log p of its test rows, in nats and original units: lower is better",
    "heldout_standard_error": "standard error of that mean, in nats",
    "compared_with": "champion of that time, compared on the same rows; null for none",
    "gain_nats": "mean of log p minus log p of that champion, in nats: above 0 is better",
    "gain_standard_error": "standard error of that mean, in nats",
    "promoted": "true if it became the champion after its training",
    "promotion_reason": "why it did, or did not",
    "family": "family of its flows",
    "members": "flows of the ensemble",
    "train_rows": "rows that it was trained on",
    "calibration_rows": "rows behind its p-values",
    "test_rows": "rows that it was tested on",
    "training_seconds": "duration of the training, in seconds",
    "training_run": "id of the training run; null for a model that was stored otherwise",
    "trained_at": "time at which it was stored"},
  "v1_calibration": {
    "detector": "name of the detector",
    "model_version": "version of the model",
    "first_day": "first UTC day on which it scored; null for none",
    "last_day": "last UTC day on which it scored",
    "events": "events that it scored",
    "expected": "anomalies to be expected: the sum over events of the alpha that decided",
    "measured": "anomalies",
    "ratio": "measured / expected; null without events",
    "deviation": "(measured - expected) / sqrt(expected): beyond 3 either way is more than chance explains, for independent events",
    "trained_alpha": "alpha at the time of its training",
    "calibration_rows": "rows behind its p-values",
    "trimmed_rows": "outliers that were left out of them",
    "design_effect": "rows per independent row among the rarest; above 1 if surprising rows are clustered in time",
    "has_tail": "true if a fitted tail takes p-values below 1/(rows + 1)",
    "test_rows": "rows that it was tested on",
    "test_alarms": "alarms on them",
    "test_expected_rate": "expected share of alarms",
    "test_rate_low": "lower end of the range of that share, with 90 % probability",
    "test_rate_high": "upper end of that range",
    "test_measured_rate": "alarms per test row",
    "test_verdict": "inside, above, below, unclear (in bursts that chance may explain) or untested"},
  "v1_feature_contribution_daily": {
    "detector": "name of the detector",
    "day": "UTC day of scoring",
    "feature": "name of the feature",
    "anomalies": "anomalies to which it contributed",
    "as_top_feature": "anomalies to which it contributed most",
    "high": "times that its value was higher than expected",
    "low": "times that its value was lower than expected",
    "unlikely": "times that its level was unlikely",
    "bits": "sum of its contributions, in bits",
    "most_bits": "largest contribution, in bits"},
  "v1_feedback": {
    "feedback_id": "id of the answer, growing",
    "detector": "name of the detector",
    "anomaly_id": "anomaly that was answered; null for an alert",
    "alert_id": "alert that was answered; null for a single anomaly",
    "verdict": "confirmed, expected, false_alarm or new_normal",
    "note": "note of the person; null for none",
    "by": "who answered",
    "at": "time of the answer",
    "event_time": "event time of the anomaly; of an alert, that of its first",
    "entity": "entity (source.key); null if events stand alone",
    "feature": "most surprising feature; null if it was not explained",
    "direction": "high, low or unlikely, of that feature",
    "surprise_bits": "surprise of the anomaly, or of the most surprising one of the alert, in bits",
    "topic": "stream of the anomaly; null for an alert",
    "partition": "partition of the stream; null for an alert",
    "offset": "offset within the partition; null for an alert",
    "event_id": "id of the event; null for an alert",
    "counts": "true for the latest answer about each anomaly or alert"},
  "v1_feedback_precision": {
    "detector": "name of the detector",
    "feature": "most surprising feature; null if it was not explained",
    "week": "Monday of the week of event time, in UTC",
    "answered": "answers that count",
    "confirmed": "answers that confirm the anomaly",
    "precision": "confirmed / answered"}}'::jsonb) LOOP
    FOR described IN
      SELECT c.key, c.value FROM jsonb_each_text(view_columns.value) AS c
      JOIN information_schema.columns AS i
        ON i.table_schema = 'flowline' AND i.table_name = view_columns.key AND i.column_name = c.key
    LOOP
      EXECUTE format('COMMENT ON COLUMN flowline.%I.%I IS %L', view_columns.key, described.key, described.value);
    END LOOP;
  END LOOP;
END
$do$;

-- A reader reads the views of the surface and nothing else. Run after every other function that grants.
CREATE FUNCTION flowline.grant_surface() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  relation text;
  role     text;
BEGIN
  FOR relation IN
    SELECT DISTINCT c.relname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
    WHERE c.relnamespace = 'flowline'::regnamespace AND c.relname NOT LIKE 'v1\_%'
      AND granted.grantee = to_regrole('flowline_reader')
  LOOP
    EXECUTE format('REVOKE ALL ON flowline.%I FROM flowline_reader', relation);
  END LOOP;
  FOREACH role IN ARRAY ARRAY['flowline_reader', 'flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT USAGE ON SCHEMA flowline TO %I', role);
    FOR relation IN
      SELECT relname FROM pg_class
      WHERE relnamespace = 'flowline'::regnamespace AND relkind = 'v' AND relname LIKE 'v1\_%'
    LOOP
      EXECUTE format('GRANT SELECT ON flowline.%I TO %I', relation, role);
    END LOOP;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_surface() FROM PUBLIC;
