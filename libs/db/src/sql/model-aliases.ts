import { execute, many, maybe } from '../statement.ts';

/** Alias of a model version. */
export type ModelAlias = 'champion' | 'challenger' | 'previous';

/** Selects the aliases of a detector, with their model versions. */
export const selectModelAliases = many<{ alias: ModelAlias; version: number; updatedAt: Date }, { detector: string }>(`
  SELECT alias, version, updated_at AS "updatedAt" FROM flowline.model_aliases WHERE detector = :detector
`);

/** Selects the version of a detector's champion. */
export const selectChampionVersion = maybe<{ version: number }, { detector: string }>(`
  SELECT version FROM flowline.model_aliases WHERE detector = :detector AND alias = 'champion'
`);

/** Selects the version of every detector's champion. */
export const selectChampionVersions = many<{ detector: string; version: number }>(`
  SELECT detector, version FROM flowline.model_aliases WHERE alias = 'champion'
`);

/**
 * Makes a model version the champion and the former champion `previous`, and removes a challenger
 * that is not newer. It is one statement, so that every part sees the aliases as they were.
 */
export const replaceChampion = execute<{ detector: string; version: number }>(`
  WITH outdated AS (
    DELETE FROM flowline.model_aliases WHERE detector = :detector AND alias = 'challenger' AND version <= :version
  )
  INSERT INTO flowline.model_aliases (detector, alias, version)
  SELECT detector, 'previous', version FROM flowline.model_aliases
  WHERE detector = :detector AND alias = 'champion' AND version <> :version
  UNION ALL SELECT :detector, 'champion', :version
  ON CONFLICT (detector, alias) DO UPDATE SET version = excluded.version, updated_at = now()
`);

/** Makes a model version the challenger: trained and held back. */
export const upsertChallenger = execute<{ detector: string; version: number }>(`
  INSERT INTO flowline.model_aliases (detector, alias, version) VALUES (:detector, 'challenger', :version)
  ON CONFLICT (detector, alias) DO UPDATE SET version = excluded.version, updated_at = now()
`);
