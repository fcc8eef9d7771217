-- What people look at: anomalies (kept longer than scores), alerts on their way, and records that could not be scored.

CREATE TABLE flowline.anomalies (
  anomaly_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id         uuid NOT NULL,
  detector         text NOT NULL,
  detector_version integer NOT NULL,
  model_version    integer NOT NULL,
  topic            text NOT NULL,
  partition        integer NOT NULL,
  "offset"         bigint NOT NULL,
  event_id         text NOT NULL,
  event_time       timestamptz NOT NULL,
  scored_at        timestamptz NOT NULL DEFAULT now(),
  reason           text NOT NULL,
  log_density_nats double precision NOT NULL,
  p_value          double precision NOT NULL,
  p_method         text NOT NULL,
  surprise_bits    double precision NOT NULL,
  top_feature      text,
  summary          text NOT NULL,
  alert            jsonb NOT NULL
);

CREATE INDEX anomalies_event_time ON flowline.anomalies (detector, event_time DESC, anomaly_id DESC);
CREATE INDEX anomalies_newest ON flowline.anomalies (event_time DESC, anomaly_id DESC);
CREATE INDEX anomalies_alert_id ON flowline.anomalies (alert_id);

CREATE TABLE flowline.alert_outbox (
  outbox_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id   uuid NOT NULL,
  detector   text NOT NULL,
  topic      text NOT NULL,
  key        text NOT NULL,
  headers    jsonb NOT NULL,
  value      text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at    timestamptz
);

CREATE INDEX alert_outbox_pending ON flowline.alert_outbox (outbox_id) WHERE sent_at IS NULL;

CREATE TABLE flowline.dead_letters (
  dead_letter_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector         text NOT NULL,
  detector_version integer NOT NULL,
  topic            text NOT NULL,
  partition        integer NOT NULL,
  "offset"         bigint NOT NULL,
  reason           text NOT NULL,
  field            text,
  message          text NOT NULL,
  key              bytea,
  value            bytea,
  headers          jsonb NOT NULL,
  record_time      timestamptz NOT NULL,
  stored_at        timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX dead_letters_newest ON flowline.dead_letters (detector, dead_letter_id DESC);

CREATE VIEW flowline.v1_anomalies AS
SELECT anomaly_id, detector, event_time, event_id, summary, surprise_bits, p_value, top_feature, reason,
       alert -> 'observed' AS observed, alert -> 'expected' AS expected, alert -> 'contributions' AS contributions,
       alert -> 'nearestNormal' AS nearest_normal, log_density_nats, p_method, model_version, detector_version,
       topic, partition, "offset", scored_at, alert_id
FROM flowline.anomalies;

CREATE VIEW flowline.v1_alert_rate_daily AS
SELECT scored.detector, scored.day, scored.model_version, scored.events,
       scored.events * model.alpha AS expected, scored.anomalies AS measured
FROM (
  SELECT detector, (scored_at AT TIME ZONE 'UTC')::date AS day, model_version,
         count(*) AS events, count(*) FILTER (WHERE is_anomaly) AS anomalies
  FROM flowline.scored_events GROUP BY 1, 2, 3
) AS scored
JOIN flowline.model_versions AS model ON model.detector = scored.detector AND model.version = scored.model_version;

COMMENT ON TABLE flowline.anomalies IS 'A row for each anomaly, written with its score.';
COMMENT ON TABLE flowline.alert_outbox IS 'Alerts as they leave; written with their anomalies, sent at least once, marked afterwards.';
COMMENT ON TABLE flowline.dead_letters IS 'Records that could not be scored, as they came.';
COMMENT ON VIEW flowline.v1_anomalies IS 'Stable: anomalies as people read them.';
COMMENT ON VIEW flowline.v1_alert_rate_daily IS 'Stable: anomalies expected (events times alpha) and measured, by UTC day and model version.';
