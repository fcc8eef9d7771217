import { statement } from '../statement.ts';

/**
 * Makes a model version the champion and the former champion `previous`, and removes a challenger
 * that is not newer. It is one statement, so that every part sees the aliases as they were.
 */
export const replaceChampion = statement<[detector: string, version: number], never>(`
  WITH outdated AS (
    DELETE FROM flowline.model_aliases WHERE detector = $1 AND alias = 'challenger' AND version <= $2
  )
  INSERT INTO flowline.model_aliases (detector, alias, version)
  SELECT detector, 'previous', version FROM flowline.model_aliases
  WHERE detector = $1 AND alias = 'champion' AND version <> $2
  UNION ALL SELECT $1, 'champion', $2
  ON CONFLICT (detector, alias) DO UPDATE SET version = excluded.version, updated_at = now()
`);
