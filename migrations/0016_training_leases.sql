-- One training of a detector at a time, by a lease in a row: it needs no session, so it holds behind a pooler of transactions too.

CREATE TABLE flowline.training_leases (
  detector   text PRIMARY KEY,
  holder     uuid NOT NULL,
  taken_at   timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
COMMENT ON TABLE flowline.training_leases IS 'Who trains a detector now; whoever stops renewing its lease has lost it.';

-- What the group roles need of the tables of 0015 and 0016; run beside grant_roles(), by whoever migrates.
CREATE FUNCTION flowline.grant_in_force() RETURNS void LANGUAGE plpgsql AS $$
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
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_in_force() FROM PUBLIC;
