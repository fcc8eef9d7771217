import { execute, many } from '../statement.ts';

/** Selects the applied migrations, in order. */
export const selectMigrations = many<{ name: string }>(`
  SELECT name FROM flowline.migrations ORDER BY id
`);

/** Takes the lock for schema changes until the transaction ends. */
export const lockMigrations = execute(`
  SELECT pg_advisory_xact_lock(hashtextextended('flowline.migrate', 0))
`);

/** Grants the group roles their privileges, as far as the roles exist, and returns their names. */
export const grantRoles = execute(`
  SELECT granted FROM flowline.grant_roles() AS granted, flowline.grant_in_force(), flowline.grant_scores(),
    flowline.grant_windows(), flowline.grant_explanations(), flowline.grant_retention(), flowline.grant_claims(),
    flowline.grant_alerts(), flowline.grant_history(), flowline.grant_resources(), flowline.grant_sinks(),
    flowline.grant_api(), flowline.grant_feedback(), flowline.grant_absences(),
    flowline.grant_training_requests(), flowline.grant_resources_by_api(), flowline.grant_event_ids(),
    flowline.grant_backlog(), flowline.grant_discoveries(), flowline.grant_drift(),
    flowline.grant_checkpoints(), flowline.grant_drift_features(), flowline.grant_pages()
`);

/**
 * Grants the views of the SQL surface. It takes from a reader what the others grant of tables, so
 * it runs after {@link grantRoles}.
 */
export const grantSurface = execute(`
  SELECT flowline.grant_surface()
`);
