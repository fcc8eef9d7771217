-- Event ids: a record whose id an earlier event of its partition had is stored as a duplicate, and not scored.

CREATE TABLE flowline.event_id_pieces (
  detector     text NOT NULL,
  topic        text NOT NULL,
  partition    integer NOT NULL,
  first_number bigint NOT NULL,
  entries      integer NOT NULL,
  keep_from    bigint NOT NULL,
  run          bigint NOT NULL,
  limited      boolean NOT NULL,
  stored_at    timestamptz NOT NULL DEFAULT now(),
  ids          bytea NOT NULL,
  PRIMARY KEY (detector, topic, partition, first_number)
);
-- Hashes do not compress.
ALTER TABLE flowline.event_id_pieces ALTER COLUMN ids SET STORAGE EXTERNAL;
COMMENT ON TABLE flowline.event_id_pieces IS
  'Ids of the events of each partition, as far as they are remembered, in the order in which these were accepted.';
COMMENT ON COLUMN flowline.event_id_pieces.first_number IS 'Number of its first id, counted from that of the partition''s first event.';
COMMENT ON COLUMN flowline.event_id_pieces.entries IS 'Number of its ids.';
COMMENT ON COLUMN flowline.event_id_pieces.keep_from IS 'Number of the first id that was remembered when the piece was stored.';
COMMENT ON COLUMN flowline.event_id_pieces.run IS 'Random name of the run that stored it.';
COMMENT ON COLUMN flowline.event_id_pieces.limited IS
  'True if an id was forgotten with it before the window was over: source.deduplicate.maxIds is too small for the window.';
COMMENT ON COLUMN flowline.event_id_pieces.ids IS
  'Blocks, each of which begins with its number of ids, and offset and time of its first record; then 8 bytes of hash per id; then per id its distance in offset and time from the one before.';

CREATE TABLE flowline.event_duplicates (
  duplicate_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detector          text NOT NULL,
  topic             text NOT NULL,
  topic_id          text,
  partition         integer NOT NULL,
  "offset"          bigint NOT NULL,
  event_id          text NOT NULL,
  event_time        timestamptz NOT NULL,
  record_time       timestamptz NOT NULL,
  first_offset      bigint NOT NULL,
  first_record_time timestamptz NOT NULL,
  stored_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE flowline.event_duplicates IS
  'Records whose id an earlier event of their partition had within the window of source.deduplicate. They are not scored.';
COMMENT ON COLUMN flowline.event_duplicates.topic_id IS 'Kafka''s id of the topic; null if unknown.';
COMMENT ON COLUMN flowline.event_duplicates.first_offset IS 'Offset of the event that had the id first.';
CREATE INDEX event_duplicates_position ON flowline.event_duplicates (detector, topic, partition, "offset");
CREATE INDEX event_duplicates_stored ON flowline.event_duplicates (detector, stored_at);

CREATE VIEW flowline.v1_event_duplicates AS
SELECT duplicate_id, detector, event_id, event_time, topic, partition, "offset", record_time, first_offset,
       first_record_time, stored_at
FROM flowline.event_duplicates;
COMMENT ON VIEW flowline.v1_event_duplicates IS
  'Stable: records that repeat the id of an earlier event of their partition, and are not scored.';
COMMENT ON COLUMN flowline.v1_event_duplicates.duplicate_id IS 'id of the duplicate, growing';
COMMENT ON COLUMN flowline.v1_event_duplicates.detector IS 'name of the detector';
COMMENT ON COLUMN flowline.v1_event_duplicates.event_id IS 'id of the event (source.eventId)';
COMMENT ON COLUMN flowline.v1_event_duplicates.event_time IS 'time of the event, as the repeat has it';
COMMENT ON COLUMN flowline.v1_event_duplicates.topic IS 'stream that it came from';
COMMENT ON COLUMN flowline.v1_event_duplicates.partition IS 'partition of the stream';
COMMENT ON COLUMN flowline.v1_event_duplicates."offset" IS 'offset of the repeat within the partition';
COMMENT ON COLUMN flowline.v1_event_duplicates.record_time IS 'time of the repeat''s record';
COMMENT ON COLUMN flowline.v1_event_duplicates.first_offset IS 'offset of the event that had the id first';
COMMENT ON COLUMN flowline.v1_event_duplicates.first_record_time IS 'time of that event''s record';
COMMENT ON COLUMN flowline.v1_event_duplicates.stored_at IS 'time at which it was stored';

CREATE FUNCTION flowline.grant_event_ids() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, DELETE ON flowline.event_id_pieces TO flowline_scorer;
    GRANT SELECT, INSERT, DELETE ON flowline.event_duplicates TO flowline_scorer;
  END IF;
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT (duplicate_id, detector, stored_at), DELETE ON flowline.event_duplicates TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_event_ids() FROM PUBLIC;
