-- Runs that calibrate the champion again on newer events, without training.

ALTER TABLE flowline.training_runs ADD COLUMN kind text NOT NULL DEFAULT 'training'
  CONSTRAINT training_runs_kind_check CHECK (kind IN ('training', 'recalibration'));
COMMENT ON COLUMN flowline.training_runs.kind IS
  'training: of new weights. recalibration: the champion''s weights with p-values of newer events, as another model version.';

-- Who requests a training says which kind.
CREATE OR REPLACE FUNCTION flowline.grant_training_requests() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  role text;
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.trainers TO flowline_trainer;
  END IF;
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT INSERT (detector, detector_version, kind, status, phase, requested_at, requested_by, promotion),
      UPDATE (status, phase, attempt, progress, finished_at, cancel_requested_at, cancelled_by)
      ON flowline.training_runs TO %I', role);
  END LOOP;
END
$$;
