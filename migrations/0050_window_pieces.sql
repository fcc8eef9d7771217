-- Windows are stored in pieces: what has changed since the snapshot before, and a share of the rest in turn.

ALTER TABLE flowline.window_snapshots
  ADD COLUMN token text,
  ADD COLUMN limits text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN flowline.window_snapshots.token IS
  'The name of the last snapshot, which the next one extends; null where the state is in one piece, as before pieces.';
COMMENT ON COLUMN flowline.window_snapshots.state IS 'Empty where there is a token: the state is in window_pieces.';
COMMENT ON COLUMN flowline.window_snapshots.limits IS
  'The limits of the windows that were reached between the last two snapshots.';

CREATE TABLE flowline.window_pieces (
  detector    text NOT NULL,
  topic       text NOT NULL,
  partition   integer NOT NULL,
  next_offset bigint NOT NULL,
  part        integer NOT NULL,
  bytes       bytea NOT NULL,
  PRIMARY KEY (detector, topic, partition, next_offset, part),
  FOREIGN KEY (detector, topic, partition) REFERENCES flowline.window_snapshots ON DELETE CASCADE
);
-- Mostly numbers, on which compression only spends time.
ALTER TABLE flowline.window_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE flowline.window_pieces IS
  'The state of a partition''s windows in the order in which it was stored; later pieces replace parts of earlier ones.';

-- Privileges of the pieces; grant_roles grants those of the snapshots.
CREATE FUNCTION flowline.grant_windows() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.window_pieces TO flowline_scorer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_windows() FROM PUBLIC;
