-- Messages by detector and sink: what was sent to each lately.

CREATE INDEX alert_outbox_by_sink ON flowline.alert_outbox (detector, sink, sent_at) WHERE sent_at IS NOT NULL;
