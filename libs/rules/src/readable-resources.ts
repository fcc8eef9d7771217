import { readResource, type ResourceKind, type ResourceSpecs } from '@flowline/config';
import { messageOf } from '@flowline/events';

import type { RuleFault, Versioned } from './rule-set.ts';

/**
 * Reads stored resources of a kind.
 * @param onFault called for one that cannot be read; it is passed over.
 */
export function readableResources<Kind extends ResourceKind & RuleFault['kind']>(
  kind: Kind,
  stored: readonly Versioned<unknown>[],
  onFault: (fault: RuleFault) => void,
): Versioned<ResourceSpecs[Kind]>[] {
  return stored.flatMap(({ name, version, spec }) => {
    try {
      return [{ name, version, spec: readResource(kind, name, spec) }];
    } catch (error) {
      onFault({ kind, name, version, message: messageOf(error) });
      return [];
    }
  });
}
