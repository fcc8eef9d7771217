-- Group roles with exactly what each program needs, and partitions that come and go without anybody waiting for long.

-- Run with the rights of the schema's owner, so that a scorer needs none to create tables. A lock that is not to be had soon is given
-- up: partitions stand ready a week ahead, and the next commit tries again.
ALTER FUNCTION flowline.ensure_partitions(date, integer) SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s';

DROP FUNCTION flowline.drop_partitions(date);

-- Drops the oldest partition whose day ended before the given UTC day; gives its name, or null where there is none. It must have
-- scored_events for itself for a moment: writers wait behind it at most for the lock timeout, whoever reads for however long.
CREATE FUNCTION flowline.drop_partition_before(first_kept_day date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
  name text;
BEGIN
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

REVOKE EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer), flowline.drop_partition_before(date) FROM PUBLIC;

-- Grants what each group role needs, as far as the roles exist. Whoever migrates runs it after every migration: where the migrating
-- user may not create roles, an administrator creates them once and `flowline migrate` grants the rest.
CREATE FUNCTION flowline.grant_roles() RETURNS text[] LANGUAGE plpgsql AS $$
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
    GRANT SELECT, INSERT, UPDATE (sent_at) ON flowline.alert_outbox TO flowline_scorer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer) TO flowline_scorer;
    granted := granted || 'flowline_scorer'::text;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_trainer;
    -- The lock of a detector is a row lock, for which one column must be changeable.
    GRANT SELECT, UPDATE (applied_at) ON flowline.detectors TO flowline_trainer;
    GRANT SELECT ON flowline.migrations, flowline.detector_versions, flowline.scored_events TO flowline_trainer;
    GRANT SELECT, INSERT ON flowline.model_versions, flowline.model_artifacts TO flowline_trainer;
    GRANT SELECT, INSERT, UPDATE ON flowline.model_aliases, flowline.training_runs TO flowline_trainer;
    GRANT SELECT (detector, scored_at), DELETE ON flowline.anomalies TO flowline_trainer;
    GRANT SELECT (sent_at), DELETE ON flowline.alert_outbox TO flowline_trainer;
    GRANT SELECT (detector, stored_at), DELETE ON flowline.dead_letters TO flowline_trainer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer), flowline.drop_partition_before(date) TO flowline_trainer;
    granted := granted || 'flowline_trainer'::text;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA flowline TO flowline_operator;
    GRANT SELECT ON ALL TABLES IN SCHEMA flowline TO flowline_operator;
    GRANT INSERT, UPDATE ON flowline.detectors, flowline.model_aliases TO flowline_operator;
    GRANT INSERT ON flowline.detector_versions TO flowline_operator;
    GRANT UPDATE (redriven_at) ON flowline.dead_letters TO flowline_operator;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer) TO flowline_operator;
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
REVOKE EXECUTE ON FUNCTION flowline.grant_roles() FROM PUBLIC;

-- Roles belong to the whole server: another database may have made them, and this user may not be allowed to.
DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['flowline_scorer', 'flowline_trainer', 'flowline_operator', 'flowline_reader'] LOOP
    CONTINUE WHEN to_regrole(role) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role);
    EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
      RAISE NOTICE 'the role % was not created: %', role, SQLERRM;
    END;
  END LOOP;
END
$$;
