import { statement } from '../statement.ts';

/** Grants the group roles their privileges, as far as the roles exist, and returns their names. */
export const grantRoles = statement<[], { readonly granted: readonly string[] }>(`
  SELECT granted FROM flowline.grant_roles() AS granted, flowline.grant_in_force()
`);
