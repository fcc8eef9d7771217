import { execute, many, maybe } from '../statement.ts';

/** Rule, calendar or sink in force. */
export interface ResourceRow {
  readonly kind: string;
  readonly name: string;
  readonly version: number;
  readonly spec: unknown;
  readonly appliedAt: Date;
  readonly appliedBy: string;
  /** First fault of this version while it was used; null for none. */
  readonly fault: string | null;
}

/** One version of a resource, in force or not. */
export type ResourceVersionRow = Omit<ResourceRow, 'fault'>;

/** Locks the name of a resource until the transaction ends, whether it exists or not. */
export const lockResource = execute<{ kind: string; name: string }>(`
  SELECT pg_advisory_xact_lock(hashtextextended('flowline.resources ' || :kind || ' ' || :name, 0))
`);

/**
 * Locks that which documents name each other until the transaction ends: `exclusive` for who
 * removes one that others may name, shared for who applies one that may name others.
 */
export const lockReferences = execute<{ exclusive: boolean }>(`
  SELECT CASE WHEN :exclusive::boolean THEN pg_advisory_xact_lock(hashtextextended('flowline.references', 0))
    ELSE pg_advisory_xact_lock_shared(hashtextextended('flowline.references', 0)) END
`);

/** Selects the latest version of a resource, removed or not. */
export const selectLatestResource = maybe<
  { version: number; sha256: string; removed: boolean },
  { kind: string; name: string }
>(`
  SELECT version, sha256, removed_at IS NOT NULL AS removed FROM flowline.resources WHERE kind = :kind AND name = :name
`);

/** Resources of a kind that are in force. */
const inForce = `
  SELECT r.kind, r.name, r.version, r.spec, r.applied_at AS "appliedAt", r.applied_by AS "appliedBy", f.message AS fault
  FROM flowline.resources r LEFT JOIN flowline.resource_faults f USING (kind, name, version)
  WHERE r.kind = :kind AND r.removed_at IS NULL`;

/** Selects the resources of a kind that are in force, or the one of a name, by name. */
export const selectResources = many<ResourceRow, { kind: string; name: string | null }>(`
  ${inForce} AND (:name::text IS NULL OR r.name = :name)
  ORDER BY r.name
`);

/** Selects resources of a kind that are in force, by name, after a name. */
export const selectResourcePage = many<ResourceRow, { kind: string; after: string | null; limit: number }>(`
  ${inForce} AND (:after::text IS NULL OR r.name COLLATE "C" > :after)
  ORDER BY r.name COLLATE "C" LIMIT :limit
`);

/** Selects every version of a resource, latest first. */
export const selectResourceVersions = many<ResourceVersionRow, { kind: string; name: string }>(`
  SELECT kind, name, version, spec, applied_at AS "appliedAt", applied_by AS "appliedBy"
  FROM flowline.resource_versions WHERE kind = :kind AND name = :name ORDER BY version DESC
`);

/** Puts a version of a resource in force and keeps it among its versions. */
export const insertResourceVersion = execute<{
  kind: string;
  name: string;
  version: number;
  spec: string;
  sha256: string;
  appliedBy: string | null;
}>(`
  WITH applied AS (
    INSERT INTO flowline.resource_versions (kind, name, version, spec, applied_by)
    VALUES (:kind, :name, :version, :spec::jsonb, coalesce(:appliedBy::text, session_user))
    RETURNING *
  )
  INSERT INTO flowline.resources (kind, name, version, spec, sha256, applied_at, applied_by)
  SELECT kind, name, version, spec, :sha256, applied_at, applied_by FROM applied
  ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, spec = excluded.spec, sha256 = excluded.sha256,
    applied_at = excluded.applied_at, applied_by = excluded.applied_by, removed_at = NULL
`);

/** Takes a resource out of force. */
export const removeResourceRow = execute<{ kind: string; name: string }>(`
  UPDATE flowline.resources SET removed_at = now() WHERE kind = :kind AND name = :name AND removed_at IS NULL
`);

/** Stores the first fault of a version. */
export const insertResourceFault = execute<{ kind: string; name: string; version: number; message: string }>(`
  INSERT INTO flowline.resource_faults (kind, name, version, message) VALUES (:kind, :name, :version, :message)
  ON CONFLICT DO NOTHING
`);
