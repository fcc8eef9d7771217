-- Absence: a stream, or an entity of it, that stops raises an alert.

-- Written in the transactions that store events, a few times per expected interval, for detectors
-- that ask for it alone. The times have no index, so that an update changes none.
CREATE TABLE flowline.arrivals (
  detector     text NOT NULL,
  topic        text NOT NULL,
  of_entity    boolean NOT NULL,
  entity       text NOT NULL,
  partition    integer NOT NULL,
  last_seen    timestamptz NOT NULL,
  silence_from timestamptz,
  PRIMARY KEY (detector, topic, of_entity, entity),
  CHECK (of_entity OR entity = '')
) WITH (fillfactor = 80);
COMMENT ON TABLE flowline.arrivals IS 'Streams and entities whose absence is watched, with the arrival of their last event by the clock.';
COMMENT ON COLUMN flowline.arrivals.of_entity IS 'True for an entity, false for the stream as a whole, whose entity is empty.';
COMMENT ON COLUMN flowline.arrivals.partition IS 'Partition of its last event.';
COMMENT ON COLUMN flowline.arrivals.last_seen IS 'Arrival of its last event, noted at most once per quarter of the expected interval.';
COMMENT ON COLUMN flowline.arrivals.silence_from IS
  'last_seen of the silence that was noticed: no other alert is raised of it; null if it has ended.';

CREATE TABLE flowline.reading_ends (
  detector    text NOT NULL,
  topic       text NOT NULL,
  partition   integer NOT NULL,
  complete_to timestamptz NOT NULL,
  PRIMARY KEY (detector, topic, partition)
);
COMMENT ON TABLE flowline.reading_ends IS 'Partitions of streams whose absence is watched.';
COMMENT ON COLUMN flowline.reading_ends.complete_to IS 'Everything that had come by this time was stored then.';

ALTER TABLE flowline.alerts ADD COLUMN absence jsonb;
COMMENT ON COLUMN flowline.alerts.absence IS 'Of an absence: the last event before it, and the intervals; null otherwise.';
COMMENT ON COLUMN flowline.alerts.due_at IS
  'Event time at which it is resolved if no anomaly comes, in the year 9999 if time does not resolve it; null unless it is open.';
COMMENT ON COLUMN flowline.alerts.peak IS 'Its most surprising anomaly, as it is published; null for a storm and an absence.';
CREATE INDEX alerts_watched ON flowline.alerts (detector) WHERE due_at = '9999-12-31T00:00:00.000Z';

CREATE OR REPLACE VIEW flowline.v1_alerts AS
SELECT alert_id, detector, kind, entity, feature, phase AS state, severity, count, first_seen, last_seen, resolved_at,
       peak_bits, coalesce(peak ->> 'summary', storm ->> 'summary', absence ->> 'summary') AS summary, messages,
       acknowledged_at, acknowledged_by, snoozed_until, peak, storm, topic, partition, fingerprint, absence
FROM flowline.alerts WHERE phase <> 'counting';
COMMENT ON COLUMN flowline.v1_alerts.kind IS 'density, out_of_domain, absence or storm';
COMMENT ON COLUMN flowline.v1_alerts.count IS 'anomalies so far; of a storm, alerts; of an absence, silences';
COMMENT ON COLUMN flowline.v1_alerts.first_seen IS 'event time of its first anomaly; of an absence, when it was first noticed';
COMMENT ON COLUMN flowline.v1_alerts.last_seen IS 'event time of its last anomaly; of an absence, when it was last noticed';
COMMENT ON COLUMN flowline.v1_alerts.peak_bits IS 'surprise of its most surprising anomaly, in bits; 0 for an absence';
COMMENT ON COLUMN flowline.v1_alerts.peak IS 'its most surprising anomaly, as it is published; null for a storm and an absence';
COMMENT ON COLUMN flowline.v1_alerts.absence IS 'of an absence: {lastEvent, expectEveryMs, alertAfterMs, summary}; null otherwise';

CREATE FUNCTION flowline.grant_absences() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_scorer') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON flowline.arrivals, flowline.reading_ends TO flowline_scorer;
  END IF;
  -- Calendars in force keep events out of training.
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.resource_faults TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_absences() FROM PUBLIC;
