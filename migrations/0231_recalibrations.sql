-- Runs that calibrate the champion again on newer events, without training.

ALTER TABLE flowline.training_runs ADD COLUMN kind text NOT NULL DEFAULT 'training'
  CONSTRAINT training_runs_kind_check CHECK (kind IN ('training', 'recalibration'));
COMMENT ON COLUMN flowline.training_runs.kind IS
  'training: of new weights. recalibration: the champion''s weights with p-values of newer events, as another model version.';
