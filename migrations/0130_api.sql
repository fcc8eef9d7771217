-- The HTTP API: who may call it, what was done, and requests that are answered once.

CREATE TABLE flowline.api_tokens (
  token_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL,
  hash         bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  scope        text NOT NULL CHECK (scope IN ('read', 'operate', 'admin')),
  detectors    text[] CHECK (cardinality(detectors) > 0),
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
COMMENT ON TABLE flowline.api_tokens IS 'Bearer tokens of the API, each as the SHA-256 of its text.';
COMMENT ON COLUMN flowline.api_tokens.scope IS 'read, operate (and read), or admin (everything).';
COMMENT ON COLUMN flowline.api_tokens.detectors IS 'The only detectors that the token is for; null for all.';
COMMENT ON COLUMN flowline.api_tokens.last_used_at IS 'Time of its last use, to the minute.';

CREATE TABLE flowline.audit_log (
  audit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now(),
  actor      text NOT NULL,
  token_id   bigint,
  action     text NOT NULL,
  target     text NOT NULL,
  detector   text,
  request_id text NOT NULL,
  outcome    integer NOT NULL
);
COMMENT ON TABLE flowline.audit_log IS 'Requests that change something, done or refused. Nothing is updated or deleted.';
COMMENT ON COLUMN flowline.audit_log.actor IS 'Name of the token at that time.';
COMMENT ON COLUMN flowline.audit_log.action IS 'Method and route, such as POST /v1/detectors/{detector}/pause.';
COMMENT ON COLUMN flowline.audit_log.outcome IS 'HTTP status of the response.';

CREATE TABLE flowline.idempotency_keys (
  token_id     bigint NOT NULL,
  key          text NOT NULL,
  request_hash bytea NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  status       integer,
  headers      jsonb,
  body         text,
  PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotency_keys_age ON flowline.idempotency_keys (created_at);
COMMENT ON TABLE flowline.idempotency_keys IS 'Responses to requests with an Idempotency-Key, for a day.';
COMMENT ON COLUMN flowline.idempotency_keys.status IS 'Null while the first request is under way.';

-- Pages of alerts, the latest first, for all detectors at once.
CREATE INDEX alerts_all_newest ON flowline.alerts (last_seen DESC, alert_id DESC);
-- What has changed lately, for those who follow it.
CREATE INDEX alerts_changed ON flowline.alerts (changed_at);

DO $$
BEGIN
  IF to_regrole('flowline_api') IS NULL THEN
    CREATE ROLE flowline_api NOLOGIN;
  END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
  RAISE NOTICE 'the role flowline_api was not created: %', SQLERRM;
END
$$;

-- The API reads everything, and does what an operator does. It cannot change what was scored, trained
-- or logged.
CREATE FUNCTION flowline.grant_api() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT INSERT, UPDATE (revoked_at) ON flowline.api_tokens TO flowline_operator;
    GRANT INSERT ON flowline.audit_log TO flowline_operator;
    GRANT INSERT, UPDATE ON flowline.alerts TO flowline_operator;
    GRANT INSERT, UPDATE (dead_at) ON flowline.alert_outbox TO flowline_operator;
    GRANT UPDATE (alerts_due) ON flowline.stream_offsets TO flowline_operator;
    GRANT SELECT ON flowline.api_tokens, flowline.audit_log TO flowline_operator;
  END IF;
  IF to_regrole('flowline_api') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_api;
    GRANT SELECT ON ALL TABLES IN SCHEMA flowline TO flowline_api;
    GRANT INSERT, UPDATE ON flowline.detectors, flowline.model_aliases TO flowline_api;
    GRANT DELETE ON flowline.model_aliases TO flowline_api;
    GRANT INSERT ON flowline.detector_versions TO flowline_api;
    GRANT UPDATE (redriven_at) ON flowline.dead_letters TO flowline_api;
    GRANT INSERT, UPDATE ON flowline.alerts TO flowline_api;
    GRANT INSERT, UPDATE (dead_at) ON flowline.alert_outbox TO flowline_api;
    GRANT UPDATE (alerts_due) ON flowline.stream_offsets TO flowline_api;
    GRANT INSERT, UPDATE (revoked_at, last_used_at) ON flowline.api_tokens TO flowline_api;
    GRANT INSERT ON flowline.audit_log TO flowline_api;
    GRANT INSERT, UPDATE, DELETE ON flowline.idempotency_keys TO flowline_api;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_api() FROM PUBLIC;
