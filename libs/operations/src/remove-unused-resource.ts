import { readResource } from '@flowline/config';
import {
  type Database,
  getResource,
  removeResource,
  type RemoveOptions,
  type ResourceName,
  resourcesInForce,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { calendarsOf } from '@flowline/rules';

import { definitionsInForce } from './definition-in-force.ts';

/**
 * Takes a resource out of force, unless something in force names it: the condition of a rule its
 * calendar, a detector its sink.
 * @throws FlowlineError FLOWLINE_RESOURCE_MISSING; FLOWLINE_CONFLICT, with the names of those that
 * use it; FLOWLINE_PRECONDITION_FAILED.
 */
export async function removeUnusedResource(
  db: Database,
  resource: ResourceName,
  options: RemoveOptions = {},
): Promise<void> {
  const { kind, name } = await getResource(db, resource);
  const users = await usersOf(db, { kind, name });
  if (users.length > 0) throw stillUsed({ kind, name }, users);
  await removeResource(db, { kind, name }, options);
}

async function usersOf(db: Database, { kind, name }: ResourceName): Promise<string[]> {
  if (kind === 'Calendar') {
    const rules = (await resourcesInForce(db, 'Rule')).filter((rule) =>
      calendarsOf(readResource('Rule', rule.name, rule.spec)).includes(name),
    );
    return rules.map((rule) => `rule ${rule.name}`);
  }
  if (kind !== 'Sink') return [];
  return (await definitionsInForce(db))
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
