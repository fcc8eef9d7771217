-- The partition of each entity, in rows of many entities: a claim takes 14 bytes instead of 400.

-- What many entities share. Names are unique only within it.
CREATE TABLE flowline.entity_scopes (
  scope_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector text NOT NULL,
  topic    text NOT NULL,
  topic_id text NOT NULL,
  key      text[] NOT NULL,
  UNIQUE (detector, topic, topic_id, key)
);
COMMENT ON COLUMN flowline.entity_scopes.topic_id IS 'As in stream_offsets; empty where it is not known.';
COMMENT ON COLUMN flowline.entity_scopes.key IS 'The fields whose values name the entity.';

-- A row holds the entities whose hashes lie from `low` on, below the next row's. A claim is put
-- before the others of its row, on whose page there is room: the log then has the new bytes alone,
-- and no index changes.
CREATE TABLE flowline.entity_claims (
  scope_id integer NOT NULL REFERENCES flowline.entity_scopes ON DELETE CASCADE,
  low      integer NOT NULL,
  oldest   date NOT NULL,
  entries  bytea NOT NULL,
  PRIMARY KEY (scope_id, low)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);
ALTER TABLE flowline.entity_claims ALTER COLUMN entries SET STORAGE PLAIN;
COMMENT ON TABLE flowline.entity_claims IS 'The partition that each entity''s events arrive in: one.';
COMMENT ON COLUMN flowline.entity_claims.oldest IS 'No entity of the row was last seen before.';
COMMENT ON COLUMN flowline.entity_claims.entries IS
  'Per entity: 9 bytes of the SHA-256 of its name, 3 of its partition, and 2 of the day, since 1970, on which an event of it was noted.';

COMMENT ON TABLE flowline.entity_partitions IS
  'Claims stored before entity_claims existed. One moves there when its entity is claimed or seen again, or expires here.';

-- Locks stripes of a scope's claims until the transaction ends, in the order given, after the lock
-- on the detector's streams, without which nothing deletes the scope. Returns its id, and creates
-- it if it is new; whether claims of before are left; and the day, since 1970.
CREATE FUNCTION flowline.lock_claims(of_detector text, of_topic text, of_topic_id text, of_key text[], stripes integer[],
  OUT scope_id integer, OUT has_earlier boolean, OUT today integer) LANGUAGE plpgsql AS $$
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
$$;

CREATE FUNCTION flowline.lock_stripes(of_scope integer, stripes integer[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  stripe integer;
BEGIN
  FOREACH stripe IN ARRAY stripes LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('flowline.claims:' || of_scope, stripe));
  END LOOP;
END
$$;

-- Privileges of the claims; grant_roles grants those of the table before.
CREATE FUNCTION flowline.grant_claims() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.entity_scopes, flowline.entity_claims TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.entity_scopes TO flowline_trainer;
    GRANT SELECT, UPDATE, DELETE ON flowline.entity_claims TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_claims() FROM PUBLIC;
