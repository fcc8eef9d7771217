-- Features that have moved by themselves: drift of their marginal PITs beside that of the conditional ones.

ALTER TABLE flowline.drift_features ADD COLUMN pit text NOT NULL DEFAULT 'conditional'
  CONSTRAINT drift_features_pit_check CHECK (pit IN ('conditional', 'marginal'));
ALTER TABLE flowline.drift_features DROP CONSTRAINT drift_features_pkey;
ALTER TABLE flowline.drift_features ADD PRIMARY KEY (detector, model_version, day, feature, pit);

COMMENT ON TABLE flowline.drift_features IS
  'Comparison of the PITs of each scored feature on each day with those of the first days of the same model; a trainer adds two rows per feature and day.';
COMMENT ON COLUMN flowline.drift_features.pit IS
  'conditional: P(feature <= its value | the rest of the event) by the model. marginal: P(feature <= its value) by the training rows.';
COMMENT ON COLUMN flowline.drift_features.place IS
  'Place among the rows of the day, from 1: those that have drifted first, the farthest before the others.';
COMMENT ON COLUMN flowline.drift_features.drifted IS
  'True if the evidence is at least 4 + log10 of the number of rows of the day: by chance, of any row on at most one day in 10,000.';
COMMENT ON COLUMN flowline.drift_features.change IS
  'Way in which it has moved, given the others if conditional: higher, lower, missing more often, missing less often, or spread otherwise; null unless it has drifted.';

CREATE OR REPLACE VIEW flowline.v1_drift_features AS
SELECT detector, model_version, day, feature, place, compared, stride, evidence, drifted, change, distance, mean_pit, missing_share, pit
FROM flowline.drift_features;
COMMENT ON VIEW flowline.v1_drift_features IS
  'Stable: a row per detector, model, day of scoring, scored feature and kind of PIT: whether the feature, given the rest of its events or by itself, is drawn like on the model''s first days.';
COMMENT ON COLUMN flowline.v1_drift_features.pit IS
  'conditional: the feature given the rest of its events. marginal: the feature by itself.';
COMMENT ON COLUMN flowline.v1_drift_features.place IS
  'place among the rows of the day, from 1: those that have drifted first, the farthest before the others';
COMMENT ON COLUMN flowline.v1_drift_features.drifted IS
  'true if the evidence is at least 4 + log10 of the number of rows of the day: by chance, of any row on one day in 10,000';
COMMENT ON COLUMN flowline.v1_drift_features.change IS
  'higher, lower, missing more often, missing less often, or spread otherwise, given the other features if conditional; null unless it has drifted';
COMMENT ON COLUMN flowline.v1_drift_features.mean_pit IS
  'mean of P(feature <= its value), given the rest of the event if conditional, about 0.5 where nothing has moved; null if all are missing';
