-- A history of stored events is read as it is stored: its reader puts the values of seven digits and the
-- exact ones together, which costs the server ten times as much as sending both.

CREATE OR REPLACE FUNCTION flowline.create_scored_events_view() RETURNS void LANGUAGE plpgsql AS $$
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
$$;
SELECT flowline.create_scored_events_view();
COMMENT ON VIEW flowline.event_history IS 'Stored events as history: a value is in exact_values, or else in compact_values.';

-- Privileges of the trainer, which reads histories.
CREATE FUNCTION flowline.grant_history() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_trainer') IS NOT NULL THEN
    GRANT SELECT ON flowline.event_history TO flowline_trainer;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_history() FROM PUBLIC;
