-- Detectors and their definitions. A definition never changes: applying another one makes a new version.

CREATE FUNCTION flowline.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'flowline.% is immutable: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Store a new version instead.';
END
$$;

CREATE TABLE flowline.detectors (
  name            text PRIMARY KEY CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  current_version integer NOT NULL CHECK (current_version >= 1),
  created_at      timestamptz NOT NULL DEFAULT now(),
  applied_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE flowline.detector_versions (
  detector   text NOT NULL REFERENCES flowline.detectors (name),
  version    integer NOT NULL CHECK (version >= 1),
  definition jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
  sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, version)
);

-- A detector and its first version refer to each other, so the check waits for the end of the transaction.
ALTER TABLE flowline.detectors
  ADD CONSTRAINT detectors_current_version_fkey FOREIGN KEY (name, current_version)
  REFERENCES flowline.detector_versions (detector, version) DEFERRABLE INITIALLY DEFERRED;

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON flowline.detector_versions
  FOR EACH ROW EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable_table BEFORE TRUNCATE ON flowline.detector_versions
  FOR EACH STATEMENT EXECUTE FUNCTION flowline.refuse_change();

COMMENT ON TABLE flowline.detectors IS 'Detectors by name, with the version that is in force.';
COMMENT ON TABLE flowline.detector_versions IS 'Every definition a detector has had; immutable.';
COMMENT ON COLUMN flowline.detector_versions.sha256 IS 'Of the definition as JSON with sorted keys.';
