-- Documents beside detectors: rules, calendars and sinks. Every version that was applied is kept.

CREATE TABLE flowline.resources (
  kind       text NOT NULL,
  name       text NOT NULL,
  version    integer NOT NULL,
  spec       jsonb NOT NULL,
  sha256     text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL,
  removed_at timestamptz,
  PRIMARY KEY (kind, name)
);
COMMENT ON TABLE flowline.resources IS 'Rules, calendars and sinks, each in its latest version.';
COMMENT ON COLUMN flowline.resources.kind IS 'Rule, Calendar or Sink.';
COMMENT ON COLUMN flowline.resources.applied_by IS 'Who applied it: the name that was given, or the database user.';
COMMENT ON COLUMN flowline.resources.removed_at IS 'Time of its removal; null while it is in force.';

CREATE TABLE flowline.resource_versions (
  kind       text NOT NULL,
  name       text NOT NULL,
  version    integer NOT NULL,
  spec       jsonb NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL,
  PRIMARY KEY (kind, name, version)
);
COMMENT ON TABLE flowline.resource_versions IS 'Every version of a rule, calendar or sink that was applied.';

-- A version that cannot be used is passed over; its first fault is told here.
CREATE TABLE flowline.resource_faults (
  kind     text NOT NULL,
  name     text NOT NULL,
  version  integer NOT NULL,
  message  text NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name, version)
);
COMMENT ON TABLE flowline.resource_faults IS 'The first fault of a version while it was used.';

CREATE FUNCTION flowline.grant_resources() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resources TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.resource_faults TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resources TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE ON flowline.resources TO flowline_operator;
    GRANT SELECT, INSERT ON flowline.resource_versions TO flowline_operator;
    GRANT SELECT ON flowline.resource_faults TO flowline_operator;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_resources() FROM PUBLIC;
