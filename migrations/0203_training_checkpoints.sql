-- Checkpoints of trainings that a signal interrupted: the next attempt goes on from them.

CREATE TABLE flowline.training_checkpoints (
  run_id    bigint NOT NULL REFERENCES flowline.training_runs (run_id) ON DELETE CASCADE,
  member    integer NOT NULL,
  bytes     bytea NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, member)
);
-- Weights do not compress.
ALTER TABLE flowline.training_checkpoints ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE flowline.training_checkpoints IS
  'States of interrupted trainings, from which their next attempt goes on; removed when it ends.';
COMMENT ON COLUMN flowline.training_checkpoints.member IS 'Flow of the ensemble, from 0.';
COMMENT ON COLUMN flowline.training_checkpoints.bytes IS 'Checkpoint of the flow library: weights, moments, random states and curves, with a checksum.';

CREATE FUNCTION flowline.grant_checkpoints() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.training_checkpoints TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_checkpoints() FROM PUBLIC;
