-- Scores by the hour beside those by the minute, for charts of long ranges and of many detectors.

CREATE TABLE flowline.score_hours (
  source_id     integer NOT NULL REFERENCES flowline.score_sources (source_id) ON DELETE CASCADE,
  starts_at     timestamptz NOT NULL,
  width_seconds integer NOT NULL CHECK (width_seconds IN (3600, 21600, 86400)),
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
) WITH (fillfactor = 70);
COMMENT ON TABLE flowline.score_hours IS
  'The intervals of score_summaries summed by the hour, in the transaction that writes them; longer ones are as they are there.';
COMMENT ON COLUMN flowline.score_hours.starts_at IS 'Start of the interval of event time.';
COMMENT ON COLUMN flowline.score_hours.width_seconds IS
  'Length of the interval: an hour, or 6 or 24 hours where the events of a batch lie far apart.';
COMMENT ON COLUMN flowline.score_hours.expected IS
  'Anomalies to be expected: the sum over events of the threshold that decided.';
COMMENT ON COLUMN flowline.score_hours.bits_sum IS 'Sum of the surprise of the events, in bits.';
COMMENT ON COLUMN flowline.score_hours.p_cells IS 'Events by p-value, in 20 equal cells of [0, 1].';
COMMENT ON COLUMN flowline.score_hours.bits_cells IS
  'Events by whole bits of surprise from 0 on; 63 or more are in the last of 64, and zeros at the end are left out.';
COMMENT ON COLUMN flowline.score_hours.stored_at IS 'Time of its last change, from which its retention counts.';

-- Cells are summed one by one, which is several times as fast as unnesting every list.
DO $$
DECLARE
  p_sums text := (SELECT string_agg(format('sum(p_cells[%s])::integer', i), ', ' ORDER BY i) FROM generate_series(1, 20) AS i);
  bits_sums text := (SELECT string_agg(format('coalesce(sum(bits_cells[%s]), 0)::integer', i), ', ' ORDER BY i)
    FROM generate_series(1, 64) AS i);
BEGIN
  EXECUTE 'INSERT INTO flowline.score_hours (source_id, starts_at, width_seconds, events, anomalies, expected, bits_sum,
      bits_min, bits_max, p_cells, bits_cells, stored_at)
    SELECT source_id, date_trunc(''hour'', starts_at, ''UTC''), greatest(width_seconds, 3600), sum(events), sum(anomalies),
      sum(expected), sum(bits_sum), min(bits_min), max(bits_max), ARRAY[' || p_sums || '],
      (ARRAY[' || bits_sums || '])[1:max(cardinality(bits_cells))], max(stored_at)
    FROM flowline.score_summaries GROUP BY 1, 2, 3';
END
$$;

CREATE OR REPLACE FUNCTION flowline.grant_pages() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE ON flowline.score_summaries, flowline.score_hours TO flowline_scorer;
    GRANT EXECUTE ON FUNCTION flowline.add_counts(integer[], integer[]) TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, DELETE ON flowline.score_summaries, flowline.score_hours TO flowline_trainer;
    GRANT SELECT ON flowline.score_sources TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, INSERT, DELETE ON flowline.api_sessions TO flowline_operator;
    GRANT SELECT ON flowline.score_summaries, flowline.score_hours, flowline.score_sources TO flowline_operator;
  END IF;
  IF to_regrole('flowline_api') IS NOT NULL THEN
    GRANT SELECT, INSERT, DELETE ON flowline.api_sessions TO flowline_api;
    GRANT SELECT ON flowline.score_summaries, flowline.score_hours, flowline.score_sources TO flowline_api;
  END IF;
END
$$;
