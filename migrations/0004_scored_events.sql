-- The commit point: one transaction stores a batch's rows here and moves its stream's offset.

CREATE TABLE flowline.stream_offsets (
  detector    text NOT NULL,
  topic       text NOT NULL,
  partition   integer NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (detector, topic, partition)
) WITH (fillfactor = 50); -- room on the page: every batch updates its row in place

CREATE TABLE flowline.stream_gaps (
  gap_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector    text NOT NULL,
  topic       text NOT NULL,
  partition   integer NOT NULL,
  from_offset bigint NOT NULL,
  to_offset   bigint NOT NULL,
  found_at    timestamptz NOT NULL DEFAULT now(),
  CHECK (from_offset < to_offset),
  UNIQUE (detector, topic, partition, from_offset, to_offset)
);

CREATE TABLE flowline.scored_events (
  detector         text NOT NULL,
  detector_version integer NOT NULL,
  model_version    integer NOT NULL,
  topic            text NOT NULL,
  partition        integer NOT NULL,
  "offset"         bigint NOT NULL,
  event_id         text NOT NULL,
  event_time       timestamptz NOT NULL,
  scored_at        timestamptz NOT NULL DEFAULT now(),
  log_density_nats double precision NOT NULL,
  p_value          double precision NOT NULL,
  p_method         text NOT NULL,
  is_anomaly       boolean NOT NULL,
  numeric_values   double precision[] NOT NULL,
  level_values     text[] NOT NULL
) PARTITION BY RANGE (scored_at);

CREATE INDEX scored_events_event_time ON flowline.scored_events (detector, event_time);
CREATE INDEX scored_events_scored_at ON flowline.scored_events USING brin (scored_at);

-- A safety net, so that a write never fails for want of a partition; ensure_partitions empties it.
CREATE TABLE flowline.scored_events_default PARTITION OF flowline.scored_events DEFAULT;

-- Creates the partitions of `days` days from a UTC day on and returns how many were missing. A new partition takes over
-- what the default one holds of its day. Writers of other days go on meanwhile: attaching locks the default one alone.
CREATE FUNCTION flowline.ensure_partitions(first_day date, days integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  day      date;
  lower    timestamptz;
  upper    timestamptz;
  name     text;
  created  integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('flowline.ensure_partitions', 0));
  FOR day IN SELECT first_day + i FROM generate_series(0, days - 1) AS i LOOP
    name := 'scored_events_' || to_char(day, 'YYYY_MM_DD');
    CONTINUE WHEN to_regclass('flowline.' || quote_ident(name)) IS NOT NULL;
    lower := day::timestamp AT TIME ZONE 'UTC';
    upper := (day + 1)::timestamp AT TIME ZONE 'UTC';
    EXECUTE format('CREATE TABLE flowline.%I (LIKE flowline.scored_events INCLUDING DEFAULTS)', name);
    EXECUTE format('ALTER TABLE flowline.%I ADD CONSTRAINT day CHECK (scored_at >= %L AND scored_at < %L)', name, lower, upper);
    LOCK TABLE flowline.scored_events_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format(
      'WITH moved AS (DELETE FROM flowline.scored_events_default WHERE scored_at >= %L AND scored_at < %L RETURNING *)
       INSERT INTO flowline.%I SELECT * FROM moved', lower, upper, name);
    EXECUTE format('ALTER TABLE flowline.scored_events ATTACH PARTITION flowline.%I FOR VALUES FROM (%L) TO (%L)', name, lower, upper);
    EXECUTE format('ALTER TABLE flowline.%I DROP CONSTRAINT day', name);
    created := created + 1;
  END LOOP;
  RETURN created;
END
$$;

-- Drops the partitions of days that ended before the given UTC day and returns how many there were.
CREATE FUNCTION flowline.drop_partitions(first_kept_day date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  name    text;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('flowline.ensure_partitions', 0));
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'flowline.scored_events'::regclass AND c.relname ~ '^scored_events_\d{4}_\d{2}_\d{2}$'
      AND to_date(right(c.relname, 10), 'YYYY_MM_DD') < first_kept_day
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE flowline.%I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;

COMMENT ON TABLE flowline.stream_offsets IS 'The fence: whatever lies below next_offset is stored, whoever asks.';
COMMENT ON TABLE flowline.stream_gaps IS 'Records that the topic no longer held when they were due.';
COMMENT ON TABLE flowline.scored_events IS 'Every scored event; partitioned by UTC day of scored_at. A stored score never changes.';
COMMENT ON COLUMN flowline.scored_events.log_density_nats IS 'log p(event) in the units of its columns; -Infinity outside the domain.';
COMMENT ON COLUMN flowline.scored_events.numeric_values IS 'Numeric features in original units, in the order of the detector version; null is missing.';
COMMENT ON COLUMN flowline.scored_events.level_values IS 'Categorical and boolean features, in the order of the detector version; null is missing.';
