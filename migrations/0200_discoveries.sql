-- Control of the false discovery rate (decision.control.fdr): what has been tested and found in each partition,
-- from which the thresholds of its next events follow.

CREATE TABLE flowline.partition_discoveries (
  detector   text NOT NULL,
  topic      text NOT NULL,
  partition  integer NOT NULL,
  level      double precision NOT NULL,
  tests      bigint NOT NULL,
  discovered bigint NOT NULL,
  latest     bigint[] NOT NULL,
  expected   double precision NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, topic, partition)
) WITH (fillfactor = 50); -- room on the page: every batch updates its row in place
COMMENT ON TABLE flowline.partition_discoveries IS
  'Tests and discoveries of the partitions of detectors that control their false discovery rate; stored with each batch.';
COMMENT ON COLUMN flowline.partition_discoveries.level IS 'decision.control.fdr; another level begins another sequence of tests.';
COMMENT ON COLUMN flowline.partition_discoveries.tests IS 'Events tested.';
COMMENT ON COLUMN flowline.partition_discoveries.discovered IS 'Anomalies among them.';
COMMENT ON COLUMN flowline.partition_discoveries.latest IS 'Numbers of the latest 256 of these among the tests, which count from 1.';
COMMENT ON COLUMN flowline.partition_discoveries.expected IS 'Sum of the thresholds of all tests: at most so many false anomalies are to be expected.';

CREATE VIEW flowline.v1_discoveries AS
SELECT detector, topic, partition, level, tests, discovered AS anomalies, expected AS expected_false,
       expected / greatest(discovered, 1) AS estimated_fdr, updated_at
FROM flowline.partition_discoveries;
COMMENT ON VIEW flowline.v1_discoveries IS
  'Stable: a row per partition of a detector that controls its false discovery rate: tests, anomalies, and false ones to be expected.';
COMMENT ON COLUMN flowline.v1_discoveries.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_discoveries.topic IS 'topic of the events';
COMMENT ON COLUMN flowline.v1_discoveries.partition IS 'partition of the events';
COMMENT ON COLUMN flowline.v1_discoveries.level IS 'false discovery rate asked for (decision.control.fdr)';
COMMENT ON COLUMN flowline.v1_discoveries.tests IS 'events tested since that rate was asked for';
COMMENT ON COLUMN flowline.v1_discoveries.anomalies IS 'anomalies among them';
COMMENT ON COLUMN flowline.v1_discoveries.expected_false IS 'anomalies to be expected of normal events, at most: the sum of the thresholds that decided';
COMMENT ON COLUMN flowline.v1_discoveries.estimated_fdr IS 'expected_false per anomaly (of one, if there is none)';
COMMENT ON COLUMN flowline.v1_discoveries.updated_at IS 'time of the last batch';

CREATE FUNCTION flowline.grant_discoveries() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.partition_discoveries TO flowline_scorer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_discoveries() FROM PUBLIC;

COMMENT ON COLUMN flowline.v1_detector_health.alpha IS
  'p-value up to which an event is an anomaly; null for a detector that controls its false discovery rate';
