-- Answers by the links of messages: a link answers once.

ALTER TABLE flowline.feedback
  ADD COLUMN link_ends_at timestamptz,
  ADD CONSTRAINT feedback_link_of_alert CHECK (link_ends_at IS NULL OR alert_id IS NOT NULL);
COMMENT ON COLUMN flowline.feedback.link_ends_at IS
  'End of the signed link that gave the answer, which names the link among those of its alert and verdict; else null.';
CREATE UNIQUE INDEX feedback_link ON flowline.feedback (alert_id, verdict, link_ends_at) WHERE link_ends_at IS NOT NULL;
