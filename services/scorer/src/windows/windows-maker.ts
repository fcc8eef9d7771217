import type { ModelBundle } from '@flowline/detector';
import { EntityWindows, type EntityWindowsOptions } from '@flowline/features';

/** Start of new windows, the memory that they share, and who is told of their limits. */
export type WindowsBeginning = Pick<EntityWindowsOptions, 'seenFromMs' | 'memory' | 'onLimit'>;

/** Opens the windows of a model, and names their id. */
export interface WindowsMaker {
  readonly id: string;
  open(beginning?: WindowsBeginning): EntityWindows;
}

/** Creates the windows maker of a model's features; null if events stand alone. */
export function windowsMaker({
  schema,
  lookups,
  entity,
}: Pick<ModelBundle, 'schema' | 'lookups' | 'entity'>): WindowsMaker | null {
  if (entity === null) return null;
  const open = (beginning: WindowsBeginning = {}): EntityWindows =>
    new EntityWindows({ schema, lookups, entity, ...beginning });
  return { id: open().id, open };
}
