-- Scored events in half the bytes: a row names its source by id, its values have seven digits unless
-- they are stored exactly, and block range indexes take the place of a b-tree. Days stored before
-- stay as they are, under the same view, until retention drops them.

-- What many rows share: the stream, and the versions that scored it.
CREATE TABLE flowline.score_sources (
  source_id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector         text NOT NULL,
  detector_version integer NOT NULL,
  model_version    integer,
  topic            text NOT NULL,
  partition        integer NOT NULL
);
CREATE UNIQUE INDEX score_sources_once
  ON flowline.score_sources (detector, detector_version, (coalesce(model_version, 0)), topic, partition);

-- Views of a user's own over the table, as they are written, to be created again over the view that takes its name:
-- they would follow the old table, and show none of the events from now on.
CREATE TABLE flowline.followers AS
SELECT DISTINCT c.oid::regclass AS view, c.relkind, pg_get_viewdef(c.oid) AS definition,
  coalesce('WITH (' || array_to_string(c.reloptions, ', ') || ') ', '') AS options
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class
WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = 'flowline.scored_events'::regclass;

ALTER TABLE flowline.scored_events RENAME TO scored_events_wide;
ALTER TABLE flowline.scored_events_default RENAME TO scored_events_wide_default;
COMMENT ON TABLE flowline.scored_events_wide IS
  'Events scored before event_scores existed; retention drops its days, and then the table.';

-- Columns in the order of their alignment, so that no byte is padding.
CREATE TABLE flowline.event_scores (
  scored_at         timestamptz NOT NULL DEFAULT now(),
  event_time        timestamptz NOT NULL,
  "offset"          bigint NOT NULL,
  exact_log_density double precision,
  exact_p_value     double precision,
  source_id         integer NOT NULL,
  log_density       real,
  p_value           real,
  flags             smallint NOT NULL,
  event_id          text NOT NULL,
  numeric_values    real[],
  exact_values      double precision[],
  level_values      text[],
  entity            text
) PARTITION BY RANGE (scored_at);

-- They cost next to nothing to write: a range of pages is summarised once it is full. A row that is added to a
-- summarised range rewrites the range's filter of ids, so that one is small.
CREATE INDEX event_scores_times ON flowline.event_scores
  USING brin (event_time, scored_at, source_id int4_minmax_multi_ops) WITH (pages_per_range = 64);
CREATE INDEX event_scores_ids ON flowline.event_scores
  USING brin (event_id text_bloom_ops (n_distinct_per_range = 900, false_positive_rate = 0.001)) WITH (pages_per_range = 16);

CREATE TABLE flowline.event_scores_default PARTITION OF flowline.event_scores DEFAULT
  WITH (toast_tuple_target = 8160);

COMMENT ON TABLE flowline.score_sources IS 'Sources of stored events: a partition of a topic, and the versions that scored it.';
COMMENT ON COLUMN flowline.score_sources.model_version IS 'Null for events that came before the first model.';
COMMENT ON TABLE flowline.event_scores IS
  'Stored events, read through the view scored_events; partitioned by UTC day of scored_at. A stored score never changes.';
COMMENT ON COLUMN flowline.event_scores.exact_log_density IS 'Of a row whose precision is exact; null otherwise, and without a score.';
COMMENT ON COLUMN flowline.event_scores.exact_values IS 'Numeric features that are stored exactly, in their places; null where there are none.';
COMMENT ON COLUMN flowline.event_scores.numeric_values IS 'Numeric features that are stored in seven significant digits, in their places; null where there are none.';
COMMENT ON COLUMN flowline.event_scores.flags IS '1: anomaly; 2: in the sample; from 4 on the p-value''s method: 1 empirical, 2 tail, 3 floor.';
COMMENT ON COLUMN flowline.event_scores.level_values IS 'Categorical and boolean features; null where there are none.';

-- The id of a source, which is created if it is new. Volatile: a statement sees what others have committed meanwhile.
CREATE FUNCTION flowline.score_source(of_detector text, of_detector_version integer, of_model_version integer,
  of_topic text, of_partition integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  id integer;
BEGIN
  LOOP
    SELECT source_id INTO id FROM flowline.score_sources
    WHERE detector = of_detector AND detector_version = of_detector_version
      AND coalesce(model_version, 0) = coalesce(of_model_version, 0) AND topic = of_topic AND partition = of_partition;
    EXIT WHEN id IS NOT NULL;
    INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition)
    VALUES (of_detector, of_detector_version, of_model_version, of_topic, of_partition)
    ON CONFLICT DO NOTHING RETURNING source_id INTO id;
    EXIT WHEN id IS NOT NULL;
  END LOOP;
  RETURN id;
END
$$;

-- Creates the view over both layouts, or over the new one alone once the old one is gone.
-- Seven digits are read as the decimal number that they are: 0.1 is 0.1.
CREATE FUNCTION flowline.create_scored_events_view() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wide text := '';
BEGIN
  IF to_regclass('flowline.scored_events_wide') IS NOT NULL THEN
    wide := 'UNION ALL
      SELECT detector, detector_version, model_version, topic, partition, "offset", event_id, event_time, scored_at,
        log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values, entity, in_sample
      FROM flowline.scored_events_wide';
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

-- Drops the old layout once it holds nothing from a day on, and returns whether it is gone.
-- A view of a user's own over the old table keeps it.
CREATE FUNCTION flowline.retire_wide_scores(first_kept_day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  is_used boolean;
BEGIN
  IF to_regclass('flowline.scored_events_wide') IS NULL THEN
    RETURN true;
  END IF;
  DELETE FROM flowline.scored_events_wide_default WHERE scored_at < first_kept_day::timestamp AT TIME ZONE 'UTC';
  SELECT EXISTS (SELECT FROM flowline.scored_events_wide) INTO is_used;
  IF is_used THEN
    RETURN false;
  END IF;
  ALTER TABLE flowline.scored_events_wide RENAME TO scored_events_retired;
  PERFORM flowline.create_scored_events_view();
  DROP TABLE flowline.scored_events_retired;
  RETURN true;
EXCEPTION WHEN dependent_objects_still_exist THEN
  RETURN false;
END
$$;

-- Stores an event through the view, exactly: programs of an earlier release go on until they are restarted.
CREATE FUNCTION flowline.insert_scored_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO flowline.event_scores (scored_at, event_time, "offset", source_id, exact_log_density, exact_p_value, flags,
    event_id, exact_values, level_values, entity)
  VALUES (coalesce(NEW.scored_at, now()), NEW.event_time, NEW."offset",
    flowline.score_source(NEW.detector, NEW.detector_version, NEW.model_version, NEW.topic, NEW.partition),
    NEW.log_density_nats, NEW.p_value,
    NEW.is_anomaly::integer + 2 * coalesce(NEW.in_sample, true)::integer
      + 4 * coalesce(array_position(ARRAY['empirical', 'tail', 'floor'], NEW.p_method), 0),
    NEW.event_id, NEW.numeric_values, nullif(NEW.level_values, '{}'), NEW.entity);
  RETURN NEW;
END
$$;

SELECT flowline.create_scored_events_view();
CREATE TRIGGER store INSTEAD OF INSERT ON flowline.scored_events
  FOR EACH ROW EXECUTE FUNCTION flowline.insert_scored_event();
DO $$
DECLARE
  follower record;
  reader   text;
BEGIN
  FOR follower IN SELECT * FROM flowline.followers LOOP
    IF follower.relkind <> 'v' THEN
      RAISE EXCEPTION 'the materialized view % is over flowline.scored_events, which becomes a view', follower.view
        USING HINT = 'Drop it, run flowline migrate, and create it again.';
    END IF;
    EXECUTE format('CREATE OR REPLACE VIEW %s %s AS %s', follower.view, follower.options, follower.definition);
  END LOOP;
  -- Who was allowed to read the table may read the view.
  FOR reader IN
    SELECT DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC')
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.oid = 'flowline.scored_events_wide'::regclass AND a.privilege_type = 'SELECT'
      AND (a.grantee = 0 OR r.oid IS NOT NULL)
  LOOP
    EXECUTE format('GRANT SELECT ON flowline.scored_events TO %s', reader);
  END LOOP;
END
$$;
DROP TABLE flowline.followers;
COMMENT ON VIEW flowline.scored_events IS
  'Stored events, scored or collected before the first model, whichever way they are stored. A stored score never changes.';
COMMENT ON COLUMN flowline.scored_events.log_density_nats IS
  'log p(event) in the units of its columns; -Infinity outside the domain. Seven digits where precision is compact.';
COMMENT ON COLUMN flowline.scored_events.numeric_values IS
  'Numeric features in original units, in the order of the detector version; null is missing. Seven digits where precision is compact.';
COMMENT ON COLUMN flowline.scored_events.level_values IS 'Categorical and boolean features, in the order of the detector version; null is missing.';
COMMENT ON COLUMN flowline.scored_events.entity IS
  'The value of the detector''s key, a JSON list where it has several fields; null where events stand alone.';
COMMENT ON COLUMN flowline.scored_events.in_sample IS
  'Of the uniform sample of all events that retention.sample keeps. false: kept for being an anomaly; left out of distributions and of history.';
SELECT flowline.retire_wide_scores('-infinity');

-- Deletes the stored events of a detector, and its sources, and returns the number of events.
CREATE FUNCTION flowline.delete_scored_events(of_detector text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  removed      bigint;
  removed_wide bigint := 0;
BEGIN
  DELETE FROM flowline.event_scores e USING flowline.score_sources s
  WHERE s.source_id = e.source_id AND s.detector = of_detector;
  GET DIAGNOSTICS removed = ROW_COUNT;
  DELETE FROM flowline.score_sources WHERE detector = of_detector;
  IF to_regclass('flowline.scored_events_wide') IS NOT NULL THEN
    EXECUTE 'DELETE FROM flowline.scored_events_wide WHERE detector = $1' USING of_detector;
    GET DIAGNOSTICS removed_wide = ROW_COUNT;
  END IF;
  RETURN removed + removed_wide;
END
$$;

-- A new partition takes over what the default one holds of its day. Rows stay in line up to a page:
-- a row of 256 features is read as often as it is written. Vacuum summarises the ranges, so it comes often.
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
    WITH (toast_tuple_target = 8160, autovacuum_vacuum_insert_threshold = 200000, autovacuum_vacuum_insert_scale_factor = 0.02)', name);
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

-- Drops the oldest partition of either layout whose day ended before the given one and returns its name, or null:
-- never one that a detector in force keeps. The old layout goes with its last day.
CREATE OR REPLACE FUNCTION flowline.drop_partition_before(first_kept_day date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
  kept date := flowline.first_kept_day();
  name text;
BEGIN
  IF first_kept_day > kept THEN
    RAISE EXCEPTION 'scored events from % on are kept, and those before % are to go', kept, first_kept_day
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Shorten retention.scored of the detectors first.';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('flowline.ensure_partitions', 0));
  SELECT c.relname INTO name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent IN (to_regclass('flowline.event_scores'), to_regclass('flowline.scored_events_wide'))
    AND c.relname ~ '^(event_scores|scored_events)_\d{4}_\d{2}_\d{2}$'
    AND to_date(right(c.relname, 10), 'YYYY_MM_DD') < first_kept_day
  ORDER BY right(c.relname, 10), c.relname LIMIT 1;
  IF name IS NOT NULL THEN
    EXECUTE format('DROP TABLE flowline.%I', name);
  ELSE
    PERFORM flowline.retire_wide_scores(first_kept_day);
  END IF;
  RETURN name;
END
$$;

REVOKE EXECUTE ON FUNCTION flowline.create_scored_events_view(), flowline.retire_wide_scores(date),
  flowline.delete_scored_events(text) FROM PUBLIC;

-- Privileges of this layout. grant_roles still grants those of the view.
CREATE FUNCTION flowline.grant_scores() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT INSERT ON flowline.event_scores TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.score_sources TO flowline_scorer;
  END IF;
END
$$;
