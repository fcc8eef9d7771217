-- Trainings are asked for, watched and cancelled through rows: a trainer that serves takes a request up.

ALTER TABLE flowline.training_runs
  DROP CONSTRAINT training_runs_status_check,
  DROP CONSTRAINT training_runs_finished_check,
  ADD COLUMN requested_at timestamptz,
  ADD COLUMN requested_by text,
  ADD COLUMN promotion text,
  ADD COLUMN progress jsonb,
  ADD COLUMN cancel_requested_at timestamptz,
  ADD COLUMN cancelled_by text,
  ADD CONSTRAINT training_runs_status_check
    CHECK (status IN ('requested', 'running', 'succeeded', 'failed', 'abandoned', 'cancelled')),
  ADD CONSTRAINT training_runs_finished_check CHECK ((status IN ('requested', 'running')) = (finished_at IS NULL)),
  ADD CONSTRAINT training_runs_requested_check CHECK (status <> 'requested' OR requested_at IS NOT NULL),
  ADD CONSTRAINT training_runs_promotion_check CHECK (promotion IN ('auto', 'always', 'never'));
COMMENT ON COLUMN flowline.training_runs.status IS
  'requested: waits for a trainer; abandoned: its trainer ended without saying how (its tick may be claimed again); cancelled: on request.';
COMMENT ON COLUMN flowline.training_runs.phase IS 'Phase of a running run; requested for one that waits or never began.';
COMMENT ON COLUMN flowline.training_runs.started_at IS 'Start of the attempt; the time of the request while it waits.';
COMMENT ON COLUMN flowline.training_runs.requested_at IS 'Time of the request; null for a run of the schedule or of a command.';
COMMENT ON COLUMN flowline.training_runs.requested_by IS 'Who asked for it: the name of a token, or the database user.';
COMMENT ON COLUMN flowline.training_runs.promotion IS 'Promotion mode that was asked for; null for that of the definition.';
COMMENT ON COLUMN flowline.training_runs.progress IS 'Progress within the phase: {stage, share, step, steps}; null for none.';
COMMENT ON COLUMN flowline.training_runs.cancel_requested_at IS 'Time at which its cancellation was asked for; its trainer stops within seconds.';
COMMENT ON COLUMN flowline.training_runs.cancelled_by IS 'Who asked for its cancellation.';

-- One request of a detector waits at a time.
CREATE UNIQUE INDEX training_runs_requested ON flowline.training_runs (detector) WHERE status = 'requested';
CREATE INDEX training_runs_running ON flowline.training_runs (detector) WHERE status = 'running';

CREATE TABLE flowline.trainers (
  trainer    uuid PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE flowline.trainers IS 'Trainers that serve: those that take up requests.';
COMMENT ON COLUMN flowline.trainers.trainer IS 'Random id of the process.';
COMMENT ON COLUMN flowline.trainers.started_at IS 'Time of its first report.';
COMMENT ON COLUMN flowline.trainers.seen_at IS 'Time of its last report, which comes every five seconds.';

COMMENT ON COLUMN flowline.v1_detector_health.last_training IS
  'requested, running, succeeded, failed, abandoned or cancelled; null for none';
COMMENT ON COLUMN flowline.v1_detector_health.last_training_at IS 'start of the last training, or time of its request';

CREATE FUNCTION flowline.grant_training_requests() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  role text;
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.trainers TO flowline_trainer;
  END IF;
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT INSERT (detector, detector_version, status, phase, requested_at, requested_by, promotion),
      UPDATE (status, phase, attempt, progress, finished_at, cancel_requested_at, cancelled_by)
      ON flowline.training_runs TO %I', role);
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_training_requests() FROM PUBLIC;
