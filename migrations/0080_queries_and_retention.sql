-- Questions are fast on days of either layout and on days that are over, retention removes claims of
-- entities in bounded batches, and no function that grants is for everybody.

-- The index of an old day begins with the detector, so the view names the detectors that the old days
-- have: an event is found in them by its time alone. Nothing is added to them, so the list is final.
CREATE OR REPLACE FUNCTION flowline.create_scored_events_view() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wide      text := '';
  detectors text[];
BEGIN
  IF to_regclass('flowline.scored_events_wide') IS NOT NULL THEN
    EXECUTE 'WITH RECURSIVE known AS (
        SELECT min(detector) AS detector FROM flowline.scored_events_wide
        UNION ALL
        SELECT (SELECT min(w.detector) FROM flowline.scored_events_wide w WHERE w.detector > known.detector)
        FROM known WHERE known.detector IS NOT NULL)
      SELECT coalesce(array_agg(detector), ''{}'') FROM known WHERE detector IS NOT NULL' INTO detectors;
    wide := format('UNION ALL
      SELECT detector, detector_version, model_version, topic, partition, "offset", event_id, event_time, scored_at,
        log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values, entity, in_sample
      FROM flowline.scored_events_wide WHERE detector = ANY (%L::text[])', detectors);
  END IF;
  EXECUTE 'CREATE OR REPLACE VIEW flowline.scored_events AS
    SELECT s.detector, s.detector_version, s.model_version, s.topic, s.partition, e."offset", e.event_id, e.event_time, e.scored_at,
      coalesce(e.exact_log_density, e.log_density::text::double precision) AS log_density_nats,
      coalesce(e.exact_p_value, e.p_value::text::double precision) AS p_value,
      (ARRAY[''empirical'', ''tail'', ''floor''])[e.flags >> 2] AS p_method,
      (e.flags & 1) <> 0 AS is_anomaly,
      CASE
        WHEN e.exact_values IS NULL THEN coalesce(e.numeric_values::text::double precision[], ''{}'')
        WHEN e.numeric_values IS NULL THEN e.exact_values
        ELSE (SELECT array_agg(coalesce(v.exact, v.compact::text::double precision) ORDER BY v.place)
          FROM unnest(e.exact_values, e.numeric_values) WITH ORDINALITY AS v (exact, compact, place))
      END AS numeric_values,
      coalesce(e.level_values, ''{}'') AS level_values,
      e.entity,
      (e.flags & 2) <> 0 AS in_sample
    FROM flowline.event_scores e JOIN flowline.score_sources s ON s.source_id = e.source_id ' || wide;
END
$$;
SELECT flowline.create_scored_events_view();

-- A new partition takes over what the default one holds of its day. Rows stay in line up to a page:
-- a row of 256 features is read as often as it is written. Vacuum summarises the ranges, so it comes often: every
-- question reads the rows since the last one, whatever its time range.
CREATE OR REPLACE FUNCTION flowline.create_partition(day date) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  lower timestamptz := day::timestamp AT TIME ZONE 'UTC';
  upper timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
  name  text := 'event_scores_' || to_char(day, 'YYYY_MM_DD');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('flowline.ensure_partitions', 0));
  IF to_regclass('flowline.' || quote_ident(name)) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE flowline.%I (LIKE flowline.event_scores INCLUDING DEFAULTS)
    WITH (toast_tuple_target = 8160, autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0)', name);
  EXECUTE format('ALTER TABLE flowline.%I ADD CONSTRAINT day CHECK (scored_at >= %L AND scored_at < %L)', name, lower, upper);
  LOCK TABLE flowline.event_scores_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'WITH moved AS (DELETE FROM flowline.event_scores_default WHERE scored_at >= %L AND scored_at < %L RETURNING *)
     INSERT INTO flowline.%I SELECT * FROM moved', lower, upper, name);
  EXECUTE format('ALTER TABLE flowline.event_scores ATTACH PARTITION flowline.%I FOR VALUES FROM (%L) TO (%L)', name, lower, upper);
  EXECUTE format('ALTER TABLE flowline.%I DROP CONSTRAINT day', name);
  -- An index is created with a summary of its first range, which every row would rewrite.
  PERFORM brin_desummarize_range(indexrelid, 0) FROM pg_index
  WHERE indrelid = to_regclass('flowline.' || quote_ident(name));
  RETURN true;
END
$$;

-- Days that are being written or will be, as if they were created now.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'flowline.event_scores'::regclass AND c.relname ~ '^event_scores_\d{4}_\d{2}_\d{2}$'
      AND to_date(right(c.relname, 10), 'YYYY_MM_DD') >= (now() AT TIME ZONE 'UTC')::date
  LOOP
    EXECUTE format('ALTER TABLE flowline.%I SET (autovacuum_vacuum_insert_threshold = 20000,
      autovacuum_vacuum_insert_scale_factor = 0)', name);
  END LOOP;
END
$$;

-- Summarises what vacuum leaves of a day that is over and returns the number of block ranges: vacuum comes
-- every so many rows, and never to the last range. Such pages are read by every question, whatever its time
-- range. No writer waits for it, and it gives up where a vacuum has the day.
CREATE FUNCTION flowline.summarise_day(day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
BEGIN
  IF day IS NULL OR day >= (now() AT TIME ZONE 'UTC')::date THEN
    RAISE EXCEPTION 'a summary of % is asked for', day
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for a day that is over, in UTC.';
  END IF;
  RETURN (
    SELECT coalesce(sum(brin_summarize_new_values(i.indexrelid)), 0)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE i.indrelid = to_regclass('flowline.event_scores_' || to_char(day, 'YYYY_MM_DD')) AND a.amname = 'brin');
END
$$;

-- Privileges of retention: a claim is found by its place in the table.
CREATE FUNCTION flowline.grant_retention() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.entity_partitions TO flowline_trainer;
    GRANT EXECUTE ON FUNCTION flowline.summarise_day(date) TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_retention(), flowline.grant_scores(), flowline.summarise_day(date)
  FROM PUBLIC;
