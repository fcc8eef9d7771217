-- The pages: scores of minutes for their charts, and sessions of those who look at them.

CREATE TABLE flowline.score_summaries (
  source_id     integer NOT NULL REFERENCES flowline.score_sources (source_id) ON DELETE CASCADE,
  starts_at     timestamptz NOT NULL,
  width_seconds integer NOT NULL CHECK (width_seconds IN (60, 600, 3600, 21600, 86400)),
  events        bigint NOT NULL,
  anomalies     bigint NOT NULL,
  expected      double precision NOT NULL,
  bits_sum      double precision NOT NULL,
  bits_min      real NOT NULL,
  bits_max      real NOT NULL,
  p_cells       integer[] NOT NULL,
  bits_cells    integer[] NOT NULL,
  stored_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_id, starts_at, width_seconds)
);
COMMENT ON TABLE flowline.score_summaries IS
  'Scores of a source by event time, which charts are drawn from: written with the events, in their transaction.';
COMMENT ON COLUMN flowline.score_summaries.starts_at IS 'Start of the interval of event time.';
COMMENT ON COLUMN flowline.score_summaries.width_seconds IS
  'Length of the interval: a minute, or 10 minutes, 1, 6 or 24 hours where the events of a batch lie far apart.';
COMMENT ON COLUMN flowline.score_summaries.expected IS
  'Anomalies to be expected: the sum over events of the threshold that decided.';
COMMENT ON COLUMN flowline.score_summaries.bits_sum IS 'Sum of the surprise of the events, in bits.';
COMMENT ON COLUMN flowline.score_summaries.p_cells IS 'Events by p-value, in 20 equal cells of [0, 1].';
COMMENT ON COLUMN flowline.score_summaries.bits_cells IS
  'Events by whole bits of surprise from 0 on; 63 or more are in the last of 64, and zeros at the end are left out.';
COMMENT ON COLUMN flowline.score_summaries.stored_at IS 'Time of its last change, from which its retention counts.';

-- Adds two lists of counts, of which the shorter ends with zeros.
CREATE FUNCTION flowline.add_counts(a integer[], b integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY place) FROM unnest(a, b) WITH ORDINALITY AS cells (x, y, place)
$$;

CREATE TABLE flowline.api_sessions (
  hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
  token_id   bigint NOT NULL REFERENCES flowline.api_tokens (token_id) ON DELETE CASCADE,
  is_ticket  boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX api_sessions_end ON flowline.api_sessions (expires_at);
COMMENT ON TABLE flowline.api_sessions IS
  'Sessions of the pages, and tickets that are exchanged for one session each; both as the SHA-256 of their text.';
COMMENT ON COLUMN flowline.api_sessions.token_id IS 'Token whose rights the session has; it ends with the token.';
COMMENT ON COLUMN flowline.api_sessions.is_ticket IS 'True for a ticket, which goes when it is exchanged.';

CREATE FUNCTION flowline.grant_pages() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE ON flowline.score_summaries TO flowline_scorer;
    GRANT EXECUTE ON FUNCTION flowline.add_counts(integer[], integer[]) TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, DELETE ON flowline.score_summaries TO flowline_trainer;
    GRANT SELECT ON flowline.score_sources TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, INSERT, DELETE ON flowline.api_sessions TO flowline_operator;
    GRANT SELECT ON flowline.score_summaries, flowline.score_sources TO flowline_operator;
  END IF;
  IF to_regrole('flowline_api') IS NOT NULL THEN
    GRANT SELECT, INSERT, DELETE ON flowline.api_sessions TO flowline_api;
    GRANT SELECT ON flowline.score_summaries, flowline.score_sources TO flowline_api;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_pages(), flowline.add_counts(integer[], integer[]) FROM PUBLIC;
