import { isDeepStrictEqual } from 'node:util';

import { documentText } from '@flowline/config';
import { getDetector, listFeedback, resourcesInForce } from '@flowline/db';
import { type ProposedRule, proposeRules } from '@flowline/rules';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface Options {
  readonly json?: true;
}

/** Maximum answers that proposals are made from: the latest. */
const MAX_ANSWERS = 10_000;

/** `flowline rules propose DETECTOR`: rules that answers of people propose, ready to apply. */
export function proposeCommand(): Command {
  return command('propose <detector>', 'Print rules for what people called `expected` three times, ready to apply.', [
    'flowline rules propose checkout-latency > proposed.yaml',
    'flowline rules dry-run proposed.yaml && flowline apply proposed.yaml',
  ]).action(
    action(async (detector: string, { json }: Options) => {
      const proposed = await withDatabase(async (db) => {
        await getDetector(db, detector);
        const inForce = await resourcesInForce(db, 'Rule');
        const isKnown = ({ name, spec }: ProposedRule): boolean =>
          inForce.some((rule) => rule.name === name && isDeepStrictEqual(rule.spec, spec));
        const answers = await listFeedback(db, { detector, counts: true, limit: MAX_ANSWERS });
        return proposeRules(answers).filter((rule) => !isKnown(rule));
      });
      printResult(proposed, json === true, () => formatProposals(proposed, detector));
    }),
  );
}

function formatProposals(proposed: readonly ProposedRule[], detector: string): string {
  if (proposed.length === 0) return `# no rule to propose for ${detector}`;
  return proposed
    .map(({ name, spec, answers }) =>
      `# from ${answers} answers: expected\n${documentText('Rule', name, spec)}`.trimEnd(),
    )
    .join('\n---\n');
}
