-- Drift of the p-values, by day, and trainings that drift and new rows request.

CREATE TABLE flowline.drift_days (
  detector       text NOT NULL,
  model_version  integer NOT NULL,
  day            date NOT NULL,
  events         bigint NOT NULL,
  compared       integer NOT NULL,
  stride         integer NOT NULL,
  reference_days integer NOT NULL,
  evidence       double precision NOT NULL,
  drifted        boolean NOT NULL,
  histogram      integer[] NOT NULL,
  checked_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, model_version, day)
);
COMMENT ON TABLE flowline.drift_days IS
  'Comparison of the p-values of each day with those of the first days of the same model; a trainer adds a row per day.';
COMMENT ON COLUMN flowline.drift_days.day IS 'UTC day of scoring.';
COMMENT ON COLUMN flowline.drift_days.events IS 'Events that the model scored on that day.';
COMMENT ON COLUMN flowline.drift_days.compared IS 'Number of p-values compared: thinned, so that they are nearly independent.';
COMMENT ON COLUMN flowline.drift_days.stride IS 'One of so many p-values was compared.';
COMMENT ON COLUMN flowline.drift_days.reference_days IS 'Number of days compared with: those of the first seven of the model that came before.';
COMMENT ON COLUMN flowline.drift_days.evidence IS
  'Decimal logarithm of the largest capital of a martingale that bets against the day being like them.';
COMMENT ON COLUMN flowline.drift_days.drifted IS 'True if the evidence is at least 4: by chance, on at most one day in 10,000.';
COMMENT ON COLUMN flowline.drift_days.histogram IS 'Counts of the compared p-values in 128 cells of [0, 1].';

CREATE VIEW flowline.v1_drift_daily AS
SELECT detector, model_version, day, events, compared, stride, reference_days, evidence, drifted, checked_at
FROM flowline.drift_days;
COMMENT ON VIEW flowline.v1_drift_daily IS
  'Stable: a row per detector, model and day of scoring: whether its p-values are drawn like those of the model''s first days.';
COMMENT ON COLUMN flowline.v1_drift_daily.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_drift_daily.model_version IS 'model that scored';
COMMENT ON COLUMN flowline.v1_drift_daily.day IS 'UTC day of scoring';
COMMENT ON COLUMN flowline.v1_drift_daily.events IS 'events that the model scored on that day';
COMMENT ON COLUMN flowline.v1_drift_daily.compared IS 'number of p-values compared, nearly independent of each other';
COMMENT ON COLUMN flowline.v1_drift_daily.stride IS 'one of so many p-values read was compared: the more events depend on each other, the fewer';
COMMENT ON COLUMN flowline.v1_drift_daily.reference_days IS 'number of days compared with; 0 for the first';
COMMENT ON COLUMN flowline.v1_drift_daily.evidence IS 'evidence of drift, a decimal logarithm: 4 or more comes up by chance on one day in 10,000';
COMMENT ON COLUMN flowline.v1_drift_daily.drifted IS 'true if the evidence is at least 4';
COMMENT ON COLUMN flowline.v1_drift_daily.checked_at IS 'time of the comparison';

ALTER TABLE flowline.training_runs ADD COLUMN events_scored bigint;
COMMENT ON COLUMN flowline.training_runs.events_scored IS
  'Events of the detector that models had scored in all when the attempt began; null for one that has not begun.';

CREATE FUNCTION flowline.grant_drift() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT ON flowline.drift_days TO flowline_trainer;
    GRANT SELECT ON flowline.event_counts TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_drift() FROM PUBLIC;
