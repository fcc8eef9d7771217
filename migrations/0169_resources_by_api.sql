-- The API applies and removes rules, calendars and sinks.

CREATE FUNCTION flowline.grant_resources_by_api() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole('flowline_api') IS NOT NULL THEN
    GRANT INSERT, UPDATE ON flowline.resources TO flowline_api;
    GRANT INSERT ON flowline.resource_versions TO flowline_api;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION flowline.grant_resources_by_api() FROM PUBLIC;
