import { FlowlineError } from '@flowline/events';

import { type DetectorDefinition, definitionSchema } from './detector-definition.ts';

/**
 * Reads a definition stored as JSON. Keys that an earlier version of Flowline did not write get
 * their defaults. Keys that a later version wrote are errors; they are not ignored.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if another version of Flowline wrote it.
 */
export function readDefinition(json: unknown, where: string): DetectorDefinition {
  const checked = definitionSchema.safeParse(json);
  if (checked.success) return checked.data;
  const findings = checked.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw new FlowlineError(
    'FLOWLINE_CONFIG_INVALID',
    `The stored definition of ${where} cannot be read: ${findings.join('; ')}`,
    {
      where,
      remedy: 'Apply its file again with `flowline apply <file>`.',
      cause: checked.error,
    },
  );
}
