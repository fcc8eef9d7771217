-- Events before the first model, a sample of normal events, and counts that neither touches.

-- Time lag is read from here: the time of the last record that is stored.
ALTER TABLE flowline.stream_offsets ADD COLUMN record_time timestamptz;

-- An event that came before the first model is stored without a score: it is history for that model.
ALTER TABLE flowline.scored_events
  ALTER COLUMN model_version DROP NOT NULL,
  ALTER COLUMN log_density_nats DROP NOT NULL,
  ALTER COLUMN p_value DROP NOT NULL,
  ALTER COLUMN p_method DROP NOT NULL,
  ADD COLUMN in_sample boolean NOT NULL DEFAULT true;

COMMENT ON TABLE flowline.scored_events IS
  'Scored events, and those that came before the first model (without a score); partitioned by UTC day of scored_at. A stored score never changes.';
COMMENT ON COLUMN flowline.scored_events.in_sample IS
  'Of the uniform sample of all events that retention.sample keeps. false: kept for being an anomaly; left out of distributions and of history.';

-- One row a stream, day and model: batches of a stream take turns at its offset already, so nobody waits here.
CREATE TABLE flowline.event_counts (
  detector      text NOT NULL,
  model_version integer NOT NULL,
  day           date NOT NULL,
  topic         text NOT NULL,
  partition     integer NOT NULL,
  events        bigint NOT NULL,
  anomalies     bigint NOT NULL,
  PRIMARY KEY (detector, model_version, day, topic, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE flowline.event_counts IS 'Every event that was scored, whether its row is kept or not, by UTC day of scoring.';

INSERT INTO flowline.event_counts
SELECT detector, model_version, (scored_at AT TIME ZONE 'UTC')::date, topic, partition, count(*), count(*) FILTER (WHERE is_anomaly)
FROM flowline.scored_events GROUP BY 1, 2, 3, 4, 5;

CREATE OR REPLACE VIEW flowline.v1_alert_rate_daily AS
SELECT counted.detector, counted.day, counted.model_version, counted.events,
       counted.events * model.alpha AS expected, counted.anomalies AS measured
FROM (
  SELECT detector, day, model_version, sum(events)::bigint AS events, sum(anomalies)::bigint AS anomalies
  FROM flowline.event_counts GROUP BY 1, 2, 3
) AS counted
JOIN flowline.model_versions AS model ON model.detector = counted.detector AND model.version = counted.model_version;

-- Whether and where a dead letter was sent back to its topic.
ALTER TABLE flowline.dead_letters ADD COLUMN redriven_at timestamptz;
COMMENT ON COLUMN flowline.dead_letters.redriven_at IS 'When it was sent to its topic again; null: never.';
