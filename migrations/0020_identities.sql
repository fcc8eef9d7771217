-- A name is not the thing: what tells a topic from a later one of its name, and a database from its copies.

ALTER TABLE flowline.stream_offsets ADD COLUMN topic_id text;
COMMENT ON COLUMN flowline.stream_offsets.topic_id IS
  'The id that Kafka gave the topic these offsets count in: a topic that is deleted and created again has another. Null: not known.';

ALTER TABLE flowline.stream_gaps ADD COLUMN topic_id text;
ALTER TABLE flowline.stream_gaps DROP CONSTRAINT stream_gaps_detector_topic_partition_from_offset_to_offset_key;
CREATE UNIQUE INDEX stream_gaps_once ON flowline.stream_gaps
  (detector, topic, coalesce(topic_id, ''), partition, from_offset, to_offset);

-- Entities of another life of the topic, or of another key, are other entities, though their names be the same.
ALTER TABLE flowline.entity_partitions
  ADD COLUMN topic_id text NOT NULL DEFAULT '',
  ADD COLUMN key text[] NOT NULL DEFAULT '{}';
UPDATE flowline.entity_partitions AS e
SET key = ARRAY(SELECT jsonb_array_elements_text(v.definition #> '{source,key}'))
FROM flowline.detectors d
JOIN flowline.detector_versions v ON v.detector = d.name AND v.version = d.current_version
WHERE d.name = e.detector AND jsonb_typeof(v.definition #> '{source,key}') = 'array';
ALTER TABLE flowline.entity_partitions DROP CONSTRAINT entity_partitions_pkey;
ALTER TABLE flowline.entity_partitions ADD PRIMARY KEY (detector, topic, topic_id, key, entity);
COMMENT ON COLUMN flowline.entity_partitions.topic_id IS 'As in stream_offsets; empty where it is not known.';
COMMENT ON COLUMN flowline.entity_partitions.key IS 'The fields whose values name the entity.';

-- Consumer groups. A detector that was there before keeps the group that it has.
ALTER TABLE flowline.detectors ADD COLUMN consumer_group text;
UPDATE flowline.detectors SET consumer_group = 'flowline.' || name;
COMMENT ON COLUMN flowline.detectors.consumer_group IS
  'The Kafka consumer group that its scorers share; null: flowline.<detector>.<id of the database>.';

CREATE TABLE flowline.database_identity (
  one               boolean PRIMARY KEY DEFAULT true CHECK (one),
  id                text NOT NULL,
  system_identifier bigint,
  database_oid      oid NOT NULL,
  settled_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE flowline.database_identity IS
  'Which database this is, and where it was when it was told so: a copy finds itself elsewhere.';

-- The identifier of the server, or null where this user may not ask for it.
CREATE FUNCTION flowline.server_identifier() RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT system_identifier FROM pg_control_system());
EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
  RETURN NULL;
END
$$;

-- Which database this is, told when it is first asked; and whether it is still where it was then.
CREATE FUNCTION flowline.identify_database(OUT id text, OUT is_here boolean) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  server bigint := flowline.server_identifier();
  own    oid := (SELECT oid FROM pg_database WHERE datname = current_database());
BEGIN
  INSERT INTO flowline.database_identity (id, system_identifier, database_oid)
  VALUES (left(replace(gen_random_uuid()::text, '-', ''), 12), server, own) ON CONFLICT DO NOTHING;
  SELECT i.id, i.database_oid = own AND coalesce(i.system_identifier = server, true) INTO id, is_here
  FROM flowline.database_identity i;
END
$$;

-- Says what a database that is not where it was has become: a copy, which gets an id of its own and groups of its own,
-- or the same database at another place.
CREATE FUNCTION flowline.settle_identity(is_copy boolean, OUT id text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
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
$$;

REVOKE EXECUTE ON FUNCTION flowline.identify_database(), flowline.settle_identity(boolean) FROM PUBLIC;

-- Dropping data takes its time: who applies the detector meanwhile must not have its new life dropped along.
ALTER TABLE flowline.detectors ADD COLUMN dropping boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN flowline.detectors.dropping IS
  'The data of this deleted detector are being dropped, or that was interrupted: it is not revived until it is done.';

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
    GRANT SELECT, INSERT, UPDATE (sent_at) ON flowline.alert_outbox TO flowline_scorer;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer), flowline.identify_database() TO flowline_scorer;
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
    -- Alerts that wait go with a detector that is deleted.
    GRANT DELETE ON flowline.alert_outbox TO flowline_operator;
    GRANT EXECUTE ON FUNCTION flowline.ensure_partitions(date, integer), flowline.identify_database(),
      flowline.settle_identity(boolean) TO flowline_operator;
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
