import { statement } from '../statement.ts';

/** Removes the bytes of models that no version names any more. */
export const pruneArtifacts = statement<[], { readonly sha256: string }>(`
  DELETE FROM flowline.model_artifacts a
  WHERE NOT EXISTS (SELECT FROM flowline.model_versions v WHERE v.sha256 = a.sha256) RETURNING sha256
`);
