-- A detector may rest, or go. Running services look at its state and follow.

ALTER TABLE flowline.detectors
  ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'deleted')),
  ADD COLUMN state_changed_at timestamptz NOT NULL DEFAULT now();

COMMENT ON COLUMN flowline.detectors.state IS
  'paused: neither scored nor trained on schedule; deleted: gone for every service, its versions stay, and applying it again revives it.';

-- Dropping the data of a deleted detector is the one way by which models go; whoever does it says so.
CREATE OR REPLACE FUNCTION flowline.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('flowline.dropping_data', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'flowline.% is immutable: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Store a new version instead.';
END
$$;
