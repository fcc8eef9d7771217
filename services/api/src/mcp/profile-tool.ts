import { profileTable } from '@flowline/db';
import { z } from 'zod';

import { tool } from './tool.ts';

/**
 * Tool that reads what a table holds. Over HTTP it reads with the login of the service, not of the
 * caller, so a token needs the scope that also chooses what detectors read.
 */
export const profileTool = tool({
  ...{ name: 'profile', title: 'Profile a table', holdsData: true, scope: 'read', changes: false },
  description:
    'Reads what a table or view of the database holds: columns, types, nulls, distinct values, ranges and levels, from at most 10,000 rows. For writing a detector; nothing is changed.',
  input: z.strictObject({ table: z.string().min(1).max(140).describe('Table, such as orders or sales.orders.') }),
  run: ({ table }, caller, { db }) => {
    if (!caller.isLocal) {
      caller.requireScope('admin');
      caller.requireAllDetectors();
    }
    return profileTable(db, table);
  },
});
