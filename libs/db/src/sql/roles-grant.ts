import { statement } from '../statement.ts';

/** Grants what the group roles need, as far as they exist, and names those. */
export const grantRoles = statement<[], { readonly granted: readonly string[] }>(`
  SELECT granted FROM flowline.grant_roles() AS granted, flowline.grant_in_force()
`);
