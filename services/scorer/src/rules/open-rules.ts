import { type Database, reportResourceFault, resourcesInForce } from '@flowline/db';
import { untilItSucceedsOr } from '@flowline/stream';
import type { Logger, Shutdown } from '@flowline/telemetry';

import { RulesInForce } from './rules-in-force.ts';

/** Reads the rules in force, and follows them until the process ends. */
export async function openRules(
  db: Database,
  logger: Logger,
  { signal }: Pick<Shutdown, 'signal'>,
): Promise<RulesInForce> {
  const rules = new RulesInForce({
    read: (kind) => resourcesInForce(db, kind),
    report: (fault) => reportResourceFault(db, fault),
    logger,
  });
  await untilItSucceedsOr(signal, () => rules.refresh(), {
    onRetry: ({ error, failures, delayMs }) =>
      logger.warn({ err: error, failures, delayMs }, 'waiting: the rules cannot be read'),
  });
  void rules.watch(signal);
  return rules;
}
