-- A position in a file is identified by the content before it, not by the file's name.

ALTER TABLE flowline.stream_offsets ADD COLUMN prefixes jsonb;

COMMENT ON COLUMN flowline.stream_offsets.prefixes IS
  'Of a file: digests of its first n lines by n, from next_offset on; null for other streams.';
