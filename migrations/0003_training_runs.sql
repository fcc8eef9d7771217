-- Every attempt to train. A scheduled time is claimed once for each detector, whoever claims it.

CREATE TABLE flowline.training_runs (
  run_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector         text NOT NULL,
  detector_version integer NOT NULL,
  scheduled_for    timestamptz,
  attempt          integer NOT NULL DEFAULT 1,
  status           text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'succeeded', 'failed', 'abandoned')),
  phase            text NOT NULL DEFAULT 'starting',
  started_at       timestamptz NOT NULL DEFAULT now(),
  phase_started_at timestamptz NOT NULL DEFAULT now(),
  finished_at      timestamptz,
  phases           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(phases) = 'array'),
  curves           jsonb NOT NULL DEFAULT '[]',
  metrics          jsonb NOT NULL DEFAULT '{}',
  model_version    integer,
  promoted         boolean,
  error            jsonb,
  FOREIGN KEY (detector, detector_version) REFERENCES flowline.detector_versions (detector, version),
  FOREIGN KEY (detector, model_version) REFERENCES flowline.model_versions (detector, version),
  CONSTRAINT training_runs_finished_check CHECK ((status = 'running') = (finished_at IS NULL)),
  CONSTRAINT training_runs_scheduled_once UNIQUE (detector, scheduled_for)
);

CREATE INDEX training_runs_latest ON flowline.training_runs (detector, started_at DESC);

COMMENT ON TABLE flowline.training_runs IS 'Every attempt to train a detector, with its curves and what came of it.';
COMMENT ON COLUMN flowline.training_runs.scheduled_for IS 'The tick of the schedule it runs for; null when started by hand.';
COMMENT ON COLUMN flowline.training_runs.phases IS 'Finished phases: [{phase, seconds}].';
COMMENT ON COLUMN flowline.training_runs.status IS 'abandoned: its trainer ended without saying how; its tick may be claimed again.';
