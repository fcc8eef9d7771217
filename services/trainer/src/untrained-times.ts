import type { DetectorDefinition } from '@flowline/config';
import { type Database, resourcesInForce } from '@flowline/db';
import { readableResources, type RuleFault, untrainedTimes } from '@flowline/rules';

/** Times from whose events models are not to learn, by the calendars in force. */
export interface UntrainedTimes {
  /** True for a time within one of them; null if there are none. */
  readonly has: ((timeMs: number) => boolean) | null;
  /** Warnings about calendars that were passed over so far. */
  readonly warnings: readonly string[];
}

/** Reads the times that calendars keep out of the training of a detector. */
export async function readUntrainedTimes(db: Database, { name }: DetectorDefinition): Promise<UntrainedTimes> {
  const warnings: string[] = [];
  const onFault = ({ name: calendar, version, message }: RuleFault): void => {
    warnings.push(`calendar ${calendar} (version ${String(version)}) is passed over: ${message}`);
  };
  const calendars = readableResources('Calendar', await resourcesInForce(db, 'Calendar'), onFault);
  return { has: untrainedTimes(name, calendars, onFault), warnings };
}
