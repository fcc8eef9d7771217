-- Detectors that join several tests (decision.test: combined): why an event is an anomaly.

COMMENT ON COLUMN flowline.v1_anomalies.reason IS
  'the test that raised it: low_density, high_density, extreme_latent, extreme_value or distant; or out_of_domain';
COMMENT ON COLUMN flowline.v1_anomalies.p_value IS
  'share of normal events that are at least as surprising, by the test that the model decides with';
