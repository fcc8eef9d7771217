import { statement } from '../statement.ts';

/** Deletes the bytes of models that no version refers to. */
export const pruneArtifacts = statement<[], { readonly sha256: string }>(`
  DELETE FROM flowline.model_artifacts a
  WHERE NOT EXISTS (SELECT FROM flowline.model_versions v WHERE v.sha256 = a.sha256) RETURNING sha256
`);
