-- Features that have moved, by day: drift of their conditional probability integral transforms (PITs).

CREATE TABLE flowline.drift_features (
  detector      text NOT NULL,
  model_version integer NOT NULL,
  day           date NOT NULL,
  feature       text NOT NULL,
  place         integer NOT NULL,
  compared      integer NOT NULL,
  stride        integer NOT NULL,
  evidence      double precision NOT NULL,
  drifted       boolean NOT NULL,
  change        text,
  distance      double precision NOT NULL,
  mean_pit      double precision,
  missing_share double precision NOT NULL,
  histogram     integer[] NOT NULL,
  PRIMARY KEY (detector, model_version, day, feature)
);
COMMENT ON TABLE flowline.drift_features IS
  'Comparison of the conditional PITs of each scored feature on each day, P(feature <= its value | the rest of the event) by the model, with those of the first days of the same model; a trainer adds a row per feature and day.';
COMMENT ON COLUMN flowline.drift_features.day IS 'UTC day of scoring.';
COMMENT ON COLUMN flowline.drift_features.place IS 'Place among the features of the day, from 1: those that have drifted first, the farthest before the others.';
COMMENT ON COLUMN flowline.drift_features.compared IS 'Number of PITs compared: thinned, so that they are nearly independent.';
COMMENT ON COLUMN flowline.drift_features.stride IS 'One of so many PITs was compared.';
COMMENT ON COLUMN flowline.drift_features.evidence IS
  'Decimal logarithm of the largest capital of a martingale that bets against the day being like the first days.';
COMMENT ON COLUMN flowline.drift_features.drifted IS
  'True if the evidence is at least 4 + log10 of the number of features: by chance, of any feature on at most one day in 10,000.';
COMMENT ON COLUMN flowline.drift_features.change IS
  'Way in which it has moved given the others: higher, lower, missing more often, missing less often, or spread otherwise; null unless it has drifted.';
COMMENT ON COLUMN flowline.drift_features.distance IS 'Largest difference of the CDFs of the PITs of the day and of the first days.';
COMMENT ON COLUMN flowline.drift_features.mean_pit IS 'Mean PIT of the values compared, 0.5 where the model fits; null if all are missing.';
COMMENT ON COLUMN flowline.drift_features.missing_share IS 'Share of the events compared that lack the feature.';
COMMENT ON COLUMN flowline.drift_features.histogram IS 'Counts of the PITs compared in 128 cells of [0, 1]; missing values in the first.';

CREATE VIEW flowline.v1_drift_features AS
SELECT detector, model_version, day, feature, place, compared, stride, evidence, drifted, change, distance, mean_pit, missing_share
FROM flowline.drift_features;
COMMENT ON VIEW flowline.v1_drift_features IS
  'Stable: a row per detector, model, day of scoring and scored feature: whether the feature, given the rest of its events, is drawn like on the model''s first days.';
COMMENT ON COLUMN flowline.v1_drift_features.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_drift_features.model_version IS 'model that scored';
COMMENT ON COLUMN flowline.v1_drift_features.day IS 'UTC day of scoring';
COMMENT ON COLUMN flowline.v1_drift_features.feature IS 'name of the feature';
COMMENT ON COLUMN flowline.v1_drift_features.place IS 'place among the features of the day, from 1: those that have drifted first, the farthest before the others';
COMMENT ON COLUMN flowline.v1_drift_features.compared IS 'number of events compared, nearly independent of each other';
COMMENT ON COLUMN flowline.v1_drift_features.stride IS 'one of so many events read was compared';
COMMENT ON COLUMN flowline.v1_drift_features.evidence IS 'evidence of drift, a decimal logarithm';
COMMENT ON COLUMN flowline.v1_drift_features.drifted IS
  'true if the evidence is at least 4 + log10 of the number of features: by chance, of any feature on one day in 10,000';
COMMENT ON COLUMN flowline.v1_drift_features.change IS
  'higher, lower, missing more often, missing less often, or spread otherwise, given the other features; null unless it has drifted';
COMMENT ON COLUMN flowline.v1_drift_features.distance IS 'distance from the first days, 0 to 1';
COMMENT ON COLUMN flowline.v1_drift_features.mean_pit IS
  'mean of P(feature <= its value | the rest of the event), 0.5 where the model fits; null if all are missing';
COMMENT ON COLUMN flowline.v1_drift_features.missing_share IS 'share of the events that lack the feature';

CREATE FUNCTION flowline.grant_drift_features() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT ON flowline.drift_features TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_drift_features() FROM PUBLIC;
