import path from 'node:path';

import { FlowlineError, messageOf } from '@flowline/events';

/** Creates the error for a file, or another input, that cannot be read. */
export function unreadable(where: string, cause: unknown): FlowlineError {
  const reason = messageOf(cause);
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${path.basename(where)} cannot be read: ${reason}`, {
    where,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
