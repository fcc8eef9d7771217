-- Model versions, their bytes, and the alias by which scorers find the one in force.

CREATE TABLE flowline.model_artifacts (
  sha256     text PRIMARY KEY,
  bytes      bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT model_artifacts_content_check CHECK (sha256 = encode(sha256(bytes), 'hex'))
);
-- Weights do not compress; trying costs time on every read and write.
ALTER TABLE flowline.model_artifacts ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE flowline.model_versions (
  detector         text NOT NULL,
  version          integer NOT NULL CHECK (version >= 1),
  detector_version integer NOT NULL,
  sha256           text NOT NULL REFERENCES flowline.model_artifacts (sha256),
  alpha            double precision NOT NULL CHECK (alpha > 0 AND alpha < 1),
  manifest         jsonb NOT NULL CHECK (jsonb_typeof(manifest) = 'object'),
  created_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, version),
  FOREIGN KEY (detector, detector_version) REFERENCES flowline.detector_versions (detector, version)
);

CREATE TABLE flowline.model_aliases (
  detector   text NOT NULL,
  alias      text NOT NULL CHECK (alias = 'champion'),
  version    integer NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, alias),
  FOREIGN KEY (detector, version) REFERENCES flowline.model_versions (detector, version)
);

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON flowline.model_artifacts
  FOR EACH ROW EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable_table BEFORE TRUNCATE ON flowline.model_artifacts
  FOR EACH STATEMENT EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON flowline.model_versions
  FOR EACH ROW EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable_table BEFORE TRUNCATE ON flowline.model_versions
  FOR EACH STATEMENT EXECUTE FUNCTION flowline.refuse_change();

COMMENT ON TABLE flowline.model_artifacts IS 'The bytes of models, addressed by content; immutable.';
COMMENT ON TABLE flowline.model_versions IS 'Trained models by detector; immutable.';
COMMENT ON COLUMN flowline.model_versions.alpha IS 'An event is an anomaly where its p-value is at most this.';
COMMENT ON TABLE flowline.model_aliases IS 'champion: the model version that scores.';
