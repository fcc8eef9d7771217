import { readResource } from '@flowline/config';
import { type Database, type PossibleUsers, removeResource, type RemoveOptions, type ResourceName } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { calendarsOf } from '@flowline/rules';

import { definitionOf } from './definition-in-force.ts';

/**
 * Takes a resource out of force, unless something in force names it: the condition of a rule its
 * calendar, a detector its sink.
 * @throws FlowlineError FLOWLINE_RESOURCE_MISSING; FLOWLINE_CONFLICT, with the names of those that
 * use it; FLOWLINE_PRECONDITION_FAILED.
 */
export async function removeUnusedResource(
  db: Database,
  { kind, name }: ResourceName,
  { expected }: Pick<RemoveOptions, 'expected'> = {},
): Promise<void> {
  await removeResource(
    db,
    { kind, name },
    {
      ...(expected === undefined ? {} : { expected }),
      requireUnused: (inForce) => {
        const users = usersOf({ kind, name }, inForce);
        if (users.length > 0) throw stillUsed({ kind, name }, users);
      },
    },
  );
}

function usersOf({ kind, name }: ResourceName, { rules, detectors }: PossibleUsers): string[] {
  if (kind === 'Calendar') {
    return rules
      .filter((rule) => calendarsOf(readResource('Rule', rule.name, rule.spec)).includes(name))
      .map((rule) => `rule ${rule.name}`);
  }
  if (kind !== 'Sink') return [];
  return detectors
    .map(definitionOf)
    .filter(({ alerts }) => alerts.sinks.includes(name))
    .map((definition) => `detector ${definition.name}`);
}

function stillUsed({ kind, name }: ResourceName, users: readonly string[]): FlowlineError {
  const noun = kind.toLowerCase();
  return new FlowlineError('FLOWLINE_CONFLICT', `The ${noun} ${name} is used by ${users.join(', ')}.`, {
    where: `${kind} ${name}`,
    remedy: `Take its name out of them, or remove them, before the ${noun}.`,
  });
}
