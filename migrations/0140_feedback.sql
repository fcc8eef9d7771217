-- Feedback: what people say about anomalies and alerts. It is kept as it was given; the latest answer about
-- each counts. Events that are confirmed to be anomalous never enter a training.

CREATE TABLE flowline.feedback (
  feedback_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector      text NOT NULL,
  anomaly_id    bigint,
  alert_id      uuid,
  topic         text,
  partition     integer,
  "offset"      bigint,
  event_id      text,
  event_time    timestamptz NOT NULL,
  entity        text,
  feature       text,
  direction     text,
  surprise_bits double precision NOT NULL,
  verdict       text NOT NULL CHECK (verdict IN ('confirmed', 'expected', 'false_alarm', 'new_normal')),
  note          text,
  by            text NOT NULL,
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (num_nonnulls(anomaly_id, alert_id) = 1),
  CHECK (num_nonnulls(anomaly_id, topic, partition, "offset", event_id) IN (0, 5))
);
COMMENT ON TABLE flowline.feedback IS 'Every answer to an anomaly or an alert; nothing is updated. It outlives both.';
COMMENT ON COLUMN flowline.feedback.anomaly_id IS 'The anomaly that was answered; null for an alert.';
COMMENT ON COLUMN flowline.feedback.alert_id IS 'The alert that was answered; null for a single anomaly.';
COMMENT ON COLUMN flowline.feedback.event_time IS 'Event time of the anomaly; of an alert, that of its first.';
COMMENT ON COLUMN flowline.feedback.feature IS 'The most surprising feature; null if it was not explained.';
COMMENT ON COLUMN flowline.feedback.direction IS 'high, low or unlikely, of that feature.';
COMMENT ON COLUMN flowline.feedback.surprise_bits IS 'Of the anomaly; of an alert, of its most surprising one.';
COMMENT ON COLUMN flowline.feedback.by IS 'Who answered: the name that was given, or of the token, or the database user.';
CREATE INDEX feedback_anomaly ON flowline.feedback (anomaly_id, feedback_id) WHERE anomaly_id IS NOT NULL;
CREATE INDEX feedback_alert ON flowline.feedback (alert_id, feedback_id) WHERE alert_id IS NOT NULL;
CREATE INDEX feedback_detector ON flowline.feedback (detector, feedback_id);

-- Kept for as long as their detector, unlike the anomalies: a queried history may reach back further.
CREATE TABLE flowline.confirmed_events (
  detector   text NOT NULL,
  event_time timestamptz NOT NULL,
  topic      text NOT NULL,
  partition  integer NOT NULL,
  "offset"   bigint NOT NULL,
  event_id   text NOT NULL,
  anomaly_id bigint NOT NULL,
  PRIMARY KEY (detector, anomaly_id)
);
COMMENT ON TABLE flowline.confirmed_events IS 'The events whose latest answer, their own or that of their alert, is confirmed.';
CREATE INDEX confirmed_events_event ON flowline.confirmed_events (detector, event_time);

CREATE VIEW flowline.excluded_events AS
SELECT detector, event_time, topic, partition, "offset", event_id FROM flowline.confirmed_events
UNION ALL
SELECT detector, event_time, topic, partition, "offset", event_id FROM flowline.anomalies WHERE excluded_from_training;
COMMENT ON VIEW flowline.excluded_events IS
  'Events that models are not to learn from: confirmed by people, or excluded by rules. An event may be there twice.';

CREATE VIEW flowline.v1_feedback AS
SELECT f.feedback_id, f.detector, f.anomaly_id, f.alert_id, f.verdict, f.note, f.by, f.at, f.event_time, f.entity, f.feature,
       f.direction, f.surprise_bits, f.topic, f.partition, f."offset", f.event_id,
       NOT EXISTS (SELECT FROM flowline.feedback later WHERE later.anomaly_id = f.anomaly_id AND later.feedback_id > f.feedback_id)
       AND NOT EXISTS (SELECT FROM flowline.feedback later WHERE later.alert_id = f.alert_id AND later.feedback_id > f.feedback_id)
         AS counts
FROM flowline.feedback f;
COMMENT ON VIEW flowline.v1_feedback IS
  'Stable: answers of people to anomalies and alerts. "counts" is true for the latest about each.';

CREATE VIEW flowline.v1_feedback_precision AS
SELECT detector, feature, date_trunc('week', event_time AT TIME ZONE 'UTC')::date AS week, count(*) AS answered,
       count(*) FILTER (WHERE verdict = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE verdict = 'confirmed')::double precision / count(*) AS precision
FROM flowline.v1_feedback WHERE counts
GROUP BY 1, 2, 3;
COMMENT ON VIEW flowline.v1_feedback_precision IS
  'Stable: answered and confirmed alarms by detector, most surprising feature and week (UTC, its Monday).';

CREATE FUNCTION flowline.grant_feedback() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT SELECT, INSERT ON flowline.feedback TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON flowline.confirmed_events TO %I', role);
    EXECUTE format('GRANT SELECT ON flowline.v1_feedback, flowline.v1_feedback_precision TO %I', role);
  END LOOP;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.excluded_events TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT SELECT ON flowline.v1_feedback, flowline.v1_feedback_precision TO flowline_reader;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_feedback() FROM PUBLIC;
