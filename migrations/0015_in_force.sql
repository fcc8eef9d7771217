-- Which definition and which model score, since when, and why not the newest; and alarms expected by the alpha that decided.

ALTER TABLE flowline.model_aliases DROP CONSTRAINT model_aliases_alias_check;
ALTER TABLE flowline.model_aliases
  ADD CONSTRAINT model_aliases_alias_check CHECK (alias IN ('champion', 'challenger', 'previous'));
COMMENT ON TABLE flowline.model_aliases IS
  'champion: the model version that scores; previous: the one before it; challenger: a newer one that is held back.';

CREATE TABLE flowline.detectors_in_force (
  detector         text PRIMARY KEY REFERENCES flowline.detectors (name),
  detector_version integer,
  model_version    integer,
  alpha            double precision,
  alpha_note       text,
  since            timestamptz,
  seen_at          timestamptz,
  fault_code       text,
  fault_reason     text,
  fault_remedy     text,
  held_version     integer,
  held_code        text,
  held_reason      text,
  held_remedy      text,
  held_at          timestamptz
);

COMMENT ON TABLE flowline.detectors_in_force IS 'What scores each detector, as scorers say it, and which model is held back, as trainers and operators say it.';
COMMENT ON COLUMN flowline.detectors_in_force.detector_version IS 'The definition that the scorer follows: its decision, alerts and source.';
COMMENT ON COLUMN flowline.detectors_in_force.since IS 'When this definition, model and alpha began to score together.';
COMMENT ON COLUMN flowline.detectors_in_force.seen_at IS 'When a scorer last said so; long ago: none runs.';
COMMENT ON COLUMN flowline.detectors_in_force.alpha_note IS 'Why alpha is not what the definition in force asks for; null where it is.';
COMMENT ON COLUMN flowline.detectors_in_force.fault_code IS 'Why the scorer does not use the champion; null where it does.';
COMMENT ON COLUMN flowline.detectors_in_force.held_version IS 'The newest model version that does not score though it is trained; null where there is none.';

-- alpha may change while a model stays: what is expected is summed by the alpha that decided.
ALTER TABLE flowline.event_counts ADD COLUMN expected double precision NOT NULL DEFAULT 0;
UPDATE flowline.event_counts AS counted SET expected = counted.events * model.alpha
FROM flowline.model_versions AS model
WHERE model.detector = counted.detector AND model.version = counted.model_version;
COMMENT ON COLUMN flowline.event_counts.expected IS 'Anomalies to be expected: the sum over events of the alpha that decided.';

CREATE OR REPLACE VIEW flowline.v1_alert_rate_daily AS
SELECT detector, day, model_version, sum(events)::bigint AS events, sum(expected) AS expected, sum(anomalies)::bigint AS measured
FROM flowline.event_counts GROUP BY 1, 2, 3;
COMMENT ON VIEW flowline.v1_alert_rate_daily IS
  'Stable: anomalies expected (by the alpha that decided) and measured, by UTC day and model version.';
