import { statement } from '../statement.ts';

/** Makes a model version the challenger: trained and held back. */
export const upsertChallenger = statement<[detector: string, version: number], never>(`
  INSERT INTO flowline.model_aliases (detector, alias, version) VALUES ($1, 'challenger', $2)
  ON CONFLICT (detector, alias) DO UPDATE SET version = excluded.version, updated_at = now()
`);
