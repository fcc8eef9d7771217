import { statement } from '../statement.ts';

/**
 * Selects the versions of a detector whose features and lookups equal those of the version in
 * force: their stored events have the same columns.
 */
export const selectAlikeVersions = statement<[detector: string], { readonly version: number }>(`
  SELECT v.version FROM flowline.detector_versions v
  JOIN flowline.detectors d ON d.name = v.detector
  JOIN flowline.detector_versions c ON c.detector = d.name AND c.version = d.current_version
  WHERE v.detector = $1 AND v.definition -> 'features' = c.definition -> 'features'
    AND v.definition -> 'lookups' = c.definition -> 'lookups'
  ORDER BY v.version
`);
