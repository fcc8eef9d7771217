-- Attempts at a training that ended for a reason that may pass are followed by another, after a while.

ALTER TABLE flowline.training_runs ADD COLUMN retry_at timestamptz;
COMMENT ON COLUMN flowline.training_runs.retry_at IS
  'Time from which the next attempt may be made, of a run that was interrupted or failed for a reason that may pass; null for none.';
