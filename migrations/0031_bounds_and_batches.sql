-- What the services may do to the partitions of scored_events is bounded here, whoever asks; what
-- retention removes is found by an index, a batch at a time.

-- Creates the partition of a UTC day, which takes over what the default one holds of the day; false where
-- it is there. Writers of other days go on meanwhile: attaching locks the default one alone.
CREATE FUNCTION flowline.create_partition(day date) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  lower timestamptz := day::timestamp AT TIME ZONE 'UTC';
  upper timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
  name  text := 'scored_events_' || to_char(day, 'YYYY_MM_DD');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('flowline.ensure_partitions', 0));
  IF to_regclass('flowline.' || quote_ident(name)) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE flowline.%I (LIKE flowline.scored_events INCLUDING DEFAULTS)', name);
  EXECUTE format('ALTER TABLE flowline.%I ADD CONSTRAINT day CHECK (scored_at >= %L AND scored_at < %L)', name, lower, upper);
  LOCK TABLE flowline.scored_events_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'WITH moved AS (DELETE FROM flowline.scored_events_default WHERE scored_at >= %L AND scored_at < %L RETURNING *)
     INSERT INTO flowline.%I SELECT * FROM moved', lower, upper, name);
  EXECUTE format('ALTER TABLE flowline.scored_events ATTACH PARTITION flowline.%I FOR VALUES FROM (%L) TO (%L)', name, lower, upper);
  EXECUTE format('ALTER TABLE flowline.%I DROP CONSTRAINT day', name);
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.create_partition(date) FROM PUBLIC;

-- Creates the partitions of `days` days from a UTC day on and returns how many were missing: of days
-- within a fortnight from now, so that no service can fill the schema with tables.
CREATE OR REPLACE FUNCTION flowline.ensure_partitions(first_day date, days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  today   date := (now() AT TIME ZONE 'UTC')::date;
  day     date;
  created integer := 0;
BEGIN
  IF first_day IS NULL OR days IS NULL OR first_day < today - 2 OR days NOT BETWEEN 0 AND 16 OR first_day + days > today + 14 THEN
    RAISE EXCEPTION 'partitions of % days from % are asked for', days, first_day
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for days from two days ago to a fortnight from now.';
  END IF;
  FOR day IN SELECT first_day + i FROM generate_series(0, days - 1) AS i LOOP
    IF flowline.create_partition(day) THEN
      created := created + 1;
    END IF;
  END LOOP;
  RETURN created;
END
$$;

-- The first UTC day that no detector in force lets go: by the longest retention; yesterday at the latest.
CREATE FUNCTION flowline.first_kept_day() RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (now() AT TIME ZONE 'UTC')::date - greatest(1, (
    SELECT ceil(max((version.definition #>> '{retention,scoredMs}')::numeric) / 86400000)::integer
    FROM flowline.detectors AS detector
    JOIN flowline.detector_versions AS version ON version.detector = detector.name AND version.version = detector.current_version
    WHERE detector.state <> 'deleted' AND jsonb_typeof(version.definition #> '{retention,scoredMs}') = 'number'))
$$;
REVOKE EXECUTE ON FUNCTION flowline.first_kept_day() FROM PUBLIC;

-- Drops the oldest partition whose day ended before the given one and returns its name, or null: never one
-- that a detector in force keeps.
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
  WHERE i.inhparent = 'flowline.scored_events'::regclass AND c.relname ~ '^scored_events_\d{4}_\d{2}_\d{2}$'
    AND to_date(right(c.relname, 10), 'YYYY_MM_DD') < first_kept_day
  ORDER BY c.relname LIMIT 1;
  IF name IS NOT NULL THEN
    EXECUTE format('DROP TABLE flowline.%I', name);
  END IF;
  RETURN name;
END
$$;

CREATE INDEX anomalies_scored_at ON flowline.anomalies (detector, scored_at);
CREATE INDEX dead_letters_stored_at ON flowline.dead_letters (detector, stored_at);
CREATE INDEX entity_partitions_last_seen ON flowline.entity_partitions (detector, last_seen);

CREATE OR REPLACE FUNCTION flowline.grant_roles() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  granted text[] := '{}';
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_scorer;
    GRANT SELECT ON flowline.migrations, flowline.detectors, flowline.detector_versions, flowline.model_versions,
      flowline.model_aliases, flowline.model_artifacts TO flowline_scorer;
    GRANT INSERT ON flowline.scored_events, flowline.anomalies, flowline.dead_letters TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.stream_offsets TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.stream_gaps TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.window_snapshots, flowline.entity_partitions TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE ON flowline.event_counts TO flowline_scorer;
    GRANT SELECT, INSERT, UPDATE (sent_at, dead_at, error, attempts) ON flowline.alert_outbox TO flowline_scorer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer) TO flowline_scorer;
    IF to_regprocedure('flowline.identify_database()') IS NOT NULL THEN
      GRANT EXECUTE ON FUNCTION flowline.identify_database() TO flowline_scorer;
    END IF;
    granted := granted || 'flowline_scorer'::text;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_trainer;
    -- The lock of a detector is a row lock, for which one column must be changeable.
    GRANT SELECT, UPDATE (applied_at) ON flowline.detectors TO flowline_trainer;
    GRANT SELECT ON flowline.migrations, flowline.detector_versions, flowline.scored_events TO flowline_trainer;
    GRANT SELECT, INSERT ON flowline.model_versions, flowline.model_artifacts TO flowline_trainer;
    GRANT SELECT, INSERT, UPDATE ON flowline.model_aliases, flowline.training_runs TO flowline_trainer;
    GRANT SELECT (anomaly_id, detector, scored_at), DELETE ON flowline.anomalies TO flowline_trainer;
    GRANT SELECT (outbox_id, detector, sink, created_at, sent_at, dead_at), DELETE ON flowline.alert_outbox TO flowline_trainer;
    GRANT SELECT (dead_letter_id, detector, stored_at), DELETE ON flowline.dead_letters TO flowline_trainer;
    GRANT SELECT (detector, last_seen), DELETE ON flowline.entity_partitions TO flowline_trainer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer), flowline.drop_partition_before(date) TO flowline_trainer;
    granted := granted || 'flowline_trainer'::text;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_operator;
    GRANT SELECT ON ALL TABLES IN SCHEMA flowline TO flowline_operator;
    GRANT INSERT, UPDATE ON flowline.detectors, flowline.model_aliases TO flowline_operator;
    GRANT INSERT ON flowline.detector_versions TO flowline_operator;
    GRANT UPDATE (redriven_at) ON flowline.dead_letters TO flowline_operator;
    -- Alerts that were set aside are sent again; those that wait go with a detector that is deleted.
    GRANT UPDATE (dead_at), DELETE ON flowline.alert_outbox TO flowline_operator;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer) TO flowline_operator;
    IF to_regprocedure('flowline.settle_identity(boolean)') IS NOT NULL THEN
      GRANT EXECUTE ON FUNCTION flowline.identify_database(), flowline.settle_identity(boolean) TO flowline_operator;
    END IF;
    granted := granted || 'flowline_operator'::text;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_reader;
    GRANT SELECT ON flowline.v1_anomalies, flowline.v1_alert_rate_daily, flowline.detectors, flowline.detector_versions,
      flowline.model_versions, flowline.model_aliases, flowline.training_runs, flowline.stream_offsets, flowline.stream_gaps
      TO flowline_reader;
    granted := granted || 'flowline_reader'::text;
  END IF;
  RETURN granted;
END
$$;
