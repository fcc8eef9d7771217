-- Candidates of a model that was chosen among several (model.family: auto): its leaderboard.

CREATE VIEW flowline.v1_model_candidates AS
SELECT m.detector, m.version AS model_version, c.place::integer AS place, c.report ->> 'name' AS candidate,
       c.report ->> 'family' AS family, c.report ->> 'partition' AS partition, (c.report ->> 'layers')::integer AS layers,
       (c.report ->> 'parameters')::bigint AS parameters, (c.report ->> 'steps')::integer AS steps,
       (c.report ->> 'rows')::bigint AS heldout_rows,
       (c.report ->> 'nllNats')::double precision AS heldout_nll_nats,
       (c.report ->> 'standardError')::double precision AS heldout_standard_error,
       (c.report ->> 'gainNats')::double precision AS gain_nats,
       (c.report ->> 'gainStandardError')::double precision AS gain_standard_error,
       (c.report ->> 'seconds')::double precision AS seconds,
       (c.report ->> 'chosen')::boolean AS chosen, c.report ->> 'reason' AS reason
FROM flowline.model_versions m
CROSS JOIN LATERAL jsonb_array_elements(
  CASE WHEN jsonb_typeof(m.manifest -> 'candidates') = 'array' THEN m.manifest -> 'candidates' ELSE '[]' END
) WITH ORDINALITY AS c (report, place);
COMMENT ON VIEW flowline.v1_model_candidates IS
  'Stable: a row per model and candidate that it was chosen from (model.family: auto); none for a model whose family was named.';
COMMENT ON COLUMN flowline.v1_model_candidates.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_model_candidates.model_version IS 'version of the model';
COMMENT ON COLUMN flowline.v1_model_candidates.place IS 'place by held-out likelihood, from 1; last are those that could not be trained';
COMMENT ON COLUMN flowline.v1_model_candidates.candidate IS 'name of the candidate, unique within the model';
COMMENT ON COLUMN flowline.v1_model_candidates.family IS 'family of its density';
COMMENT ON COLUMN flowline.v1_model_candidates.partition IS 'partition of the features in its couplings; null if it has none';
COMMENT ON COLUMN flowline.v1_model_candidates.layers IS 'number of its layers; null for the depth that is usual for the family';
COMMENT ON COLUMN flowline.v1_model_candidates.parameters IS 'number of its trainable values';
COMMENT ON COLUMN flowline.v1_model_candidates.steps IS 'training steps done; 0 if it was fitted without';
COMMENT ON COLUMN flowline.v1_model_candidates.heldout_rows IS 'validation rows that it was compared on';
COMMENT ON COLUMN flowline.v1_model_candidates.heldout_nll_nats IS
  'mean of -log p of those rows, in nats and original units: lower is better; null if it could not be trained';
COMMENT ON COLUMN flowline.v1_model_candidates.heldout_standard_error IS 'standard error of that mean, in nats';
COMMENT ON COLUMN flowline.v1_model_candidates.gain_nats IS
  'mean of log p minus log p of the most likely candidate on the same rows with the same noise, each difference clipped to 5 nats; 0 for that candidate';
COMMENT ON COLUMN flowline.v1_model_candidates.gain_standard_error IS 'standard error of that mean, in nats';
COMMENT ON COLUMN flowline.v1_model_candidates.seconds IS
  'duration of its training and scoring on its share of the threads, in seconds; null for a model that was calibrated again';
COMMENT ON COLUMN flowline.v1_model_candidates.chosen IS 'true if the model is of this candidate';
COMMENT ON COLUMN flowline.v1_model_candidates.reason IS 'why it was chosen, or not';
