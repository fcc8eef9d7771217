-- Schema that the migrations create. Written from the database and compared in a test; change it by a migration.

CREATE OR REPLACE FUNCTION flowline.add_counts(a integer[], b integer[])
 RETURNS integer[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY place) FROM unnest(a, b) WITH ORDINALITY AS cells (x, y, place)
$function$;

CREATE OR REPLACE FUNCTION flowline.create_partition(day date)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '1s'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.create_scored_events_view()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  wide         text := '';
  wide_history text := '';
  detectors    text[];
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
    wide_history := format('UNION ALL
      SELECT detector, detector_version, topic, partition, "offset", event_time, NULL, numeric_values, level_values, in_sample
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
  EXECUTE 'CREATE OR REPLACE VIEW flowline.event_history AS
    SELECT s.detector, s.detector_version, s.topic, s.partition, e."offset", e.event_time, e.numeric_values AS compact_values, e.exact_values,
      coalesce(e.level_values, ''{}'') AS level_values, (e.flags & 2) <> 0 AS in_sample
    FROM flowline.event_scores e JOIN flowline.score_sources s ON s.source_id = e.source_id ' || wide_history;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.delete_scored_events(of_detector text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.drop_partition_before(first_kept_day date)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '200ms'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.ensure_partitions(first_day date, days integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '1s'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.first_kept_day()
 RETURNS date
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  SELECT (now() AT TIME ZONE 'UTC')::date - greatest(1, (
    SELECT ceil(max((version.definition #>> '{retention,scoredMs}')::numeric) / 86400000)::integer
    FROM flowline.detectors AS detector
    JOIN flowline.detector_versions AS version ON version.detector = detector.name AND version.version = detector.current_version
    WHERE detector.state <> 'deleted' AND jsonb_typeof(version.definition #> '{retention,scoredMs}') = 'number'))
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_absences()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.arrivals, flowline.reading_ends TO flowline_scorer;
  END IF;
  -- Calendars in force keep events out of training.
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resource_faults TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_alerts()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.alerts TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT (alert_id, detector, phase, changed_at), DELETE ON flowline.alerts TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, DELETE, UPDATE (acknowledged_at, acknowledged_by, snoozed_until) ON flowline.alerts TO flowline_operator;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT SELECT ON flowline.v1_alerts TO flowline_reader;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_api()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_backlog()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  role text;
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.anomaly_backlog TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, DELETE ON flowline.anomaly_backlog TO flowline_operator;
  END IF;
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT SELECT, UPDATE (set_aside_at, set_aside_reason) ON flowline.anomaly_backlog TO %I', role);
  END LOOP;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_checkpoints()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.training_checkpoints TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_claims()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.entity_scopes, flowline.entity_claims TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.entity_scopes TO flowline_trainer;
    GRANT SELECT, UPDATE, DELETE ON flowline.entity_claims TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_discoveries()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.partition_discoveries TO flowline_scorer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_drift()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT ON flowline.drift_days TO flowline_trainer;
    GRANT SELECT ON flowline.event_counts TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_drift_features()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT ON flowline.drift_features TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_event_ids()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, DELETE ON flowline.event_id_pieces TO flowline_scorer;
    GRANT SELECT, INSERT, DELETE ON flowline.event_duplicates TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT (duplicate_id, detector, stored_at), DELETE ON flowline.event_duplicates TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_explanations()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, UPDATE (deferred, top_feature, summary, alert) ON flowline.anomalies TO flowline_scorer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_feedback()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT SELECT, INSERT ON flowline.feedback TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON flowline.confirmed_events TO %I', role);
    EXECUTE format('GRANT SELECT ON flowline.v1_feedback, flowline.v1_feedback_precision TO %I', role);
  END LOOP;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.excluded_events TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT SELECT ON flowline.v1_feedback, flowline.v1_feedback_precision TO flowline_reader;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_history()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.event_history TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_in_force()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT (detector, detector_version, model_version, alpha, alpha_note, since, seen_at, fault_code, fault_reason,
      fault_remedy), UPDATE (detector_version, model_version, alpha, alpha_note, since, seen_at, fault_code, fault_reason,
      fault_remedy) ON flowline.detectors_in_force TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT DELETE ON flowline.model_aliases TO flowline_trainer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.training_leases TO flowline_trainer;
    GRANT SELECT, INSERT (detector, held_version, held_code, held_reason, held_remedy, held_at),
      UPDATE (held_version, held_code, held_reason, held_remedy, held_at) ON flowline.detectors_in_force TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT DELETE ON flowline.model_aliases TO flowline_operator;
    GRANT SELECT, INSERT (detector, held_version, held_code, held_reason, held_remedy, held_at),
      UPDATE (held_version, held_code, held_reason, held_remedy, held_at) ON flowline.detectors_in_force TO flowline_operator;
  END IF;
  IF to_regrole('flowline_reader') IS NOT NULL THEN
    GRANT SELECT ON flowline.detectors_in_force, flowline.event_counts TO flowline_reader;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_pages()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_resources()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resources TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.resource_faults TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resources TO flowline_trainer;
    GRANT SELECT (topic, partition, "offset", event_time, excluded_from_training) ON flowline.anomalies TO flowline_trainer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE ON flowline.resources TO flowline_operator;
    GRANT SELECT, INSERT ON flowline.resource_versions TO flowline_operator;
    GRANT SELECT ON flowline.resource_faults TO flowline_operator;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_resources_by_api()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_api') IS NOT NULL THEN
    GRANT INSERT, UPDATE ON flowline.resources TO flowline_api;
    GRANT INSERT ON flowline.resource_versions TO flowline_api;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_retention()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.entity_partitions TO flowline_trainer;
    GRANT EXECUTE ON FUNCTION flowline.summarise_day(date) TO flowline_trainer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_roles()
 RETURNS text[]
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_scores()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT INSERT ON flowline.event_scores TO flowline_scorer;
    GRANT SELECT, INSERT ON flowline.score_sources TO flowline_scorer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_sinks()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT UPDATE (due_at, failing_since) ON flowline.alert_outbox TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_operator') IS NOT NULL THEN
    GRANT UPDATE (due_at, failing_since) ON flowline.alert_outbox TO flowline_operator;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_surface()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  relation text;
  role     text;
BEGIN
  FOR relation IN
    SELECT DISTINCT c.relname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
    WHERE c.relnamespace = 'flowline'::regnamespace AND c.relname NOT LIKE 'v1\_%'
      AND granted.grantee = to_regrole('flowline_reader')
  LOOP
    EXECUTE format('REVOKE ALL ON flowline.%I FROM flowline_reader', relation);
  END LOOP;
  FOREACH role IN ARRAY ARRAY['flowline_reader', 'flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT USAGE ON SCHEMA flowline TO %I', role);
    FOR relation IN
      SELECT relname FROM pg_class
      WHERE relnamespace = 'flowline'::regnamespace AND relkind = 'v' AND relname LIKE 'v1\_%'
    LOOP
      EXECUTE format('GRANT SELECT ON flowline.%I TO %I', relation, role);
    END LOOP;
  END LOOP;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_training_requests()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  role text;
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.trainers TO flowline_trainer;
  END IF;
  FOREACH role IN ARRAY ARRAY['flowline_operator', 'flowline_api'] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
    EXECUTE format('GRANT INSERT (detector, detector_version, kind, status, phase, requested_at, requested_by, promotion),
      UPDATE (status, phase, attempt, progress, finished_at, cancel_requested_at, cancelled_by)
      ON flowline.training_runs TO %I', role);
  END LOOP;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.grant_windows()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.window_pieces TO flowline_scorer;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.identify_database(OUT id text, OUT is_here boolean)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  server bigint := flowline.server_identifier();
  own    oid := (SELECT oid FROM pg_database WHERE datname = current_database());
BEGIN
  INSERT INTO flowline.database_identity (id, system_identifier, database_oid)
  VALUES (left(replace(gen_random_uuid()::text, '-', ''), 12), server, own) ON CONFLICT DO NOTHING;
  SELECT i.id, i.database_oid = own AND coalesce(i.system_identifier = server, true) INTO id, is_here
  FROM flowline.database_identity i;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.insert_scored_event()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.lock_claims(of_detector text, of_topic text, of_topic_id text, of_key text[], stripes integer[], OUT scope_id integer, OUT has_earlier boolean, OUT today integer)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('flowline.streams:' || of_detector, 0));
  LOOP
    SELECT s.scope_id INTO scope_id FROM flowline.entity_scopes s
    WHERE s.detector = of_detector AND s.topic = of_topic AND s.topic_id = of_topic_id AND s.key = of_key;
    EXIT WHEN scope_id IS NOT NULL;
    INSERT INTO flowline.entity_scopes AS s (detector, topic, topic_id, key)
    VALUES (of_detector, of_topic, of_topic_id, of_key)
    ON CONFLICT DO NOTHING RETURNING s.scope_id INTO scope_id;
    EXIT WHEN scope_id IS NOT NULL;
  END LOOP;
  PERFORM flowline.lock_stripes(scope_id, stripes);
  SELECT EXISTS (SELECT FROM flowline.entity_partitions) INTO has_earlier;
  today := current_date - '1970-01-01';
END
$function$;

CREATE OR REPLACE FUNCTION flowline.lock_stripes(of_scope integer, stripes integer[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  stripe integer;
BEGIN
  FOREACH stripe IN ARRAY stripes LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('flowline.claims:' || of_scope, stripe));
  END LOOP;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('flowline.dropping_data', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'flowline.% is immutable: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Store a new version instead.';
END
$function$;

CREATE OR REPLACE FUNCTION flowline.retire_wide_scores(first_kept_day date)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.score_source(of_detector text, of_detector_version integer, of_model_version integer, of_topic text, of_partition integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION flowline.server_identifier()
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  RETURN (SELECT system_identifier FROM pg_control_system());
EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.settle_identity(is_copy boolean, OUT id text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  PERFORM flowline.identify_database();
  UPDATE flowline.database_identity i SET
    id = CASE WHEN is_copy THEN left(replace(gen_random_uuid()::text, '-', ''), 12) ELSE i.id END,
    system_identifier = flowline.server_identifier(),
    database_oid = (SELECT oid FROM pg_database WHERE datname = current_database()),
    settled_at = now()
  RETURNING i.id INTO id;
  IF is_copy THEN
    UPDATE flowline.detectors SET consumer_group = NULL WHERE consumer_group IS NOT NULL;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION flowline.summarise_day(day date)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '200ms'
AS $function$
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
$function$;

CREATE VIEW flowline.alarm_expectations AS
 SELECT detector,
    version AS model_version,
    COALESCE(((COALESCE(((manifest #>> '{calibration,undefinedRows}'::text[]))::double precision, (0)::double precision) + COALESCE(((manifest #>> '{calibration,trimmedRows}'::text[]))::double precision, (0)::double precision)) / NULLIF(((manifest #>> '{history,calibration,rows}'::text[]))::double precision, (0)::double precision)), (0)::double precision) AS always_rate
   FROM flowline.model_versions;
COMMENT ON VIEW flowline.alarm_expectations IS 'Share of the events that raise an alarm whatever alpha is, per model: those like the calibration rows that were left out.';

CREATE TABLE flowline.alert_outbox (
  outbox_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  alert_id uuid NOT NULL,
  detector text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  headers jsonb NOT NULL,
  value text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  sent_at timestamp with time zone,
  sink text DEFAULT 'kafka'::text NOT NULL,
  event_key bytea,
  dead_at timestamp with time zone,
  error text,
  attempts integer DEFAULT 0 NOT NULL,
  message_id uuid,
  due_at timestamp with time zone DEFAULT now() NOT NULL,
  failing_since timestamp with time zone,
  fingerprint uuid,
  awaits bigint
);
ALTER TABLE flowline.alert_outbox ADD CONSTRAINT alert_outbox_ends_once CHECK (((sent_at IS NULL) OR (dead_at IS NULL)));
ALTER TABLE flowline.alert_outbox ADD CONSTRAINT alert_outbox_pkey PRIMARY KEY (outbox_id);
CREATE INDEX alert_outbox_alert ON flowline.alert_outbox USING btree (alert_id, sink, outbox_id);
CREATE INDEX alert_outbox_awaiting ON flowline.alert_outbox USING btree (detector, sink, topic, outbox_id) WHERE ((awaits IS NOT NULL) AND (sent_at IS NULL) AND (dead_at IS NULL));
CREATE INDEX alert_outbox_by_sink ON flowline.alert_outbox USING btree (detector, sink, sent_at) WHERE (sent_at IS NOT NULL);
CREATE INDEX alert_outbox_dead ON flowline.alert_outbox USING btree (dead_at) WHERE (dead_at IS NOT NULL);
CREATE INDEX alert_outbox_due ON flowline.alert_outbox USING btree (sink, due_at, outbox_id) WHERE ((sent_at IS NULL) AND (dead_at IS NULL));
CREATE UNIQUE INDEX alert_outbox_event ON flowline.alert_outbox USING btree (sink, detector, topic, event_key) WHERE (event_key IS NOT NULL);
CREATE INDEX alert_outbox_sent ON flowline.alert_outbox USING btree (sent_at) WHERE (sent_at IS NOT NULL);
CREATE INDEX alert_outbox_waiting ON flowline.alert_outbox USING btree (sink, detector, topic, outbox_id) WHERE ((sent_at IS NULL) AND (dead_at IS NULL));
COMMENT ON TABLE flowline.alert_outbox IS 'Alerts as they leave; written with their anomalies, sent at least once, marked afterwards.';
COMMENT ON COLUMN flowline.alert_outbox.attempts IS 'How often the sink has refused it.';
COMMENT ON COLUMN flowline.alert_outbox.awaits IS 'The anomaly whose explanation the message leaves with, which was still to come when it was stored; null for none, 0 for one that was not there.';
COMMENT ON COLUMN flowline.alert_outbox.dead_at IS 'When it was set aside, because the sink refuses it as it is; null: it waits, or was sent.';
COMMENT ON COLUMN flowline.alert_outbox.due_at IS 'When a sink that is named is next tried; while it is being sent, when others may take it over.';
COMMENT ON COLUMN flowline.alert_outbox.error IS 'Why the sink refused it the last time.';
COMMENT ON COLUMN flowline.alert_outbox.event_key IS 'SHA-256 of the declared event id: a repeat of the event raises no second alert; null where ids are positions.';
COMMENT ON COLUMN flowline.alert_outbox.failing_since IS 'First failure of the attempts since it was stored or redriven.';
COMMENT ON COLUMN flowline.alert_outbox.fingerprint IS 'The fingerprint of the alert: a message that is held back holds up later ones of it; null for a message from before.';
COMMENT ON COLUMN flowline.alert_outbox.message_id IS 'Id of the message; null for a message from before alerts had a life, whose id is the alert''s.';
COMMENT ON COLUMN flowline.alert_outbox.sink IS 'Who sends it: kafka (the topic of the detector), stdout (a scorer that prints the alerts of its own source), or the name of a sink.';
COMMENT ON COLUMN flowline.alert_outbox.topic IS 'The topic of the sink: of kafka, a topic; of stdout, the source; empty for a sink that is named.';

CREATE TABLE flowline.alerts (
  alert_id uuid NOT NULL,
  fingerprint uuid NOT NULL,
  is_latest boolean NOT NULL,
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  kind text NOT NULL,
  entity text,
  feature text,
  phase text NOT NULL,
  severity text NOT NULL,
  count bigint NOT NULL,
  first_seen timestamp with time zone NOT NULL,
  last_seen timestamp with time zone NOT NULL,
  resolved_at timestamp with time zone,
  due_at timestamp with time zone,
  peak_bits double precision NOT NULL,
  recent timestamp with time zone[] NOT NULL,
  told text NOT NULL,
  messages integer NOT NULL,
  paged_at timestamp with time zone,
  paged_severity text,
  peak jsonb,
  storm jsonb,
  changed_at timestamp with time zone DEFAULT now() NOT NULL,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  snoozed_until timestamp with time zone,
  absence jsonb
);
ALTER TABLE flowline.alerts ADD CONSTRAINT alerts_check CHECK (((peak IS NULL) OR (storm IS NULL)));
ALTER TABLE flowline.alerts ADD CONSTRAINT alerts_check1 CHECK (((due_at IS NULL) = (phase <> 'open'::text)));
ALTER TABLE flowline.alerts ADD CONSTRAINT alerts_phase_check CHECK ((phase = ANY (ARRAY['counting'::text, 'open'::text, 'resolved'::text])));
ALTER TABLE flowline.alerts ADD CONSTRAINT alerts_pkey PRIMARY KEY (alert_id);
ALTER TABLE flowline.alerts ADD CONSTRAINT alerts_told_check CHECK ((told = ANY (ARRAY['nothing'::text, 'open'::text, 'resolved'::text])));
CREATE INDEX alerts_all_newest ON flowline.alerts USING btree (last_seen DESC, alert_id DESC);
CREATE INDEX alerts_changed ON flowline.alerts USING btree (changed_at);
CREATE INDEX alerts_due ON flowline.alerts USING btree (detector, topic, partition, due_at) WHERE (due_at IS NOT NULL);
CREATE UNIQUE INDEX alerts_latest ON flowline.alerts USING btree (detector, fingerprint) WHERE is_latest;
CREATE INDEX alerts_newest ON flowline.alerts USING btree (detector, last_seen DESC, alert_id);
CREATE INDEX alerts_watched ON flowline.alerts USING btree (detector) WHERE (due_at = '9999-12-31 00:00:00+00'::timestamp with time zone);
COMMENT ON TABLE flowline.alerts IS 'A row for each alert: a run of anomalies of one fingerprint, with its state.';
COMMENT ON COLUMN flowline.alerts.absence IS 'Of an absence: the last event before it, and the intervals; null otherwise.';
COMMENT ON COLUMN flowline.alerts.due_at IS 'Event time at which it is resolved if no anomaly comes, in the year 9999 if time does not resolve it; null unless it is open.';
COMMENT ON COLUMN flowline.alerts.fingerprint IS 'Id over detector, source, kind, entity and group, which its anomalies share.';
COMMENT ON COLUMN flowline.alerts.is_latest IS 'True for the one alert of its fingerprint that the next anomaly may join.';
COMMENT ON COLUMN flowline.alerts.messages IS 'Number of messages about it.';
COMMENT ON COLUMN flowline.alerts.paged_at IS 'Event time of the last page of the fingerprint, from which the cooldown counts.';
COMMENT ON COLUMN flowline.alerts.partition IS 'Partition of its last anomaly, whose event time resolves it.';
COMMENT ON COLUMN flowline.alerts.peak IS 'Its most surprising anomaly, as it is published; null for a storm and an absence.';
COMMENT ON COLUMN flowline.alerts.phase IS 'counting: fewer anomalies than open an alert; then open and resolved, in turn.';
COMMENT ON COLUMN flowline.alerts.recent IS 'Event times of the anomalies that may yet open it.';
COMMENT ON COLUMN flowline.alerts.storm IS 'Of a storm: the openings by feature, and the worst by name.';
COMMENT ON COLUMN flowline.alerts.told IS 'The state of the last message; it lags behind phase while pages are held back.';

CREATE TABLE flowline.anomalies (
  anomaly_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  alert_id uuid,
  detector text NOT NULL,
  detector_version integer NOT NULL,
  model_version integer NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  event_id text NOT NULL,
  event_time timestamp with time zone NOT NULL,
  scored_at timestamp with time zone DEFAULT now() NOT NULL,
  reason text NOT NULL,
  log_density_nats double precision NOT NULL,
  p_value double precision NOT NULL,
  p_method text NOT NULL,
  surprise_bits double precision NOT NULL,
  top_feature text,
  summary text NOT NULL,
  alert jsonb NOT NULL,
  deferred boolean DEFAULT false NOT NULL,
  rules text[] DEFAULT '{}'::text[] NOT NULL,
  suppressed_by text,
  excluded_from_training boolean DEFAULT false NOT NULL
);
ALTER TABLE flowline.anomalies ADD CONSTRAINT anomalies_pkey PRIMARY KEY (anomaly_id);
CREATE INDEX anomalies_alert_id ON flowline.anomalies USING btree (alert_id);
CREATE INDEX anomalies_deferred ON flowline.anomalies USING btree (detector, anomaly_id) WHERE deferred;
CREATE INDEX anomalies_detector_p_value ON flowline.anomalies USING btree (detector, p_value);
CREATE INDEX anomalies_detector_surprise ON flowline.anomalies USING btree (detector, surprise_bits DESC, log_density_nats, anomaly_id);
CREATE INDEX anomalies_entity ON flowline.anomalies USING hash (((alert #>> '{event,entity}'::text[])));
CREATE INDEX anomalies_event ON flowline.anomalies USING hash (event_id);
CREATE INDEX anomalies_event_time ON flowline.anomalies USING btree (detector, event_time DESC, anomaly_id DESC);
CREATE INDEX anomalies_excluded ON flowline.anomalies USING btree (detector, event_time) WHERE excluded_from_training;
CREATE INDEX anomalies_feature ON flowline.anomalies USING btree (top_feature, event_time DESC, anomaly_id DESC);
CREATE INDEX anomalies_newest ON flowline.anomalies USING btree (event_time DESC, anomaly_id DESC);
CREATE INDEX anomalies_p_value ON flowline.anomalies USING btree (p_value);
CREATE INDEX anomalies_scored_at ON flowline.anomalies USING btree (detector, scored_at);
CREATE INDEX anomalies_surprise ON flowline.anomalies USING btree (surprise_bits DESC, log_density_nats, anomaly_id);
COMMENT ON TABLE flowline.anomalies IS 'A row for each anomaly, written with its score.';
COMMENT ON COLUMN flowline.anomalies.alert_id IS 'The alert that the anomaly belongs to; null for one that is suppressed.';
COMMENT ON COLUMN flowline.anomalies.deferred IS 'True while the explanation is still to come: a scorer adds it to the row.';
COMMENT ON COLUMN flowline.anomalies.excluded_from_training IS 'True if models are not to learn from the event.';
COMMENT ON COLUMN flowline.anomalies.rules IS 'Names of the rules that it met, and calendar/NAME.';
COMMENT ON COLUMN flowline.anomalies.suppressed_by IS 'The rule or calendar, or the bound (direction, minEffect), that keeps it from being part of an alert.';

CREATE TABLE flowline.anomaly_backlog (
  backlog_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  anomalies integer NOT NULL,
  since timestamp with time zone DEFAULT now() NOT NULL,
  packed bytea NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  error text,
  failed_at timestamp with time zone,
  set_aside_at timestamp with time zone,
  set_aside_reason text
);
ALTER TABLE flowline.anomaly_backlog ADD CONSTRAINT anomaly_backlog_check CHECK (((set_aside_reason IS NULL) = (set_aside_at IS NULL)));
ALTER TABLE flowline.anomaly_backlog ADD CONSTRAINT anomaly_backlog_pkey PRIMARY KEY (backlog_id);
CREATE INDEX anomaly_backlog_stream ON flowline.anomaly_backlog USING btree (detector, topic, partition, backlog_id);
COMMENT ON TABLE flowline.anomaly_backlog IS 'Anomalies that wait to be written out, in pieces; their events are stored.';
COMMENT ON COLUMN flowline.anomaly_backlog.anomalies IS 'Number of anomalies in the piece.';
COMMENT ON COLUMN flowline.anomaly_backlog.attempts IS 'Number of times that it could not be written out.';
COMMENT ON COLUMN flowline.anomaly_backlog.error IS 'Reason why it could not be written out last time; null if it was not tried, or not refused.';
COMMENT ON COLUMN flowline.anomaly_backlog.failed_at IS 'Time of the last failure.';
COMMENT ON COLUMN flowline.anomaly_backlog.packed IS 'The anomalies: a JSON header after its length, and columns of float64.';
COMMENT ON COLUMN flowline.anomaly_backlog.set_aside_at IS 'Time at which it was set aside; null while it waits to be written out.';
COMMENT ON COLUMN flowline.anomaly_backlog.set_aside_reason IS 'Reason why it was set aside: by a person, or because its detector was deleted.';
COMMENT ON COLUMN flowline.anomaly_backlog.since IS 'Time at which their batch was stored.';

CREATE TABLE flowline.api_sessions (
  hash bytea NOT NULL,
  token_id bigint NOT NULL,
  is_ticket boolean NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL
);
ALTER TABLE flowline.api_sessions ADD CONSTRAINT api_sessions_hash_check CHECK ((length(hash) = 32));
ALTER TABLE flowline.api_sessions ADD CONSTRAINT api_sessions_pkey PRIMARY KEY (hash);
ALTER TABLE flowline.api_sessions ADD CONSTRAINT api_sessions_token_id_fkey FOREIGN KEY (token_id) REFERENCES flowline.api_tokens(token_id) ON DELETE CASCADE;
CREATE INDEX api_sessions_end ON flowline.api_sessions USING btree (expires_at);
COMMENT ON TABLE flowline.api_sessions IS 'Sessions of the pages, and tickets that are exchanged for one session each; both as the SHA-256 of their text.';
COMMENT ON COLUMN flowline.api_sessions.is_ticket IS 'True for a ticket, which goes when it is exchanged.';
COMMENT ON COLUMN flowline.api_sessions.token_id IS 'Token whose rights the session has; it ends with the token.';

CREATE TABLE flowline.api_tokens (
  token_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL,
  scope text NOT NULL,
  detectors text[],
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone
);
ALTER TABLE flowline.api_tokens ADD CONSTRAINT api_tokens_detectors_check CHECK ((cardinality(detectors) > 0));
ALTER TABLE flowline.api_tokens ADD CONSTRAINT api_tokens_hash_check CHECK ((length(hash) = 32));
ALTER TABLE flowline.api_tokens ADD CONSTRAINT api_tokens_hash_key UNIQUE (hash);
ALTER TABLE flowline.api_tokens ADD CONSTRAINT api_tokens_pkey PRIMARY KEY (token_id);
ALTER TABLE flowline.api_tokens ADD CONSTRAINT api_tokens_scope_check CHECK ((scope = ANY (ARRAY['read'::text, 'operate'::text, 'admin'::text])));
COMMENT ON TABLE flowline.api_tokens IS 'Bearer tokens of the API, each as the SHA-256 of its text.';
COMMENT ON COLUMN flowline.api_tokens.detectors IS 'The only detectors that the token is for; null for all.';
COMMENT ON COLUMN flowline.api_tokens.last_used_at IS 'Time of its last use, to the minute.';
COMMENT ON COLUMN flowline.api_tokens.scope IS 'read, operate (and read), or admin (everything).';

CREATE TABLE flowline.arrivals (
  detector text NOT NULL,
  topic text NOT NULL,
  of_entity boolean NOT NULL,
  entity text NOT NULL,
  partition integer NOT NULL,
  last_seen timestamp with time zone NOT NULL,
  silence_from timestamp with time zone
) WITH (fillfactor=80);
ALTER TABLE flowline.arrivals ADD CONSTRAINT arrivals_check CHECK ((of_entity OR (entity = ''::text)));
ALTER TABLE flowline.arrivals ADD CONSTRAINT arrivals_pkey PRIMARY KEY (detector, topic, of_entity, entity);
COMMENT ON TABLE flowline.arrivals IS 'Streams and entities whose absence is watched, with the arrival of their last event by the clock.';
COMMENT ON COLUMN flowline.arrivals.last_seen IS 'Arrival of its last event, noted at most once per quarter of the expected interval.';
COMMENT ON COLUMN flowline.arrivals.of_entity IS 'True for an entity, false for the stream as a whole, whose entity is empty.';
COMMENT ON COLUMN flowline.arrivals.partition IS 'Partition of its last event.';
COMMENT ON COLUMN flowline.arrivals.silence_from IS 'last_seen of the silence that was noticed: no other alert is raised of it; null if it has ended.';

CREATE TABLE flowline.audit_log (
  audit_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  at timestamp with time zone DEFAULT now() NOT NULL,
  actor text NOT NULL,
  token_id bigint,
  action text NOT NULL,
  target text NOT NULL,
  detector text,
  request_id text NOT NULL,
  outcome integer NOT NULL
);
ALTER TABLE flowline.audit_log ADD CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id);
COMMENT ON TABLE flowline.audit_log IS 'Requests that change something, done or refused. Nothing is updated or deleted.';
COMMENT ON COLUMN flowline.audit_log.action IS 'Method and route, such as POST /v1/detectors/{detector}/pause.';
COMMENT ON COLUMN flowline.audit_log.actor IS 'Name of the token at that time.';
COMMENT ON COLUMN flowline.audit_log.outcome IS 'HTTP status of the response.';

CREATE TABLE flowline.confirmed_events (
  detector text NOT NULL,
  event_time timestamp with time zone NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  event_id text NOT NULL,
  anomaly_id bigint NOT NULL
);
ALTER TABLE flowline.confirmed_events ADD CONSTRAINT confirmed_events_pkey PRIMARY KEY (detector, anomaly_id);
CREATE INDEX confirmed_events_event ON flowline.confirmed_events USING btree (detector, event_time);
COMMENT ON TABLE flowline.confirmed_events IS 'The events whose latest answer, their own or that of their alert, is confirmed.';

CREATE TABLE flowline.database_identity (
  one boolean DEFAULT true NOT NULL,
  id text NOT NULL,
  system_identifier bigint,
  database_oid oid NOT NULL,
  settled_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.database_identity ADD CONSTRAINT database_identity_one_check CHECK (one);
ALTER TABLE flowline.database_identity ADD CONSTRAINT database_identity_pkey PRIMARY KEY (one);
COMMENT ON TABLE flowline.database_identity IS 'Which database this is, and where it was when it was told so: a copy finds itself elsewhere.';

CREATE TABLE flowline.dead_letters (
  dead_letter_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  detector_version integer NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  reason text NOT NULL,
  field text,
  message text NOT NULL,
  key bytea,
  value bytea,
  headers jsonb NOT NULL,
  record_time timestamp with time zone NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL,
  redriven_at timestamp with time zone
);
ALTER TABLE flowline.dead_letters ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id);
CREATE INDEX dead_letters_newest ON flowline.dead_letters USING btree (detector, dead_letter_id DESC);
CREATE INDEX dead_letters_stored_at ON flowline.dead_letters USING btree (detector, stored_at);
COMMENT ON TABLE flowline.dead_letters IS 'Records that could not be scored, as they came.';
COMMENT ON COLUMN flowline.dead_letters.redriven_at IS 'When it was sent to its topic again; null: never.';

CREATE TABLE flowline.detector_versions (
  detector text NOT NULL,
  version integer NOT NULL,
  definition jsonb NOT NULL,
  sha256 text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.detector_versions ADD CONSTRAINT detector_versions_definition_check CHECK ((jsonb_typeof(definition) = 'object'::text));
ALTER TABLE flowline.detector_versions ADD CONSTRAINT detector_versions_detector_fkey FOREIGN KEY (detector) REFERENCES flowline.detectors(name);
ALTER TABLE flowline.detector_versions ADD CONSTRAINT detector_versions_pkey PRIMARY KEY (detector, version);
ALTER TABLE flowline.detector_versions ADD CONSTRAINT detector_versions_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE flowline.detector_versions ADD CONSTRAINT detector_versions_version_check CHECK ((version >= 1));
CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON flowline.detector_versions FOR EACH ROW EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable_table BEFORE TRUNCATE ON flowline.detector_versions FOR EACH STATEMENT EXECUTE FUNCTION flowline.refuse_change();
COMMENT ON TABLE flowline.detector_versions IS 'Every definition a detector has had; immutable.';
COMMENT ON COLUMN flowline.detector_versions.sha256 IS 'Of the definition as JSON with sorted keys.';

CREATE TABLE flowline.detectors (
  name text NOT NULL,
  current_version integer NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  applied_at timestamp with time zone DEFAULT now() NOT NULL,
  state text DEFAULT 'active'::text NOT NULL,
  state_changed_at timestamp with time zone DEFAULT now() NOT NULL,
  consumer_group text,
  dropping boolean DEFAULT false NOT NULL
);
ALTER TABLE flowline.detectors ADD CONSTRAINT detectors_current_version_check CHECK ((current_version >= 1));
ALTER TABLE flowline.detectors ADD CONSTRAINT detectors_current_version_fkey FOREIGN KEY (name, current_version) REFERENCES flowline.detector_versions(detector, version) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE flowline.detectors ADD CONSTRAINT detectors_name_check CHECK ((name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text));
ALTER TABLE flowline.detectors ADD CONSTRAINT detectors_pkey PRIMARY KEY (name);
ALTER TABLE flowline.detectors ADD CONSTRAINT detectors_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'deleted'::text])));
COMMENT ON TABLE flowline.detectors IS 'Detectors by name, with the version that is in force.';
COMMENT ON COLUMN flowline.detectors.consumer_group IS 'The Kafka consumer group that its scorers share; null: flowline.<detector>.<id of the database>.';
COMMENT ON COLUMN flowline.detectors.dropping IS 'The data of this deleted detector are being dropped, or that was interrupted: it is not revived until it is done.';
COMMENT ON COLUMN flowline.detectors.state IS 'paused: neither scored nor trained on schedule; deleted: gone for every service, its versions stay, and applying it again revives it.';

CREATE TABLE flowline.detectors_in_force (
  detector text NOT NULL,
  detector_version integer,
  model_version integer,
  alpha double precision,
  alpha_note text,
  since timestamp with time zone,
  seen_at timestamp with time zone,
  fault_code text,
  fault_reason text,
  fault_remedy text,
  held_version integer,
  held_code text,
  held_reason text,
  held_remedy text,
  held_at timestamp with time zone
);
ALTER TABLE flowline.detectors_in_force ADD CONSTRAINT detectors_in_force_detector_fkey FOREIGN KEY (detector) REFERENCES flowline.detectors(name);
ALTER TABLE flowline.detectors_in_force ADD CONSTRAINT detectors_in_force_pkey PRIMARY KEY (detector);
COMMENT ON TABLE flowline.detectors_in_force IS 'What scores each detector, as scorers say it, and which model is held back, as trainers and operators say it.';
COMMENT ON COLUMN flowline.detectors_in_force.alpha_note IS 'Why alpha is not what the definition in force asks for; null where it is.';
COMMENT ON COLUMN flowline.detectors_in_force.detector_version IS 'The definition that the scorer follows: its decision, alerts and source.';
COMMENT ON COLUMN flowline.detectors_in_force.fault_code IS 'Why the scorer does not use the champion; null where it does.';
COMMENT ON COLUMN flowline.detectors_in_force.held_version IS 'The newest model version that does not score though it is trained; null where there is none.';
COMMENT ON COLUMN flowline.detectors_in_force.seen_at IS 'When a scorer last said so; long ago: none runs.';
COMMENT ON COLUMN flowline.detectors_in_force.since IS 'When this definition, model and alpha began to score together.';

CREATE TABLE flowline.drift_days (
  detector text NOT NULL,
  model_version integer NOT NULL,
  day date NOT NULL,
  events bigint NOT NULL,
  compared integer NOT NULL,
  stride integer NOT NULL,
  reference_days integer NOT NULL,
  evidence double precision NOT NULL,
  drifted boolean NOT NULL,
  histogram integer[] NOT NULL,
  checked_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.drift_days ADD CONSTRAINT drift_days_pkey PRIMARY KEY (detector, model_version, day);
COMMENT ON TABLE flowline.drift_days IS 'Comparison of the p-values of each day with those of the first days of the same model; a trainer adds a row per day.';
COMMENT ON COLUMN flowline.drift_days.compared IS 'Number of p-values compared: thinned, so that they are nearly independent.';
COMMENT ON COLUMN flowline.drift_days.day IS 'UTC day of scoring.';
COMMENT ON COLUMN flowline.drift_days.drifted IS 'True if the evidence is at least 4: by chance, on at most one day in 10,000.';
COMMENT ON COLUMN flowline.drift_days.events IS 'Events that the model scored on that day.';
COMMENT ON COLUMN flowline.drift_days.evidence IS 'Decimal logarithm of the largest capital of a martingale that bets against the day being like them.';
COMMENT ON COLUMN flowline.drift_days.histogram IS 'Counts of the compared p-values in 128 cells of [0, 1].';
COMMENT ON COLUMN flowline.drift_days.reference_days IS 'Number of days compared with: those of the first seven of the model that came before.';
COMMENT ON COLUMN flowline.drift_days.stride IS 'One of so many p-values was compared.';

CREATE TABLE flowline.drift_features (
  detector text NOT NULL,
  model_version integer NOT NULL,
  day date NOT NULL,
  feature text NOT NULL,
  place integer NOT NULL,
  compared integer NOT NULL,
  stride integer NOT NULL,
  evidence double precision NOT NULL,
  drifted boolean NOT NULL,
  change text,
  distance double precision NOT NULL,
  mean_pit double precision,
  missing_share double precision NOT NULL,
  histogram integer[] NOT NULL,
  pit text DEFAULT 'conditional'::text NOT NULL
);
ALTER TABLE flowline.drift_features ADD CONSTRAINT drift_features_pit_check CHECK ((pit = ANY (ARRAY['conditional'::text, 'marginal'::text])));
ALTER TABLE flowline.drift_features ADD CONSTRAINT drift_features_pkey PRIMARY KEY (detector, model_version, day, feature, pit);
COMMENT ON TABLE flowline.drift_features IS 'Comparison of the PITs of each scored feature on each day with those of the first days of the same model; a trainer adds two rows per feature and day.';
COMMENT ON COLUMN flowline.drift_features.change IS 'Way in which it has moved, given the others if conditional: higher, lower, missing more often, missing less often, or spread otherwise; null unless it has drifted.';
COMMENT ON COLUMN flowline.drift_features.compared IS 'Number of PITs compared: thinned, so that they are nearly independent.';
COMMENT ON COLUMN flowline.drift_features.day IS 'UTC day of scoring.';
COMMENT ON COLUMN flowline.drift_features.distance IS 'Largest difference of the CDFs of the PITs of the day and of the first days.';
COMMENT ON COLUMN flowline.drift_features.drifted IS 'True if the evidence is at least 4 + log10 of the number of rows of the day: by chance, of any row on at most one day in 10,000.';
COMMENT ON COLUMN flowline.drift_features.evidence IS 'Decimal logarithm of the largest capital of a martingale that bets against the day being like the first days.';
COMMENT ON COLUMN flowline.drift_features.histogram IS 'Counts of the PITs compared in 128 cells of [0, 1]; missing values in the first.';
COMMENT ON COLUMN flowline.drift_features.mean_pit IS 'Mean PIT of the values compared, 0.5 where the model fits; null if all are missing.';
COMMENT ON COLUMN flowline.drift_features.missing_share IS 'Share of the events compared that lack the feature.';
COMMENT ON COLUMN flowline.drift_features.pit IS 'conditional: P(feature <= its value | the rest of the event) by the model. marginal: P(feature <= its value) by the training rows.';
COMMENT ON COLUMN flowline.drift_features.place IS 'Place among the rows of the day, from 1: those that have drifted first, the farthest before the others.';
COMMENT ON COLUMN flowline.drift_features.stride IS 'One of so many PITs was compared.';

CREATE TABLE flowline.entity_claims (
  scope_id integer NOT NULL,
  low integer NOT NULL,
  oldest date NOT NULL,
  entries bytea NOT NULL
) WITH (fillfactor=50, autovacuum_vacuum_scale_factor=0.1);
ALTER TABLE flowline.entity_claims ADD CONSTRAINT entity_claims_pkey PRIMARY KEY (scope_id, low);
ALTER TABLE flowline.entity_claims ADD CONSTRAINT entity_claims_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES flowline.entity_scopes(scope_id) ON DELETE CASCADE;
COMMENT ON TABLE flowline.entity_claims IS 'The partition that each entity''s events arrive in: one.';
COMMENT ON COLUMN flowline.entity_claims.entries IS 'Per entity: 9 bytes of the SHA-256 of its name, 3 of its partition, and 2 of the day, since 1970, on which an event of it was noted.';
COMMENT ON COLUMN flowline.entity_claims.oldest IS 'No entity of the row was last seen before.';

CREATE TABLE flowline.entity_partitions (
  detector text NOT NULL,
  topic text NOT NULL,
  entity text NOT NULL,
  partition integer NOT NULL,
  last_seen date DEFAULT CURRENT_DATE NOT NULL,
  topic_id text DEFAULT ''::text NOT NULL,
  key text[] DEFAULT '{}'::text[] NOT NULL
);
ALTER TABLE flowline.entity_partitions ADD CONSTRAINT entity_partitions_pkey PRIMARY KEY (detector, topic, topic_id, key, entity);
CREATE INDEX entity_partitions_last_seen ON flowline.entity_partitions USING btree (detector, last_seen);
COMMENT ON TABLE flowline.entity_partitions IS 'Claims stored before entity_claims existed. One moves there when its entity is claimed or seen again, or expires here.';
COMMENT ON COLUMN flowline.entity_partitions.key IS 'The fields whose values name the entity.';
COMMENT ON COLUMN flowline.entity_partitions.last_seen IS 'The day of an event of this entity, noted with snapshots of the windows: at most one of them late.';
COMMENT ON COLUMN flowline.entity_partitions.topic_id IS 'As in stream_offsets; empty where it is not known.';

CREATE TABLE flowline.entity_scopes (
  scope_id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  topic text NOT NULL,
  topic_id text NOT NULL,
  key text[] NOT NULL
);
ALTER TABLE flowline.entity_scopes ADD CONSTRAINT entity_scopes_detector_topic_topic_id_key_key UNIQUE (detector, topic, topic_id, key);
ALTER TABLE flowline.entity_scopes ADD CONSTRAINT entity_scopes_pkey PRIMARY KEY (scope_id);
COMMENT ON COLUMN flowline.entity_scopes.key IS 'The fields whose values name the entity.';
COMMENT ON COLUMN flowline.entity_scopes.topic_id IS 'As in stream_offsets; empty where it is not known.';

CREATE TABLE flowline.event_counts (
  detector text NOT NULL,
  model_version integer NOT NULL,
  day date NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  events bigint NOT NULL,
  anomalies bigint NOT NULL,
  expected double precision DEFAULT 0 NOT NULL
) WITH (fillfactor=50);
ALTER TABLE flowline.event_counts ADD CONSTRAINT event_counts_pkey PRIMARY KEY (detector, model_version, day, topic, partition);
COMMENT ON TABLE flowline.event_counts IS 'Every event that was scored, whether its row is kept or not, by UTC day of scoring.';
COMMENT ON COLUMN flowline.event_counts.expected IS 'Anomalies to be expected of events like those that the model was calibrated on: the sum over events of the alpha that decided.';

CREATE TABLE flowline.event_duplicates (
  duplicate_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  topic text NOT NULL,
  topic_id text,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  event_id text NOT NULL,
  event_time timestamp with time zone NOT NULL,
  record_time timestamp with time zone NOT NULL,
  first_offset bigint NOT NULL,
  first_record_time timestamp with time zone NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.event_duplicates ADD CONSTRAINT event_duplicates_pkey PRIMARY KEY (duplicate_id);
CREATE INDEX event_duplicates_position ON flowline.event_duplicates USING btree (detector, topic, partition, "offset");
CREATE INDEX event_duplicates_stored ON flowline.event_duplicates USING btree (detector, stored_at);
COMMENT ON TABLE flowline.event_duplicates IS 'Records whose id an earlier event of their partition had within the window of source.deduplicate. They are not scored.';
COMMENT ON COLUMN flowline.event_duplicates.first_offset IS 'Offset of the event that had the id first.';
COMMENT ON COLUMN flowline.event_duplicates.topic_id IS 'Kafka''s id of the topic; null if unknown.';

CREATE VIEW flowline.event_history AS
 SELECT s.detector,
    s.detector_version,
    s.topic,
    s.partition,
    e."offset",
    e.event_time,
    e.numeric_values AS compact_values,
    e.exact_values,
    COALESCE(e.level_values, '{}'::text[]) AS level_values,
    (((e.flags)::integer & 2) <> 0) AS in_sample
   FROM (flowline.event_scores e
     JOIN flowline.score_sources s ON ((s.source_id = e.source_id)));
COMMENT ON VIEW flowline.event_history IS 'Stored events as history: a value is in exact_values, or else in compact_values.';

CREATE TABLE flowline.event_id_pieces (
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  first_number bigint NOT NULL,
  entries integer NOT NULL,
  keep_from bigint NOT NULL,
  run bigint NOT NULL,
  limited boolean NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL,
  ids bytea NOT NULL
);
ALTER TABLE flowline.event_id_pieces ADD CONSTRAINT event_id_pieces_pkey PRIMARY KEY (detector, topic, partition, first_number);
COMMENT ON TABLE flowline.event_id_pieces IS 'Ids of the events of each partition, as far as they are remembered, in the order in which these were accepted.';
COMMENT ON COLUMN flowline.event_id_pieces.entries IS 'Number of its ids.';
COMMENT ON COLUMN flowline.event_id_pieces.first_number IS 'Number of its first id, counted from that of the partition''s first event.';
COMMENT ON COLUMN flowline.event_id_pieces.ids IS 'Blocks, each of which begins with its number of ids, and offset and time of its first record; then 8 bytes of hash per id; then per id its distance in offset and time from the one before.';
COMMENT ON COLUMN flowline.event_id_pieces.keep_from IS 'Number of the first id that was remembered when the piece was stored.';
COMMENT ON COLUMN flowline.event_id_pieces.limited IS 'True if an id was forgotten with it before the window was over: source.deduplicate.maxIds is too small for the window.';
COMMENT ON COLUMN flowline.event_id_pieces.run IS 'Random name of the run that stored it.';

CREATE TABLE flowline.event_scores (
  scored_at timestamp with time zone DEFAULT now() NOT NULL,
  event_time timestamp with time zone NOT NULL,
  "offset" bigint NOT NULL,
  exact_log_density double precision,
  exact_p_value double precision,
  source_id integer NOT NULL,
  log_density real,
  p_value real,
  flags smallint NOT NULL,
  event_id text NOT NULL,
  numeric_values real[],
  exact_values double precision[],
  level_values text[],
  entity text
) PARTITION BY RANGE (scored_at);
CREATE INDEX event_scores_ids ON ONLY flowline.event_scores USING brin (event_id text_bloom_ops (n_distinct_per_range='900', false_positive_rate='0.001')) WITH (pages_per_range='16');
CREATE INDEX event_scores_times ON ONLY flowline.event_scores USING brin (event_time, scored_at, source_id int4_minmax_multi_ops) WITH (pages_per_range='64');
COMMENT ON TABLE flowline.event_scores IS 'Stored events, read through the view scored_events; partitioned by UTC day of scored_at. A stored score never changes.';
COMMENT ON COLUMN flowline.event_scores.exact_log_density IS 'Of a row whose precision is exact; null otherwise, and without a score.';
COMMENT ON COLUMN flowline.event_scores.exact_values IS 'Numeric features that are stored exactly, in their places; null where there are none.';
COMMENT ON COLUMN flowline.event_scores.flags IS '1: anomaly; 2: in the sample; from 4 on the p-value''s method: 1 empirical, 2 tail, 3 floor.';
COMMENT ON COLUMN flowline.event_scores.level_values IS 'Categorical and boolean features; null where there are none.';
COMMENT ON COLUMN flowline.event_scores.numeric_values IS 'Numeric features that are stored in seven significant digits, in their places; null where there are none.';

CREATE TABLE flowline.event_scores_default PARTITION OF flowline.event_scores DEFAULT WITH (toast_tuple_target=8160);

CREATE VIEW flowline.excluded_events AS
 SELECT confirmed_events.detector,
    confirmed_events.event_time,
    confirmed_events.topic,
    confirmed_events.partition,
    confirmed_events."offset",
    confirmed_events.event_id
   FROM flowline.confirmed_events
UNION ALL
 SELECT anomalies.detector,
    anomalies.event_time,
    anomalies.topic,
    anomalies.partition,
    anomalies."offset",
    anomalies.event_id
   FROM flowline.anomalies
  WHERE anomalies.excluded_from_training;
COMMENT ON VIEW flowline.excluded_events IS 'Events that models are not to learn from: confirmed by people, or excluded by rules. An event may be there twice.';

CREATE TABLE flowline.feedback (
  feedback_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  anomaly_id bigint,
  alert_id uuid,
  topic text,
  partition integer,
  "offset" bigint,
  event_id text,
  event_time timestamp with time zone NOT NULL,
  entity text,
  feature text,
  direction text,
  surprise_bits double precision NOT NULL,
  verdict text NOT NULL,
  note text,
  by text NOT NULL,
  at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  link_ends_at timestamp with time zone
);
ALTER TABLE flowline.feedback ADD CONSTRAINT feedback_check CHECK ((num_nonnulls(anomaly_id, alert_id) = 1));
ALTER TABLE flowline.feedback ADD CONSTRAINT feedback_check1 CHECK ((num_nonnulls(anomaly_id, topic, partition, "offset", event_id) = ANY (ARRAY[0, 5])));
ALTER TABLE flowline.feedback ADD CONSTRAINT feedback_link_of_alert CHECK (((link_ends_at IS NULL) OR (alert_id IS NOT NULL)));
ALTER TABLE flowline.feedback ADD CONSTRAINT feedback_pkey PRIMARY KEY (feedback_id);
ALTER TABLE flowline.feedback ADD CONSTRAINT feedback_verdict_check CHECK ((verdict = ANY (ARRAY['confirmed'::text, 'expected'::text, 'false_alarm'::text, 'new_normal'::text])));
CREATE INDEX feedback_alert ON flowline.feedback USING btree (alert_id, feedback_id) WHERE (alert_id IS NOT NULL);
CREATE INDEX feedback_anomaly ON flowline.feedback USING btree (anomaly_id, feedback_id) WHERE (anomaly_id IS NOT NULL);
CREATE INDEX feedback_detector ON flowline.feedback USING btree (detector, feedback_id);
CREATE UNIQUE INDEX feedback_link ON flowline.feedback USING btree (alert_id, verdict, link_ends_at) WHERE (link_ends_at IS NOT NULL);
COMMENT ON TABLE flowline.feedback IS 'Every answer to an anomaly or an alert; nothing is updated. It outlives both.';
COMMENT ON COLUMN flowline.feedback.alert_id IS 'The alert that was answered; null for a single anomaly.';
COMMENT ON COLUMN flowline.feedback.anomaly_id IS 'The anomaly that was answered; null for an alert.';
COMMENT ON COLUMN flowline.feedback.by IS 'Who answered: the name that was given, or of the token, or the database user.';
COMMENT ON COLUMN flowline.feedback.direction IS 'high, low or unlikely, of that feature.';
COMMENT ON COLUMN flowline.feedback.event_time IS 'Event time of the anomaly; of an alert, that of its first.';
COMMENT ON COLUMN flowline.feedback.feature IS 'The most surprising feature; null if it was not explained.';
COMMENT ON COLUMN flowline.feedback.link_ends_at IS 'End of the signed link that gave the answer, which names the link among those of its alert and verdict; else null.';
COMMENT ON COLUMN flowline.feedback.surprise_bits IS 'Of the anomaly; of an alert, of its most surprising one.';

CREATE TABLE flowline.idempotency_keys (
  token_id bigint NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  status integer,
  headers jsonb,
  body text
);
ALTER TABLE flowline.idempotency_keys ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (token_id, key);
CREATE INDEX idempotency_keys_age ON flowline.idempotency_keys USING btree (created_at);
COMMENT ON TABLE flowline.idempotency_keys IS 'Responses to requests with an Idempotency-Key, for a day.';
COMMENT ON COLUMN flowline.idempotency_keys.status IS 'Null while the first request is under way.';

CREATE TABLE flowline.model_aliases (
  detector text NOT NULL,
  alias text NOT NULL,
  version integer NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.model_aliases ADD CONSTRAINT model_aliases_alias_check CHECK ((alias = ANY (ARRAY['champion'::text, 'challenger'::text, 'previous'::text])));
ALTER TABLE flowline.model_aliases ADD CONSTRAINT model_aliases_detector_version_fkey FOREIGN KEY (detector, version) REFERENCES flowline.model_versions(detector, version);
ALTER TABLE flowline.model_aliases ADD CONSTRAINT model_aliases_pkey PRIMARY KEY (detector, alias);
COMMENT ON TABLE flowline.model_aliases IS 'champion: the model version that scores; previous: the one before it; challenger: a newer one that is held back.';

CREATE TABLE flowline.model_artifacts (
  sha256 text NOT NULL,
  bytes bytea NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.model_artifacts ADD CONSTRAINT model_artifacts_content_check CHECK ((sha256 = encode(sha256(bytes), 'hex'::text)));
ALTER TABLE flowline.model_artifacts ADD CONSTRAINT model_artifacts_pkey PRIMARY KEY (sha256);
CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON flowline.model_artifacts FOR EACH ROW EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable_table BEFORE TRUNCATE ON flowline.model_artifacts FOR EACH STATEMENT EXECUTE FUNCTION flowline.refuse_change();
COMMENT ON TABLE flowline.model_artifacts IS 'The bytes of models, addressed by content; immutable.';

CREATE TABLE flowline.model_versions (
  detector text NOT NULL,
  version integer NOT NULL,
  detector_version integer NOT NULL,
  sha256 text NOT NULL,
  alpha double precision NOT NULL,
  manifest jsonb NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.model_versions ADD CONSTRAINT model_versions_alpha_check CHECK (((alpha > (0)::double precision) AND (alpha < (1)::double precision)));
ALTER TABLE flowline.model_versions ADD CONSTRAINT model_versions_detector_detector_version_fkey FOREIGN KEY (detector, detector_version) REFERENCES flowline.detector_versions(detector, version);
ALTER TABLE flowline.model_versions ADD CONSTRAINT model_versions_manifest_check CHECK ((jsonb_typeof(manifest) = 'object'::text));
ALTER TABLE flowline.model_versions ADD CONSTRAINT model_versions_pkey PRIMARY KEY (detector, version);
ALTER TABLE flowline.model_versions ADD CONSTRAINT model_versions_sha256_fkey FOREIGN KEY (sha256) REFERENCES flowline.model_artifacts(sha256);
ALTER TABLE flowline.model_versions ADD CONSTRAINT model_versions_version_check CHECK ((version >= 1));
CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON flowline.model_versions FOR EACH ROW EXECUTE FUNCTION flowline.refuse_change();
CREATE TRIGGER immutable_table BEFORE TRUNCATE ON flowline.model_versions FOR EACH STATEMENT EXECUTE FUNCTION flowline.refuse_change();
COMMENT ON TABLE flowline.model_versions IS 'Trained models by detector; immutable.';
COMMENT ON COLUMN flowline.model_versions.alpha IS 'An event is an anomaly where its p-value is at most this.';

CREATE TABLE flowline.partition_discoveries (
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  level double precision NOT NULL,
  tests bigint NOT NULL,
  discovered bigint NOT NULL,
  latest bigint[] NOT NULL,
  expected double precision NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL
) WITH (fillfactor=50);
ALTER TABLE flowline.partition_discoveries ADD CONSTRAINT partition_discoveries_pkey PRIMARY KEY (detector, topic, partition);
COMMENT ON TABLE flowline.partition_discoveries IS 'Tests and discoveries of the partitions of detectors that control their false discovery rate; stored with each batch.';
COMMENT ON COLUMN flowline.partition_discoveries.discovered IS 'Anomalies among them.';
COMMENT ON COLUMN flowline.partition_discoveries.expected IS 'Sum of the thresholds of all tests: at most so many false anomalies are to be expected.';
COMMENT ON COLUMN flowline.partition_discoveries.latest IS 'Numbers of the latest 256 of these among the tests, which count from 1.';
COMMENT ON COLUMN flowline.partition_discoveries.level IS 'decision.control.fdr; another level begins another sequence of tests.';
COMMENT ON COLUMN flowline.partition_discoveries.tests IS 'Events tested.';

CREATE TABLE flowline.reading_ends (
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  complete_to timestamp with time zone NOT NULL
);
ALTER TABLE flowline.reading_ends ADD CONSTRAINT reading_ends_pkey PRIMARY KEY (detector, topic, partition);
COMMENT ON TABLE flowline.reading_ends IS 'Partitions of streams whose absence is watched.';
COMMENT ON COLUMN flowline.reading_ends.complete_to IS 'Everything that had come by this time was stored then.';

CREATE TABLE flowline.resource_faults (
  kind text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  message text NOT NULL,
  first_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.resource_faults ADD CONSTRAINT resource_faults_pkey PRIMARY KEY (kind, name, version);
COMMENT ON TABLE flowline.resource_faults IS 'The first fault of a version while it was used.';

CREATE TABLE flowline.resource_versions (
  kind text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  spec jsonb NOT NULL,
  applied_at timestamp with time zone DEFAULT now() NOT NULL,
  applied_by text NOT NULL
);
ALTER TABLE flowline.resource_versions ADD CONSTRAINT resource_versions_pkey PRIMARY KEY (kind, name, version);
COMMENT ON TABLE flowline.resource_versions IS 'Every version of a rule, calendar or sink that was applied.';

CREATE TABLE flowline.resources (
  kind text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  spec jsonb NOT NULL,
  sha256 text NOT NULL,
  applied_at timestamp with time zone DEFAULT now() NOT NULL,
  applied_by text NOT NULL,
  removed_at timestamp with time zone
);
ALTER TABLE flowline.resources ADD CONSTRAINT resources_pkey PRIMARY KEY (kind, name);
COMMENT ON TABLE flowline.resources IS 'Rules, calendars and sinks, each in its latest version.';
COMMENT ON COLUMN flowline.resources.applied_by IS 'Who applied it: the name that was given, or the database user.';
COMMENT ON COLUMN flowline.resources.kind IS 'Rule, Calendar or Sink.';
COMMENT ON COLUMN flowline.resources.removed_at IS 'Time of its removal; null while it is in force.';

CREATE TABLE flowline.score_hours (
  source_id integer NOT NULL,
  starts_at timestamp with time zone NOT NULL,
  width_seconds integer NOT NULL,
  events bigint NOT NULL,
  anomalies bigint NOT NULL,
  expected double precision NOT NULL,
  bits_sum double precision NOT NULL,
  bits_min real NOT NULL,
  bits_max real NOT NULL,
  p_cells integer[] NOT NULL,
  bits_cells integer[] NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL
) WITH (fillfactor=70);
ALTER TABLE flowline.score_hours ADD CONSTRAINT score_hours_pkey PRIMARY KEY (source_id, starts_at, width_seconds);
ALTER TABLE flowline.score_hours ADD CONSTRAINT score_hours_source_id_fkey FOREIGN KEY (source_id) REFERENCES flowline.score_sources(source_id) ON DELETE CASCADE;
ALTER TABLE flowline.score_hours ADD CONSTRAINT score_hours_width_seconds_check CHECK ((width_seconds = ANY (ARRAY[3600, 21600, 86400])));
COMMENT ON TABLE flowline.score_hours IS 'The intervals of score_summaries summed by the hour, in the transaction that writes them; longer ones are as they are there.';
COMMENT ON COLUMN flowline.score_hours.bits_cells IS 'Events by whole bits of surprise from 0 on; 63 or more are in the last of 64, and zeros at the end are left out.';
COMMENT ON COLUMN flowline.score_hours.bits_sum IS 'Sum of the surprise of the events, in bits.';
COMMENT ON COLUMN flowline.score_hours.expected IS 'Anomalies to be expected: the sum over events of the threshold that decided.';
COMMENT ON COLUMN flowline.score_hours.p_cells IS 'Events by p-value, in 20 equal cells of [0, 1].';
COMMENT ON COLUMN flowline.score_hours.starts_at IS 'Start of the interval of event time.';
COMMENT ON COLUMN flowline.score_hours.stored_at IS 'Time of its last change, from which its retention counts.';
COMMENT ON COLUMN flowline.score_hours.width_seconds IS 'Length of the interval: an hour, or 6 or 24 hours where the events of a batch lie far apart.';

CREATE TABLE flowline.score_sources (
  source_id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  detector_version integer NOT NULL,
  model_version integer,
  topic text NOT NULL,
  partition integer NOT NULL
);
ALTER TABLE flowline.score_sources ADD CONSTRAINT score_sources_pkey PRIMARY KEY (source_id);
CREATE UNIQUE INDEX score_sources_once ON flowline.score_sources USING btree (detector, detector_version, COALESCE(model_version, 0), topic, partition);
COMMENT ON TABLE flowline.score_sources IS 'Sources of stored events: a partition of a topic, and the versions that scored it.';
COMMENT ON COLUMN flowline.score_sources.model_version IS 'Null for events that came before the first model.';

CREATE TABLE flowline.score_summaries (
  source_id integer NOT NULL,
  starts_at timestamp with time zone NOT NULL,
  width_seconds integer NOT NULL,
  events bigint NOT NULL,
  anomalies bigint NOT NULL,
  expected double precision NOT NULL,
  bits_sum double precision NOT NULL,
  bits_min real NOT NULL,
  bits_max real NOT NULL,
  p_cells integer[] NOT NULL,
  bits_cells integer[] NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.score_summaries ADD CONSTRAINT score_summaries_pkey PRIMARY KEY (source_id, starts_at, width_seconds);
ALTER TABLE flowline.score_summaries ADD CONSTRAINT score_summaries_source_id_fkey FOREIGN KEY (source_id) REFERENCES flowline.score_sources(source_id) ON DELETE CASCADE;
ALTER TABLE flowline.score_summaries ADD CONSTRAINT score_summaries_width_seconds_check CHECK ((width_seconds = ANY (ARRAY[60, 600, 3600, 21600, 86400])));
COMMENT ON TABLE flowline.score_summaries IS 'Scores of a source by event time, which charts are drawn from: written with the events, in their transaction.';
COMMENT ON COLUMN flowline.score_summaries.bits_cells IS 'Events by whole bits of surprise from 0 on; 63 or more are in the last of 64, and zeros at the end are left out.';
COMMENT ON COLUMN flowline.score_summaries.bits_sum IS 'Sum of the surprise of the events, in bits.';
COMMENT ON COLUMN flowline.score_summaries.expected IS 'Anomalies to be expected: the sum over events of the threshold that decided.';
COMMENT ON COLUMN flowline.score_summaries.p_cells IS 'Events by p-value, in 20 equal cells of [0, 1].';
COMMENT ON COLUMN flowline.score_summaries.starts_at IS 'Start of the interval of event time.';
COMMENT ON COLUMN flowline.score_summaries.stored_at IS 'Time of its last change, from which its retention counts.';
COMMENT ON COLUMN flowline.score_summaries.width_seconds IS 'Length of the interval: a minute, or 10 minutes, 1, 6 or 24 hours where the events of a batch lie far apart.';

CREATE VIEW flowline.scored_events AS
 SELECT s.detector,
    s.detector_version,
    s.model_version,
    s.topic,
    s.partition,
    e."offset",
    e.event_id,
    e.event_time,
    e.scored_at,
    COALESCE(e.exact_log_density, ((e.log_density)::text)::double precision) AS log_density_nats,
    COALESCE(e.exact_p_value, ((e.p_value)::text)::double precision) AS p_value,
    (ARRAY['empirical'::text, 'tail'::text, 'floor'::text])[(e.flags >> 2)] AS p_method,
    (((e.flags)::integer & 1) <> 0) AS is_anomaly,
        CASE
            WHEN (e.exact_values IS NULL) THEN COALESCE(((e.numeric_values)::text)::double precision[], '{}'::double precision[])
            WHEN (e.numeric_values IS NULL) THEN e.exact_values
            ELSE ( SELECT array_agg(COALESCE(v.exact, ((v.compact)::text)::double precision) ORDER BY v.place) AS array_agg
               FROM UNNEST(e.exact_values, e.numeric_values) WITH ORDINALITY v(exact, compact, place))
        END AS numeric_values,
    COALESCE(e.level_values, '{}'::text[]) AS level_values,
    e.entity,
    (((e.flags)::integer & 2) <> 0) AS in_sample
   FROM (flowline.event_scores e
     JOIN flowline.score_sources s ON ((s.source_id = e.source_id)));
CREATE TRIGGER store INSTEAD OF INSERT ON flowline.scored_events FOR EACH ROW EXECUTE FUNCTION flowline.insert_scored_event();
COMMENT ON VIEW flowline.scored_events IS 'Stored events, scored or collected before the first model, whichever way they are stored. A stored score never changes.';
COMMENT ON COLUMN flowline.scored_events.entity IS 'The value of the detector''s key, a JSON list where it has several fields; null where events stand alone.';
COMMENT ON COLUMN flowline.scored_events.in_sample IS 'Of the uniform sample of all events that retention.sample keeps. false: kept for being an anomaly; left out of distributions and of history.';
COMMENT ON COLUMN flowline.scored_events.level_values IS 'Categorical and boolean features, in the order of the detector version; null is missing.';
COMMENT ON COLUMN flowline.scored_events.log_density_nats IS 'log p(event) in the units of its columns; -Infinity outside the domain. Seven digits where precision is compact.';
COMMENT ON COLUMN flowline.scored_events.numeric_values IS 'Numeric features in original units, in the order of the detector version; null is missing. Seven digits where precision is compact.';

CREATE TABLE flowline.stream_gaps (
  gap_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  from_offset bigint NOT NULL,
  to_offset bigint NOT NULL,
  found_at timestamp with time zone DEFAULT now() NOT NULL,
  topic_id text
);
ALTER TABLE flowline.stream_gaps ADD CONSTRAINT stream_gaps_check CHECK ((from_offset < to_offset));
ALTER TABLE flowline.stream_gaps ADD CONSTRAINT stream_gaps_pkey PRIMARY KEY (gap_id);
CREATE UNIQUE INDEX stream_gaps_once ON flowline.stream_gaps USING btree (detector, topic, COALESCE(topic_id, ''::text), partition, from_offset, to_offset);
COMMENT ON TABLE flowline.stream_gaps IS 'Records that the topic no longer held when they were due.';

CREATE TABLE flowline.stream_offsets (
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL,
  record_time timestamp with time zone,
  prefixes jsonb,
  topic_id text,
  alerts_due timestamp with time zone
) WITH (fillfactor=50);
ALTER TABLE flowline.stream_offsets ADD CONSTRAINT stream_offsets_next_offset_check CHECK ((next_offset >= 0));
ALTER TABLE flowline.stream_offsets ADD CONSTRAINT stream_offsets_pkey PRIMARY KEY (detector, topic, partition);
COMMENT ON TABLE flowline.stream_offsets IS 'The fence: whatever lies below next_offset is stored, whoever asks.';
COMMENT ON COLUMN flowline.stream_offsets.alerts_due IS 'The earliest event time at which an open alert of the partition is due to be resolved; null for none.';
COMMENT ON COLUMN flowline.stream_offsets.prefixes IS 'Of a file: digests of its first n lines by n, from next_offset on; null for other streams.';
COMMENT ON COLUMN flowline.stream_offsets.topic_id IS 'The id that Kafka gave the topic these offsets count in: a topic that is deleted and created again has another. Null: not known.';

CREATE TABLE flowline.trainers (
  trainer uuid NOT NULL,
  started_at timestamp with time zone DEFAULT now() NOT NULL,
  seen_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.trainers ADD CONSTRAINT trainers_pkey PRIMARY KEY (trainer);
COMMENT ON TABLE flowline.trainers IS 'Trainers that serve: those that take up requests.';
COMMENT ON COLUMN flowline.trainers.seen_at IS 'Time of its last report, which comes every five seconds.';
COMMENT ON COLUMN flowline.trainers.started_at IS 'Time of its first report.';
COMMENT ON COLUMN flowline.trainers.trainer IS 'Random id of the process.';

CREATE TABLE flowline.training_checkpoints (
  run_id bigint NOT NULL,
  member integer NOT NULL,
  bytes bytea NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE flowline.training_checkpoints ADD CONSTRAINT training_checkpoints_pkey PRIMARY KEY (run_id, member);
ALTER TABLE flowline.training_checkpoints ADD CONSTRAINT training_checkpoints_run_id_fkey FOREIGN KEY (run_id) REFERENCES flowline.training_runs(run_id) ON DELETE CASCADE;
COMMENT ON TABLE flowline.training_checkpoints IS 'States of interrupted trainings, from which their next attempt goes on; removed when it ends.';
COMMENT ON COLUMN flowline.training_checkpoints.bytes IS 'Checkpoint of the flow library: weights, moments, random states and curves, with a checksum.';
COMMENT ON COLUMN flowline.training_checkpoints.member IS 'Flow of the ensemble, from 0.';

CREATE TABLE flowline.training_leases (
  detector text NOT NULL,
  holder uuid NOT NULL,
  taken_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL
);
ALTER TABLE flowline.training_leases ADD CONSTRAINT training_leases_pkey PRIMARY KEY (detector);
COMMENT ON TABLE flowline.training_leases IS 'Who trains a detector now; whoever stops renewing its lease has lost it.';

CREATE TABLE flowline.training_runs (
  run_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  detector text NOT NULL,
  detector_version integer NOT NULL,
  scheduled_for timestamp with time zone,
  attempt integer DEFAULT 1 NOT NULL,
  status text DEFAULT 'running'::text NOT NULL,
  phase text DEFAULT 'starting'::text NOT NULL,
  started_at timestamp with time zone DEFAULT now() NOT NULL,
  phase_started_at timestamp with time zone DEFAULT now() NOT NULL,
  finished_at timestamp with time zone,
  phases jsonb DEFAULT '[]'::jsonb NOT NULL,
  curves jsonb DEFAULT '[]'::jsonb NOT NULL,
  metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
  model_version integer,
  promoted boolean,
  error jsonb,
  requested_at timestamp with time zone,
  requested_by text,
  promotion text,
  progress jsonb,
  cancel_requested_at timestamp with time zone,
  cancelled_by text,
  events_scored bigint,
  retry_at timestamp with time zone,
  kind text DEFAULT 'training'::text NOT NULL
);
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_detector_detector_version_fkey FOREIGN KEY (detector, detector_version) REFERENCES flowline.detector_versions(detector, version);
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_detector_model_version_fkey FOREIGN KEY (detector, model_version) REFERENCES flowline.model_versions(detector, version);
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_finished_check CHECK (((status = ANY (ARRAY['requested'::text, 'running'::text])) = (finished_at IS NULL)));
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_kind_check CHECK ((kind = ANY (ARRAY['training'::text, 'recalibration'::text])));
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_phases_check CHECK ((jsonb_typeof(phases) = 'array'::text));
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_pkey PRIMARY KEY (run_id);
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_promotion_check CHECK ((promotion = ANY (ARRAY['auto'::text, 'always'::text, 'never'::text])));
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_requested_check CHECK (((status <> 'requested'::text) OR (requested_at IS NOT NULL)));
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_scheduled_once UNIQUE (detector, scheduled_for);
ALTER TABLE flowline.training_runs ADD CONSTRAINT training_runs_status_check CHECK ((status = ANY (ARRAY['requested'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'abandoned'::text, 'cancelled'::text])));
CREATE INDEX training_runs_latest ON flowline.training_runs USING btree (detector, started_at DESC);
CREATE UNIQUE INDEX training_runs_requested ON flowline.training_runs USING btree (detector) WHERE (status = 'requested'::text);
CREATE INDEX training_runs_running ON flowline.training_runs USING btree (detector) WHERE (status = 'running'::text);
COMMENT ON TABLE flowline.training_runs IS 'Every attempt to train a detector, with its curves and what came of it.';
COMMENT ON COLUMN flowline.training_runs.cancel_requested_at IS 'Time at which its cancellation was asked for; its trainer stops within seconds.';
COMMENT ON COLUMN flowline.training_runs.cancelled_by IS 'Who asked for its cancellation.';
COMMENT ON COLUMN flowline.training_runs.events_scored IS 'Events of the detector that models had scored in all when the attempt began; null for one that has not begun.';
COMMENT ON COLUMN flowline.training_runs.kind IS 'training: of new weights. recalibration: the champion''s weights with p-values of newer events, as another model version.';
COMMENT ON COLUMN flowline.training_runs.phase IS 'Phase of a running run; requested for one that waits or never began.';
COMMENT ON COLUMN flowline.training_runs.phases IS 'Finished phases: [{phase, seconds}].';
COMMENT ON COLUMN flowline.training_runs.progress IS 'Progress within the phase: {stage, share, step, steps}; null for none.';
COMMENT ON COLUMN flowline.training_runs.promotion IS 'Promotion mode that was asked for; null for that of the definition.';
COMMENT ON COLUMN flowline.training_runs.requested_at IS 'Time of the request; null for a run of the schedule or of a command.';
COMMENT ON COLUMN flowline.training_runs.requested_by IS 'Who asked for it: the name of a token, or the database user.';
COMMENT ON COLUMN flowline.training_runs.retry_at IS 'Time from which the next attempt may be made, of a run that was interrupted or failed for a reason that may pass; null for none.';
COMMENT ON COLUMN flowline.training_runs.scheduled_for IS 'The tick of the schedule it runs for; null when started by hand.';
COMMENT ON COLUMN flowline.training_runs.started_at IS 'Start of the attempt; the time of the request while it waits.';
COMMENT ON COLUMN flowline.training_runs.status IS 'requested: waits for a trainer; abandoned: its trainer ended without saying how (its tick may be claimed again); cancelled: on request.';

CREATE VIEW flowline.v1_alert_rate_daily AS
 SELECT c.detector,
    c.day,
    c.model_version,
    (sum(c.events))::bigint AS events,
    sum((c.expected + (COALESCE(e.always_rate, (0)::double precision) * ((c.events)::double precision - c.expected)))) AS expected,
    (sum(c.anomalies))::bigint AS measured
   FROM (flowline.event_counts c
     LEFT JOIN flowline.alarm_expectations e ON (((e.detector = c.detector) AND (e.model_version = c.model_version))))
  GROUP BY c.detector, c.day, c.model_version;
COMMENT ON VIEW flowline.v1_alert_rate_daily IS 'Stable: anomalies expected (by the alpha that decided, and of events that always alarm) and measured, by UTC day and model version.';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.day IS 'UTC day of scoring';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.events IS 'events that were scored, stored or not';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.expected IS 'anomalies to be expected: the sum over events of the alpha that decided, and the share of events that always alarm';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.measured IS 'anomalies';
COMMENT ON COLUMN flowline.v1_alert_rate_daily.model_version IS 'model that scored';

CREATE VIEW flowline.v1_alerts AS
 SELECT alert_id,
    detector,
    kind,
    entity,
    feature,
    phase AS state,
    severity,
    count,
    first_seen,
    last_seen,
    resolved_at,
    peak_bits,
    COALESCE((peak ->> 'summary'::text), (storm ->> 'summary'::text), (absence ->> 'summary'::text)) AS summary,
    messages,
    acknowledged_at,
    acknowledged_by,
    snoozed_until,
    peak,
    storm,
    topic,
    partition,
    fingerprint,
    absence
   FROM flowline.alerts
  WHERE (phase <> 'counting'::text);
COMMENT ON VIEW flowline.v1_alerts IS 'Stable: alerts as people read them, one row per run of anomalies.';
COMMENT ON COLUMN flowline.v1_alerts.absence IS 'of an absence: {lastEvent, expectEveryMs, alertAfterMs, summary}; null otherwise';
COMMENT ON COLUMN flowline.v1_alerts.acknowledged_at IS 'time of the acknowledgement; null for none';
COMMENT ON COLUMN flowline.v1_alerts.acknowledged_by IS 'who acknowledged it';
COMMENT ON COLUMN flowline.v1_alerts.alert_id IS 'id of the alert';
COMMENT ON COLUMN flowline.v1_alerts.count IS 'anomalies so far; of a storm, alerts; of an absence, silences';
COMMENT ON COLUMN flowline.v1_alerts.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_alerts.entity IS 'entity (source.key); null if events stand alone, and for storms';
COMMENT ON COLUMN flowline.v1_alerts.feature IS 'feature by which it is grouped; null for none';
COMMENT ON COLUMN flowline.v1_alerts.fingerprint IS 'id that all alerts of the same detector, source, kind, entity and group share';
COMMENT ON COLUMN flowline.v1_alerts.first_seen IS 'event time of its first anomaly; of an absence, when it was first noticed';
COMMENT ON COLUMN flowline.v1_alerts.kind IS 'density, out_of_domain, absence or storm';
COMMENT ON COLUMN flowline.v1_alerts.last_seen IS 'event time of its last anomaly; of an absence, when it was last noticed';
COMMENT ON COLUMN flowline.v1_alerts.messages IS 'messages about it';
COMMENT ON COLUMN flowline.v1_alerts.partition IS 'partition of its last anomaly';
COMMENT ON COLUMN flowline.v1_alerts.peak IS 'its most surprising anomaly, as it is published; null for a storm and an absence';
COMMENT ON COLUMN flowline.v1_alerts.peak_bits IS 'surprise of its most surprising anomaly, in bits; 0 for an absence';
COMMENT ON COLUMN flowline.v1_alerts.resolved_at IS 'event time of its end; null unless it is resolved';
COMMENT ON COLUMN flowline.v1_alerts.severity IS 'info, warning, major or critical';
COMMENT ON COLUMN flowline.v1_alerts.snoozed_until IS 'time until which its messages are held back; null for none';
COMMENT ON COLUMN flowline.v1_alerts.state IS 'open or resolved';
COMMENT ON COLUMN flowline.v1_alerts.storm IS 'of a storm: openings by feature, and the worst by name; null otherwise';
COMMENT ON COLUMN flowline.v1_alerts.summary IS 'one line for people, of the most surprising anomaly';
COMMENT ON COLUMN flowline.v1_alerts.topic IS 'stream that it comes from';

CREATE VIEW flowline.v1_anomalies AS
 SELECT anomaly_id,
    detector,
    event_time,
    event_id,
    summary,
    surprise_bits,
    p_value,
    top_feature,
    reason,
    (alert -> 'observed'::text) AS observed,
    (alert -> 'expected'::text) AS expected,
    (alert -> 'contributions'::text) AS contributions,
    (alert -> 'nearestNormal'::text) AS nearest_normal,
    log_density_nats,
    p_method,
    model_version,
    detector_version,
    topic,
    partition,
    "offset",
    scored_at,
    alert_id,
    (alert #>> '{event,entity}'::text[]) AS entity,
    deferred AS explanation_follows,
    rules,
    suppressed_by
   FROM flowline.anomalies;
COMMENT ON VIEW flowline.v1_anomalies IS 'Stable: anomalies as people read them.';
COMMENT ON COLUMN flowline.v1_anomalies.alert_id IS 'alert that it belongs to; null if it is suppressed';
COMMENT ON COLUMN flowline.v1_anomalies.anomaly_id IS 'id of the anomaly, growing';
COMMENT ON COLUMN flowline.v1_anomalies.contributions IS '[{feature, bits, direction}], the feature first without which the event is most normal; direction is high, low or unlikely';
COMMENT ON COLUMN flowline.v1_anomalies.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_anomalies.detector_version IS 'definition that was in force';
COMMENT ON COLUMN flowline.v1_anomalies.entity IS 'entity (source.key); null if events stand alone';
COMMENT ON COLUMN flowline.v1_anomalies.event_id IS 'id of the event, or its place in the stream';
COMMENT ON COLUMN flowline.v1_anomalies.event_time IS 'time of the event';
COMMENT ON COLUMN flowline.v1_anomalies.expected IS '{feature: {median, p05, p95}}: the value expected given all the others; also ranges: [{low, high}] where there are several';
COMMENT ON COLUMN flowline.v1_anomalies.explanation_follows IS 'true while the explanation is still to come';
COMMENT ON COLUMN flowline.v1_anomalies.log_density_nats IS 'log p(event), in nats; -Infinity outside the domain';
COMMENT ON COLUMN flowline.v1_anomalies.model_version IS 'model that scored it';
COMMENT ON COLUMN flowline.v1_anomalies.nearest_normal IS '{feature: value} of the closest usual event';
COMMENT ON COLUMN flowline.v1_anomalies.observed IS '{feature: value}, in original units';
COMMENT ON COLUMN flowline.v1_anomalies."offset" IS 'offset within the partition';
COMMENT ON COLUMN flowline.v1_anomalies.p_method IS 'empirical, tail (fitted beyond the calibration rows) or floor (at most this)';
COMMENT ON COLUMN flowline.v1_anomalies.p_value IS 'share of normal events that are at least as surprising, by the test that the model decides with';
COMMENT ON COLUMN flowline.v1_anomalies.partition IS 'partition of the stream';
COMMENT ON COLUMN flowline.v1_anomalies.reason IS 'the test that raised it: low_density, high_density, extreme_latent, extreme_value or distant; or out_of_domain';
COMMENT ON COLUMN flowline.v1_anomalies.rules IS 'names of the rules that it met, and calendar/NAME';
COMMENT ON COLUMN flowline.v1_anomalies.scored_at IS 'time of scoring';
COMMENT ON COLUMN flowline.v1_anomalies.summary IS 'one line for people';
COMMENT ON COLUMN flowline.v1_anomalies.suppressed_by IS 'rule, calendar or bound that keeps it from being part of an alert; null for none';
COMMENT ON COLUMN flowline.v1_anomalies.surprise_bits IS '-log2 of the p-value, in bits';
COMMENT ON COLUMN flowline.v1_anomalies.top_feature IS 'feature that contributes most; null for none, or while the explanation follows';
COMMENT ON COLUMN flowline.v1_anomalies.topic IS 'stream that it came from';

CREATE VIEW flowline.v1_anomaly_backlog AS
 SELECT detector,
    topic,
    partition,
    COALESCE(sum(anomalies) FILTER (WHERE (set_aside_at IS NULL)), (0)::bigint) AS anomalies,
    min(since) FILTER (WHERE (set_aside_at IS NULL)) AS since,
    COALESCE(sum(anomalies) FILTER (WHERE (set_aside_at IS NOT NULL)), (0)::bigint) AS set_aside
   FROM flowline.anomaly_backlog
  GROUP BY detector, topic, partition;
COMMENT ON VIEW flowline.v1_anomaly_backlog IS 'Stable: anomalies of incidents that are stored with their scores and not in v1_anomalies yet, by stream.';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.anomalies IS 'anomalies that wait';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.partition IS 'partition of the events';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.set_aside IS 'anomalies that were set aside, such as those that could not be written out';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.since IS 'time at which the first of those that wait was stored; null if none waits';
COMMENT ON COLUMN flowline.v1_anomaly_backlog.topic IS 'topic of the events';

CREATE VIEW flowline.v1_anomaly_backlog_pieces AS
 SELECT backlog_id,
    detector,
    topic,
    partition,
    anomalies,
    since,
    attempts,
    error,
    failed_at,
    set_aside_at,
    set_aside_reason
   FROM flowline.anomaly_backlog;
COMMENT ON VIEW flowline.v1_anomaly_backlog_pieces IS 'Stable: anomalies of incidents that are stored with their scores and not in v1_anomalies yet, in the pieces in which they are written out.';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.anomalies IS 'anomalies in the piece';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.attempts IS 'number of times that they could not be written out';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.backlog_id IS 'id of the piece; those of a stream are written out in its order';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.error IS 'why they could not be written out last time; null if they were not tried';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.failed_at IS 'time of the last failure';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.partition IS 'partition of the events';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.set_aside_at IS 'time at which they were set aside; null while they wait';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.set_aside_reason IS 'why they were set aside: by a person, or because the detector was deleted';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.since IS 'time at which they were stored';
COMMENT ON COLUMN flowline.v1_anomaly_backlog_pieces.topic IS 'topic of the events';

CREATE VIEW flowline.v1_calibration AS
 SELECT m.detector,
    m.version AS model_version,
    c.first_day,
    c.last_day,
    COALESCE(c.events, (0)::bigint) AS events,
    COALESCE(c.expected, (0)::double precision) AS expected,
    COALESCE(c.measured, (0)::bigint) AS measured,
    ((c.measured)::double precision / NULLIF(c.expected, (0)::double precision)) AS ratio,
    (((c.measured)::double precision - c.expected) / NULLIF(sqrt(c.expected), (0)::double precision)) AS deviation,
    m.alpha AS trained_alpha,
    ((m.manifest #>> '{history,calibration,rows}'::text[]))::bigint AS calibration_rows,
    ((r.metrics #>> '{training,calibration,trimmedRows}'::text[]))::bigint AS trimmed_rows,
    ((r.metrics #>> '{training,calibration,designEffect}'::text[]))::double precision AS design_effect,
    ((r.metrics #>> '{training,calibration,hasTail}'::text[]))::boolean AS has_tail,
    ((r.metrics #>> '{training,alarms,testRows}'::text[]))::bigint AS test_rows,
    ((r.metrics #>> '{training,alarms,alarms}'::text[]))::bigint AS test_alarms,
    ((r.metrics #>> '{training,alarms,expectedRate}'::text[]))::double precision AS test_expected_rate,
    ((r.metrics #>> '{training,alarms,interval,low}'::text[]))::double precision AS test_rate_low,
    ((r.metrics #>> '{training,alarms,interval,high}'::text[]))::double precision AS test_rate_high,
    ((r.metrics #>> '{training,alarms,measuredRate}'::text[]))::double precision AS test_measured_rate,
    (r.metrics #>> '{training,alarms,verdict}'::text[]) AS test_verdict
   FROM ((flowline.model_versions m
     LEFT JOIN ( SELECT v1_alert_rate_daily.detector,
            v1_alert_rate_daily.model_version,
            min(v1_alert_rate_daily.day) AS first_day,
            max(v1_alert_rate_daily.day) AS last_day,
            (sum(v1_alert_rate_daily.events))::bigint AS events,
            sum(v1_alert_rate_daily.expected) AS expected,
            (sum(v1_alert_rate_daily.measured))::bigint AS measured
           FROM flowline.v1_alert_rate_daily
          GROUP BY v1_alert_rate_daily.detector, v1_alert_rate_daily.model_version) c ON (((c.detector = m.detector) AND (c.model_version = m.version))))
     LEFT JOIN flowline.training_runs r ON (((r.detector = m.detector) AND (r.model_version = m.version) AND (r.status = 'succeeded'::text))));
COMMENT ON VIEW flowline.v1_calibration IS 'Stable: a row per model: alarms expected and measured on the stream, and on the test rows of its training.';
COMMENT ON COLUMN flowline.v1_calibration.calibration_rows IS 'rows behind its p-values';
COMMENT ON COLUMN flowline.v1_calibration.design_effect IS 'rows per independent row among the rarest; above 1 if surprising rows are clustered in time';
COMMENT ON COLUMN flowline.v1_calibration.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_calibration.deviation IS '(measured - expected) / sqrt(expected): beyond 3 either way is more than chance explains, for independent events';
COMMENT ON COLUMN flowline.v1_calibration.events IS 'events that it scored';
COMMENT ON COLUMN flowline.v1_calibration.expected IS 'anomalies to be expected: the sum over events of the alpha that decided, and the share of events that always alarm';
COMMENT ON COLUMN flowline.v1_calibration.first_day IS 'first UTC day on which it scored; null for none';
COMMENT ON COLUMN flowline.v1_calibration.has_tail IS 'true if a fitted tail takes p-values below 1/(rows + 1)';
COMMENT ON COLUMN flowline.v1_calibration.last_day IS 'last UTC day on which it scored';
COMMENT ON COLUMN flowline.v1_calibration.measured IS 'anomalies';
COMMENT ON COLUMN flowline.v1_calibration.model_version IS 'version of the model';
COMMENT ON COLUMN flowline.v1_calibration.ratio IS 'measured / expected; null without events';
COMMENT ON COLUMN flowline.v1_calibration.test_alarms IS 'alarms on them';
COMMENT ON COLUMN flowline.v1_calibration.test_expected_rate IS 'expected share of alarms';
COMMENT ON COLUMN flowline.v1_calibration.test_measured_rate IS 'alarms per test row';
COMMENT ON COLUMN flowline.v1_calibration.test_rate_high IS 'upper end of that range';
COMMENT ON COLUMN flowline.v1_calibration.test_rate_low IS 'lower end of the range of that share, with 90 % probability';
COMMENT ON COLUMN flowline.v1_calibration.test_rows IS 'rows that it was tested on';
COMMENT ON COLUMN flowline.v1_calibration.test_verdict IS 'inside, above, below, unclear (in bursts that chance may explain) or untested';
COMMENT ON COLUMN flowline.v1_calibration.trained_alpha IS 'alpha at the time of its training';
COMMENT ON COLUMN flowline.v1_calibration.trimmed_rows IS 'outliers that were left out of them: those that the tail of the others does not explain';

CREATE VIEW flowline.v1_detector_health AS
 SELECT d.name AS detector,
    d.state,
    d.current_version AS definition_version,
    f.detector_version AS definition_in_force,
    ( SELECT a.version
           FROM flowline.model_aliases a
          WHERE ((a.detector = d.name) AND (a.alias = 'champion'::text))) AS champion,
    f.model_version AS model_in_force,
    ( SELECT max(m.version) AS max
           FROM flowline.model_versions m
          WHERE (m.detector = d.name)) AS newest_model,
    f.alpha,
    f.alpha_note,
    f.since AS in_force_since,
    f.seen_at AS scorer_seen_at,
    f.fault_code,
    f.fault_reason,
    f.fault_remedy,
    f.held_version AS held_model,
    f.held_reason,
    f.held_remedy,
    run.status AS last_training,
    run.started_at AS last_training_at,
    (run.error ->> 'message'::text) AS last_training_error,
    ( SELECT max(o.record_time) AS max
           FROM flowline.stream_offsets o
          WHERE (o.detector = d.name)) AS last_record_at,
    ( SELECT max(o.updated_at) AS max
           FROM flowline.stream_offsets o
          WHERE (o.detector = d.name)) AS last_stored_at,
    ( SELECT (COALESCE(sum((g.to_offset - g.from_offset)), (0)::numeric))::bigint AS "coalesce"
           FROM flowline.stream_gaps g
          WHERE (g.detector = d.name)) AS lost_records,
    ( SELECT count(*) AS count
           FROM flowline.dead_letters l
          WHERE ((l.detector = d.name) AND (l.stored_at >= (now() - '1 day'::interval)))) AS dead_letters_last_day,
    ( SELECT count(*) AS count
           FROM flowline.alerts a
          WHERE ((a.detector = d.name) AND (a.due_at IS NOT NULL))) AS open_alerts,
    ( SELECT count(*) AS count
           FROM flowline.alerts a
          WHERE ((a.detector = d.name) AND (a.due_at IS NOT NULL) AND (a.acknowledged_at IS NULL))) AS unacknowledged_alerts,
    ( SELECT count(*) AS count
           FROM flowline.alert_outbox o
          WHERE ((o.detector = d.name) AND (o.sent_at IS NULL) AND (o.dead_at IS NULL))) AS waiting_messages,
    today.events AS events_today,
    today.measured AS anomalies_today,
    today.expected AS expected_today
   FROM (((flowline.detectors d
     LEFT JOIN flowline.detectors_in_force f ON ((f.detector = d.name)))
     LEFT JOIN LATERAL ( SELECT r.status,
            r.started_at,
            r.error
           FROM flowline.training_runs r
          WHERE (r.detector = d.name)
          ORDER BY r.started_at DESC
         LIMIT 1) run ON (true))
     CROSS JOIN LATERAL ( SELECT (COALESCE(sum(c.events), (0)::numeric))::bigint AS events,
            (COALESCE(sum(c.measured), (0)::numeric))::bigint AS measured,
            COALESCE(sum(c.expected), (0)::double precision) AS expected
           FROM flowline.v1_alert_rate_daily c
          WHERE ((c.detector = d.name) AND (c.day = ((now() AT TIME ZONE 'UTC'::text))::date))) today)
  WHERE (d.state <> 'deleted'::text);
COMMENT ON VIEW flowline.v1_detector_health IS 'Stable: a row per detector: what scores it, why not something newer, and what waits.';
COMMENT ON COLUMN flowline.v1_detector_health.alpha IS 'p-value up to which an event is an anomaly; null for a detector that controls its false discovery rate';
COMMENT ON COLUMN flowline.v1_detector_health.alpha_note IS 'why alpha is not what the definition asks for; null where it is';
COMMENT ON COLUMN flowline.v1_detector_health.anomalies_today IS 'anomalies of this UTC day';
COMMENT ON COLUMN flowline.v1_detector_health.champion IS 'model that is to score; null before the first';
COMMENT ON COLUMN flowline.v1_detector_health.dead_letters_last_day IS 'records of the last 24 hours that could not be scored';
COMMENT ON COLUMN flowline.v1_detector_health.definition_in_force IS 'version that a scorer follows; null if none ever did';
COMMENT ON COLUMN flowline.v1_detector_health.definition_version IS 'version of the definition that was applied last';
COMMENT ON COLUMN flowline.v1_detector_health.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_detector_health.events_today IS 'events scored on this UTC day';
COMMENT ON COLUMN flowline.v1_detector_health.expected_today IS 'anomalies to be expected of them';
COMMENT ON COLUMN flowline.v1_detector_health.fault_code IS 'error code of what keeps a scorer from using the champion; null for nothing';
COMMENT ON COLUMN flowline.v1_detector_health.fault_reason IS 'the same in words';
COMMENT ON COLUMN flowline.v1_detector_health.fault_remedy IS 'what to do about it';
COMMENT ON COLUMN flowline.v1_detector_health.held_model IS 'newest model that is held back; null for none';
COMMENT ON COLUMN flowline.v1_detector_health.held_reason IS 'why it is held back';
COMMENT ON COLUMN flowline.v1_detector_health.held_remedy IS 'what to do about it';
COMMENT ON COLUMN flowline.v1_detector_health.in_force_since IS 'time since which this definition, model and alpha score together';
COMMENT ON COLUMN flowline.v1_detector_health.last_record_at IS 'time of the newest record that is stored, as Kafka has it';
COMMENT ON COLUMN flowline.v1_detector_health.last_stored_at IS 'time at which records were last stored';
COMMENT ON COLUMN flowline.v1_detector_health.last_training IS 'requested, running, succeeded, failed, abandoned or cancelled; null for none';
COMMENT ON COLUMN flowline.v1_detector_health.last_training_at IS 'start of the last training, or time of its request';
COMMENT ON COLUMN flowline.v1_detector_health.last_training_error IS 'why it failed; null if it did not';
COMMENT ON COLUMN flowline.v1_detector_health.lost_records IS 'records that the topic no longer held when they were due';
COMMENT ON COLUMN flowline.v1_detector_health.model_in_force IS 'model that a scorer uses; null for none';
COMMENT ON COLUMN flowline.v1_detector_health.newest_model IS 'model that was trained last; null for none';
COMMENT ON COLUMN flowline.v1_detector_health.open_alerts IS 'alerts that are open';
COMMENT ON COLUMN flowline.v1_detector_health.scorer_seen_at IS 'last report of a scorer, which comes every ten seconds';
COMMENT ON COLUMN flowline.v1_detector_health.state IS 'active or paused';
COMMENT ON COLUMN flowline.v1_detector_health.unacknowledged_alerts IS 'open alerts that nobody has acknowledged';
COMMENT ON COLUMN flowline.v1_detector_health.waiting_messages IS 'messages that are still to be sent, per sink';

CREATE VIEW flowline.v1_discoveries AS
 SELECT detector,
    topic,
    partition,
    level,
    tests,
    discovered AS anomalies,
    expected AS expected_false,
    (expected / (GREATEST(discovered, (1)::bigint))::double precision) AS estimated_fdr,
    updated_at
   FROM flowline.partition_discoveries;
COMMENT ON VIEW flowline.v1_discoveries IS 'Stable: a row per partition of a detector that controls its false discovery rate: tests, anomalies, and false ones to be expected.';
COMMENT ON COLUMN flowline.v1_discoveries.anomalies IS 'anomalies among them';
COMMENT ON COLUMN flowline.v1_discoveries.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_discoveries.estimated_fdr IS 'expected_false per anomaly (of one, if there is none)';
COMMENT ON COLUMN flowline.v1_discoveries.expected_false IS 'anomalies to be expected of normal events, at most: the sum of the thresholds that decided';
COMMENT ON COLUMN flowline.v1_discoveries.level IS 'false discovery rate asked for (decision.control.fdr)';
COMMENT ON COLUMN flowline.v1_discoveries.partition IS 'partition of the events';
COMMENT ON COLUMN flowline.v1_discoveries.tests IS 'events tested since that rate was asked for';
COMMENT ON COLUMN flowline.v1_discoveries.topic IS 'topic of the events';
COMMENT ON COLUMN flowline.v1_discoveries.updated_at IS 'time of the last batch';

CREATE VIEW flowline.v1_drift_daily AS
 SELECT detector,
    model_version,
    day,
    events,
    compared,
    stride,
    reference_days,
    evidence,
    drifted,
    checked_at
   FROM flowline.drift_days;
COMMENT ON VIEW flowline.v1_drift_daily IS 'Stable: a row per detector, model and day of scoring: whether its p-values are drawn like those of the model''s first days.';
COMMENT ON COLUMN flowline.v1_drift_daily.checked_at IS 'time of the comparison';
COMMENT ON COLUMN flowline.v1_drift_daily.compared IS 'number of p-values compared, nearly independent of each other';
COMMENT ON COLUMN flowline.v1_drift_daily.day IS 'UTC day of scoring';
COMMENT ON COLUMN flowline.v1_drift_daily.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_drift_daily.drifted IS 'true if the evidence is at least 4';
COMMENT ON COLUMN flowline.v1_drift_daily.events IS 'events that the model scored on that day';
COMMENT ON COLUMN flowline.v1_drift_daily.evidence IS 'evidence of drift, a decimal logarithm: 4 or more comes up by chance on one day in 10,000';
COMMENT ON COLUMN flowline.v1_drift_daily.model_version IS 'model that scored';
COMMENT ON COLUMN flowline.v1_drift_daily.reference_days IS 'number of days compared with; 0 for the first';
COMMENT ON COLUMN flowline.v1_drift_daily.stride IS 'one of so many p-values read was compared: the more events depend on each other, the fewer';

CREATE VIEW flowline.v1_drift_features AS
 SELECT detector,
    model_version,
    day,
    feature,
    place,
    compared,
    stride,
    evidence,
    drifted,
    change,
    distance,
    mean_pit,
    missing_share,
    pit
   FROM flowline.drift_features;
COMMENT ON VIEW flowline.v1_drift_features IS 'Stable: a row per detector, model, day of scoring, scored feature and kind of PIT: whether the feature, given the rest of its events or by itself, is drawn like on the model''s first days.';
COMMENT ON COLUMN flowline.v1_drift_features.change IS 'higher, lower, missing more often, missing less often, or spread otherwise, given the other features if conditional; null unless it has drifted';
COMMENT ON COLUMN flowline.v1_drift_features.compared IS 'number of events compared, nearly independent of each other';
COMMENT ON COLUMN flowline.v1_drift_features.day IS 'UTC day of scoring';
COMMENT ON COLUMN flowline.v1_drift_features.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_drift_features.distance IS 'distance from the first days, 0 to 1';
COMMENT ON COLUMN flowline.v1_drift_features.drifted IS 'true if the evidence is at least 4 + log10 of the number of rows of the day: by chance, of any row on one day in 10,000';
COMMENT ON COLUMN flowline.v1_drift_features.evidence IS 'evidence of drift, a decimal logarithm';
COMMENT ON COLUMN flowline.v1_drift_features.feature IS 'name of the feature';
COMMENT ON COLUMN flowline.v1_drift_features.mean_pit IS 'mean of P(feature <= its value), given the rest of the event if conditional, about 0.5 where nothing has moved; null if all are missing';
COMMENT ON COLUMN flowline.v1_drift_features.missing_share IS 'share of the events that lack the feature';
COMMENT ON COLUMN flowline.v1_drift_features.model_version IS 'model that scored';
COMMENT ON COLUMN flowline.v1_drift_features.pit IS 'conditional: the feature given the rest of its events. marginal: the feature by itself.';
COMMENT ON COLUMN flowline.v1_drift_features.place IS 'place among the rows of the day, from 1: those that have drifted first, the farthest before the others';
COMMENT ON COLUMN flowline.v1_drift_features.stride IS 'one of so many events read was compared';

CREATE VIEW flowline.v1_event_duplicates AS
 SELECT duplicate_id,
    detector,
    event_id,
    event_time,
    topic,
    partition,
    "offset",
    record_time,
    first_offset,
    first_record_time,
    stored_at
   FROM flowline.event_duplicates;
COMMENT ON VIEW flowline.v1_event_duplicates IS 'Stable: records that repeat the id of an earlier event of their partition, and are not scored.';
COMMENT ON COLUMN flowline.v1_event_duplicates.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_event_duplicates.duplicate_id IS 'id of the duplicate, growing';
COMMENT ON COLUMN flowline.v1_event_duplicates.event_id IS 'id of the event (source.eventId)';
COMMENT ON COLUMN flowline.v1_event_duplicates.event_time IS 'time of the event, as the repeat has it';
COMMENT ON COLUMN flowline.v1_event_duplicates.first_offset IS 'offset of the event that had the id first';
COMMENT ON COLUMN flowline.v1_event_duplicates.first_record_time IS 'time of that event''s record';
COMMENT ON COLUMN flowline.v1_event_duplicates."offset" IS 'offset of the repeat within the partition';
COMMENT ON COLUMN flowline.v1_event_duplicates.partition IS 'partition of the stream';
COMMENT ON COLUMN flowline.v1_event_duplicates.record_time IS 'time of the repeat''s record';
COMMENT ON COLUMN flowline.v1_event_duplicates.stored_at IS 'time at which it was stored';
COMMENT ON COLUMN flowline.v1_event_duplicates.topic IS 'stream that it came from';

CREATE VIEW flowline.v1_feature_contribution_daily AS
 SELECT d.detector,
    d.day,
    c.feature,
    count(*) AS anomalies,
    count(*) FILTER (WHERE (a.top_feature = c.feature)) AS as_top_feature,
    count(*) FILTER (WHERE (c.direction = 'high'::text)) AS high,
    count(*) FILTER (WHERE (c.direction = 'low'::text)) AS low,
    count(*) FILTER (WHERE (c.direction = 'unlikely'::text)) AS unlikely,
    sum(c.bits) AS bits,
    max(c.bits) AS most_bits
   FROM ((( SELECT DISTINCT event_counts.detector,
            event_counts.day
           FROM flowline.event_counts) d
     JOIN flowline.anomalies a ON (((a.detector = d.detector) AND (a.scored_at >= ((d.day)::timestamp without time zone AT TIME ZONE 'UTC'::text)) AND (a.scored_at < (((d.day + 1))::timestamp without time zone AT TIME ZONE 'UTC'::text)))))
     CROSS JOIN LATERAL jsonb_to_recordset((a.alert -> 'contributions'::text)) c(feature text, bits double precision, direction text))
  GROUP BY d.detector, d.day, c.feature;
COMMENT ON VIEW flowline.v1_feature_contribution_daily IS 'Stable: what each feature contributed to the anomalies of a UTC day of scoring.';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.anomalies IS 'anomalies to which it contributed';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.as_top_feature IS 'anomalies to which it contributed most';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.bits IS 'sum of its contributions, in bits';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.day IS 'UTC day of scoring';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.feature IS 'name of the feature';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.high IS 'times that its value was higher than expected';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.low IS 'times that its value was lower than expected';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.most_bits IS 'largest contribution, in bits';
COMMENT ON COLUMN flowline.v1_feature_contribution_daily.unlikely IS 'times that its level was unlikely';

CREATE VIEW flowline.v1_feedback AS
 SELECT feedback_id,
    detector,
    anomaly_id,
    alert_id,
    verdict,
    note,
    by,
    at,
    event_time,
    entity,
    feature,
    direction,
    surprise_bits,
    topic,
    partition,
    "offset",
    event_id,
    ((NOT (EXISTS ( SELECT
           FROM flowline.feedback later
          WHERE ((later.anomaly_id = f.anomaly_id) AND (later.feedback_id > f.feedback_id))))) AND (NOT (EXISTS ( SELECT
           FROM flowline.feedback later
          WHERE ((later.alert_id = f.alert_id) AND (later.feedback_id > f.feedback_id)))))) AS counts
   FROM flowline.feedback f;
COMMENT ON VIEW flowline.v1_feedback IS 'Stable: answers of people to anomalies and alerts. "counts" is true for the latest about each.';
COMMENT ON COLUMN flowline.v1_feedback.alert_id IS 'alert that was answered; null for a single anomaly';
COMMENT ON COLUMN flowline.v1_feedback.anomaly_id IS 'anomaly that was answered; null for an alert';
COMMENT ON COLUMN flowline.v1_feedback.at IS 'time of the answer';
COMMENT ON COLUMN flowline.v1_feedback.by IS 'who answered';
COMMENT ON COLUMN flowline.v1_feedback.counts IS 'true for the latest answer about each anomaly or alert';
COMMENT ON COLUMN flowline.v1_feedback.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_feedback.direction IS 'high, low or unlikely, of that feature';
COMMENT ON COLUMN flowline.v1_feedback.entity IS 'entity (source.key); null if events stand alone';
COMMENT ON COLUMN flowline.v1_feedback.event_id IS 'id of the event; null for an alert';
COMMENT ON COLUMN flowline.v1_feedback.event_time IS 'event time of the anomaly; of an alert, that of its first';
COMMENT ON COLUMN flowline.v1_feedback.feature IS 'most surprising feature; null if it was not explained';
COMMENT ON COLUMN flowline.v1_feedback.feedback_id IS 'id of the answer, growing';
COMMENT ON COLUMN flowline.v1_feedback.note IS 'note of the person; null for none';
COMMENT ON COLUMN flowline.v1_feedback."offset" IS 'offset within the partition; null for an alert';
COMMENT ON COLUMN flowline.v1_feedback.partition IS 'partition of the stream; null for an alert';
COMMENT ON COLUMN flowline.v1_feedback.surprise_bits IS 'surprise of the anomaly, or of the most surprising one of the alert, in bits';
COMMENT ON COLUMN flowline.v1_feedback.topic IS 'stream of the anomaly; null for an alert';
COMMENT ON COLUMN flowline.v1_feedback.verdict IS 'confirmed, expected, false_alarm or new_normal';

CREATE VIEW flowline.v1_feedback_precision AS
 SELECT detector,
    feature,
    (date_trunc('week'::text, (event_time AT TIME ZONE 'UTC'::text)))::date AS week,
    count(*) AS answered,
    count(*) FILTER (WHERE (verdict = 'confirmed'::text)) AS confirmed,
    ((count(*) FILTER (WHERE (verdict = 'confirmed'::text)))::double precision / (count(*))::double precision) AS "precision"
   FROM flowline.v1_feedback
  WHERE counts
  GROUP BY detector, feature, ((date_trunc('week'::text, (event_time AT TIME ZONE 'UTC'::text)))::date);
COMMENT ON VIEW flowline.v1_feedback_precision IS 'Stable: answered and confirmed alarms by detector, most surprising feature and week (UTC, its Monday).';
COMMENT ON COLUMN flowline.v1_feedback_precision.answered IS 'answers that count';
COMMENT ON COLUMN flowline.v1_feedback_precision.confirmed IS 'answers that confirm the anomaly';
COMMENT ON COLUMN flowline.v1_feedback_precision.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_feedback_precision.feature IS 'most surprising feature; null if it was not explained';
COMMENT ON COLUMN flowline.v1_feedback_precision."precision" IS 'confirmed / answered';
COMMENT ON COLUMN flowline.v1_feedback_precision.week IS 'Monday of the week of event time, in UTC';

CREATE VIEW flowline.v1_model_candidates AS
 SELECT m.detector,
    m.version AS model_version,
    (c.place)::integer AS place,
    (c.report ->> 'name'::text) AS candidate,
    (c.report ->> 'family'::text) AS family,
    (c.report ->> 'partition'::text) AS partition,
    ((c.report ->> 'layers'::text))::integer AS layers,
    ((c.report ->> 'parameters'::text))::bigint AS parameters,
    ((c.report ->> 'steps'::text))::integer AS steps,
    ((c.report ->> 'rows'::text))::bigint AS heldout_rows,
    ((c.report ->> 'nllNats'::text))::double precision AS heldout_nll_nats,
    ((c.report ->> 'standardError'::text))::double precision AS heldout_standard_error,
    ((c.report ->> 'gainNats'::text))::double precision AS gain_nats,
    ((c.report ->> 'gainStandardError'::text))::double precision AS gain_standard_error,
    ((c.report ->> 'seconds'::text))::double precision AS seconds,
    ((c.report ->> 'chosen'::text))::boolean AS chosen,
    (c.report ->> 'reason'::text) AS reason
   FROM (flowline.model_versions m
     CROSS JOIN LATERAL jsonb_array_elements(
        CASE
            WHEN (jsonb_typeof((m.manifest -> 'candidates'::text)) = 'array'::text) THEN (m.manifest -> 'candidates'::text)
            ELSE '[]'::jsonb
        END) WITH ORDINALITY c(report, place));
COMMENT ON VIEW flowline.v1_model_candidates IS 'Stable: a row per model and candidate that it was chosen from (model.family: auto); none for a model whose family was named.';
COMMENT ON COLUMN flowline.v1_model_candidates.candidate IS 'name of the candidate, unique within the model';
COMMENT ON COLUMN flowline.v1_model_candidates.chosen IS 'true if the model is of this candidate';
COMMENT ON COLUMN flowline.v1_model_candidates.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_model_candidates.family IS 'family of its density';
COMMENT ON COLUMN flowline.v1_model_candidates.gain_nats IS 'mean of log p minus log p of the most likely candidate on the same rows with the same noise, each difference clipped to 5 nats; 0 for that candidate';
COMMENT ON COLUMN flowline.v1_model_candidates.gain_standard_error IS 'standard error of that mean, in nats';
COMMENT ON COLUMN flowline.v1_model_candidates.heldout_nll_nats IS 'mean of -log p of those rows, in nats and original units: lower is better; null if it could not be trained';
COMMENT ON COLUMN flowline.v1_model_candidates.heldout_rows IS 'validation rows that it was compared on';
COMMENT ON COLUMN flowline.v1_model_candidates.heldout_standard_error IS 'standard error of that mean, in nats';
COMMENT ON COLUMN flowline.v1_model_candidates.layers IS 'number of its layers; null for the depth that is usual for the family';
COMMENT ON COLUMN flowline.v1_model_candidates.model_version IS 'version of the model';
COMMENT ON COLUMN flowline.v1_model_candidates.parameters IS 'number of its trainable values';
COMMENT ON COLUMN flowline.v1_model_candidates.partition IS 'partition of the features in its couplings; null if it has none';
COMMENT ON COLUMN flowline.v1_model_candidates.place IS 'place by held-out likelihood, from 1; last are those that could not be trained';
COMMENT ON COLUMN flowline.v1_model_candidates.reason IS 'why it was chosen, or not';
COMMENT ON COLUMN flowline.v1_model_candidates.seconds IS 'duration of its training and scoring on its share of the threads, in seconds; null for a model that was calibrated again';
COMMENT ON COLUMN flowline.v1_model_candidates.steps IS 'training steps done; 0 if it was fitted without';

CREATE VIEW flowline.v1_model_leaderboard AS
 SELECT m.detector,
    m.version AS model_version,
    m.detector_version AS definition_version,
    ARRAY( SELECT a.alias
           FROM flowline.model_aliases a
          WHERE ((a.detector = m.detector) AND (a.version = m.version))
          ORDER BY a.alias) AS aliases,
        CASE
            WHEN (held.nll IS NOT NULL) THEN rank() OVER (PARTITION BY m.detector ORDER BY held.nll)
            ELSE NULL::bigint
        END AS rank,
    held.nll AS heldout_nll_nats,
    held.error AS heldout_standard_error,
    ((r.metrics #>> '{comparison,champion}'::text[]))::integer AS compared_with,
    ((r.metrics #>> '{comparison,meanDifferenceNats}'::text[]))::double precision AS gain_nats,
    ((r.metrics #>> '{comparison,standardError}'::text[]))::double precision AS gain_standard_error,
    r.promoted,
    (r.metrics #>> '{promotion,reason}'::text[]) AS promotion_reason,
    (m.manifest ->> 'family'::text) AS family,
    ((m.manifest ->> 'members'::text))::integer AS members,
    ((m.manifest #>> '{history,train,rows}'::text[]))::bigint AS train_rows,
    ((m.manifest #>> '{history,calibration,rows}'::text[]))::bigint AS calibration_rows,
    ((m.manifest #>> '{history,test,rows}'::text[]))::bigint AS test_rows,
    ((r.metrics #>> '{training,seconds}'::text[]))::double precision AS training_seconds,
    r.run_id AS training_run,
    m.created_at AS trained_at
   FROM ((flowline.model_versions m
     LEFT JOIN flowline.training_runs r ON (((r.detector = m.detector) AND (r.model_version = m.version) AND (r.status = 'succeeded'::text))))
     CROSS JOIN LATERAL ( SELECT ((m.manifest #>> '{heldOut,nllNats}'::text[]))::double precision AS nll,
            ((m.manifest #>> '{heldOut,standardError}'::text[]))::double precision AS error) held);
COMMENT ON VIEW flowline.v1_model_leaderboard IS 'Stable: a row per model, with its held-out likelihood and how it compared with the champion of its time.';
COMMENT ON COLUMN flowline.v1_model_leaderboard.aliases IS 'champion (scores), previous, challenger (held back), or none';
COMMENT ON COLUMN flowline.v1_model_leaderboard.calibration_rows IS 'rows behind its p-values';
COMMENT ON COLUMN flowline.v1_model_leaderboard.compared_with IS 'champion of that time, compared on the same rows; null for none';
COMMENT ON COLUMN flowline.v1_model_leaderboard.definition_version IS 'definition that it was trained for';
COMMENT ON COLUMN flowline.v1_model_leaderboard.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_model_leaderboard.family IS 'family of its flows';
COMMENT ON COLUMN flowline.v1_model_leaderboard.gain_nats IS 'mean of log p minus log p of that champion, in nats: above 0 is better';
COMMENT ON COLUMN flowline.v1_model_leaderboard.gain_standard_error IS 'standard error of that mean, in nats';
COMMENT ON COLUMN flowline.v1_model_leaderboard.heldout_nll_nats IS 'mean of -log p of its test rows, in nats and original units: lower is better';
COMMENT ON COLUMN flowline.v1_model_leaderboard.heldout_standard_error IS 'standard error of that mean, in nats';
COMMENT ON COLUMN flowline.v1_model_leaderboard.members IS 'flows of the ensemble';
COMMENT ON COLUMN flowline.v1_model_leaderboard.model_version IS 'version of the model';
COMMENT ON COLUMN flowline.v1_model_leaderboard.promoted IS 'true if it became the champion after its training';
COMMENT ON COLUMN flowline.v1_model_leaderboard.promotion_reason IS 'why it did, or did not';
COMMENT ON COLUMN flowline.v1_model_leaderboard.rank IS 'place among the models of the detector by heldout_nll_nats, 1 the best; each has test rows of its own';
COMMENT ON COLUMN flowline.v1_model_leaderboard.test_rows IS 'rows that it was tested on';
COMMENT ON COLUMN flowline.v1_model_leaderboard.train_rows IS 'rows that it was trained on';
COMMENT ON COLUMN flowline.v1_model_leaderboard.trained_at IS 'time at which it was stored';
COMMENT ON COLUMN flowline.v1_model_leaderboard.training_run IS 'id of the training run; null for a model that was stored otherwise';
COMMENT ON COLUMN flowline.v1_model_leaderboard.training_seconds IS 'duration of the training, in seconds';

CREATE TABLE flowline.window_pieces (
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  part integer NOT NULL,
  bytes bytea NOT NULL
);
ALTER TABLE flowline.window_pieces ADD CONSTRAINT window_pieces_detector_topic_partition_fkey FOREIGN KEY (detector, topic, partition) REFERENCES flowline.window_snapshots(detector, topic, partition) ON DELETE CASCADE;
ALTER TABLE flowline.window_pieces ADD CONSTRAINT window_pieces_pkey PRIMARY KEY (detector, topic, partition, next_offset, part);
COMMENT ON TABLE flowline.window_pieces IS 'The state of a partition''s windows in the order in which it was stored; later pieces replace parts of earlier ones.';

CREATE TABLE flowline.window_snapshots (
  detector text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  windows_id text NOT NULL,
  next_offset bigint NOT NULL,
  state bytea NOT NULL,
  stored_at timestamp with time zone DEFAULT now() NOT NULL,
  token text,
  limits text[] DEFAULT '{}'::text[] NOT NULL
);
ALTER TABLE flowline.window_snapshots ADD CONSTRAINT window_snapshots_pkey PRIMARY KEY (detector, topic, partition);
COMMENT ON TABLE flowline.window_snapshots IS 'The past of a partition''s entities before next_offset; what came later is read again from the topic.';
COMMENT ON COLUMN flowline.window_snapshots.limits IS 'The limits of the windows that were reached between the last two snapshots.';
COMMENT ON COLUMN flowline.window_snapshots.state IS 'Empty where there is a token: the state is in window_pieces.';
COMMENT ON COLUMN flowline.window_snapshots.token IS 'The name of the last snapshot, which the next one extends; null where the state is in one piece, as before pieces.';
