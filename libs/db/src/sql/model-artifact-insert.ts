import { statement } from '../statement.ts';

/** Adds the bytes of a model, unless they are stored already. */
export const insertArtifact = statement<[sha256: string, bytes: Buffer], never>(`
  INSERT INTO flowline.model_artifacts (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING
`);
